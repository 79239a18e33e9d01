//! Files that people take for a KubeSchedulerConfiguration, and what to do with each.

mod policy;

use serde_json::Value;

use crate::error::{clip, quote};
use crate::{API_VERSION, KIND};

/// The first line, from 1, of a template that is not rendered.
pub(crate) fn template_line(text: &str) -> Option<usize> {
    text.lines().position(|line| line.contains("{{") && !line.trim_start().starts_with('#')).map(|at| at + 1)
}

/// `kind`, empty when there is none.
pub(crate) fn kind(value: &Value) -> &str {
    value.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with another kind.
pub(crate) fn not_ours(other: &str) -> String {
    format!("must be {KIND}, not {}", quote(other))
}

/// What to do with an object of another kind; `None` when nothing is known of it.
pub(crate) fn advice(value: &Value) -> Option<String> {
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = kind(value);
    Some(match (group, kind) {
        ("kubeadm.k8s.io", _) => kubeadm(kind, value),
        ("config.openshift.io", "Scheduler") => openshift(value),
        ("operator.openshift.io", "KubeScheduler") => format!(
            "it is the settings of OpenShift's operator; write a {KIND} of your own, or none for the default profile"
        ),
        ("" | "kubescheduler.config.k8s.io", "Policy") => policy::advice(value),
        ("kubescheduler.config.k8s.io", args) if args.ends_with("Args") => {
            format!(
                "these are a plugin's arguments; they belong under profiles[].pluginConfig[].args of a {KIND}"
            )
        }
        ("" | "apps", "Pod" | "Deployment") if value.to_string().contains("--config") => {
            format!(
                "it runs a scheduler and is not its configuration; give the file that its --config names, or the ConfigMap with the {KIND}"
            )
        }
        ("descheduler", _) => {
            format!("it configures the descheduler, which evicts pods; a scheduler takes a {KIND}")
        }
        ("kubelet.config.k8s.io" | "kubeproxy.config.k8s.io", _) => {
            format!(
                "it configures another component; a scheduler takes apiVersion: {API_VERSION}, kind: {KIND}"
            )
        }
        _ => return None,
    })
}

/// kubeadm's files name the scheduler's configuration and do not hold it.
fn kubeadm(kind: &str, value: &Value) -> String {
    let arguments = &value["scheduler"]["extraArgs"];
    let listed =
        arguments.as_array().into_iter().flatten().find(|a| a["name"] == "config").map(|a| &a["value"]);
    match listed.unwrap_or(&arguments["config"]).as_str() {
        Some(file) => format!(
            "it is kubeadm's {kind}; the scheduler's configuration is the file it names, {}",
            clip(file, 100)
        ),
        None => format!(
            "it is kubeadm's {kind} and names no configuration of the scheduler (scheduler.extraArgs, config), which is then \
             the default: leave the file out"
        ),
    }
}

fn openshift(value: &Value) -> String {
    let fix = match value["spec"]["profile"].as_str().unwrap_or("LowNodeUtilization") {
        "HighNodeUtilization" => {
            "HighNodeUtilization fills nodes: NodeResourcesFit with scoringStrategy type MostAllocated, and \
             NodeResourcesBalancedAllocation disabled at score, as in profiles/binpack.yaml"
        }
        "NoScoring" => "NoScoring is plugins.score.disabled: [{name: \"*\"}]",
        _ => "LowNodeUtilization is the default profile: leave the file out",
    };
    format!("it is OpenShift's Scheduler, which names a profile of OpenShift; write that as a {KIND}: {fix}")
}
