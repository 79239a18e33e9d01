//! Files around a configuration, and files that people take for one.

use super::Expected::{Problems, Stages};
use super::{check, loaded};

const CONFIG: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- schedulerName: mine\n  plugins: {score: {disabled: [{name: Spread}]}}\n";

/// A ConfigMap with those entries.
fn config_map(entries: &[(&str, &str)]) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let entries: String =
        entries.iter().map(|(key, text)| format!("  {key}: |\n{}", indented(text))).collect();
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: scheduler}}\ndata:\n{entries}")
}

/// Refused with a message that has these parts.
#[track_caller]
fn check_told(text: &str, parts: &[&str]) {
    let message = loaded(text).expect_err("it was accepted").to_string();
    for part in parts {
        assert!(message.contains(part), "no {part:?} in {message}");
    }
}

#[test]
fn a_config_map_holds_a_configuration() {
    let wanted = Stages(&["0 score: Taints=3 Fit=1 Image=1"]);
    check(&config_map(&[("config.yaml", CONFIG)]), wanted);
    check(&config_map(&[("readme", "words"), ("config.yaml", CONFIG), ("other", "a: 1")]), Stages(&[]));
    let wrong = CONFIG.replace("profiles:", "parallelism: 0\nprofiles:");
    check(
        &config_map(&[("config.yaml", &wrong)]),
        Problems(&["data[config.yaml].parallelism: must be a whole number from 1 to 2147483647, not 0"]),
    );
    let unknown = CONFIG.replace("score: {disabled", "score: {enabled");
    let unknown = unknown.replace("name: Spread", "name: Nothing");
    check_told(
        &config_map(&[("config.yaml", &unknown)]),
        &["data[config.yaml].profiles[0].plugins.score.enabled[0].name: unknown plugin"],
    );
    check_told(
        &config_map(&[("a", CONFIG), ("b", CONFIG)]),
        &["data[a] and data[b] are a KubeSchedulerConfiguration each"],
    );
    check_told(
        &config_map(&[("a", "b: 1")]),
        &["no entry of this ConfigMap is a KubeSchedulerConfiguration"],
    );
    check_told(&config_map(&[("a", "b: [")]), &["data[a]: "]);
    check_told(
        &config_map(&[("policy.cfg", "kind: Policy\napiVersion: v1")]),
        &["data[policy.cfg]: it is a scheduler policy"],
    );
}

#[test]
fn of_several_documents_the_only_configuration_is_read() {
    let other = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n";
    for text in [
        format!("---\n{CONFIG}---\n{other}"),
        format!("{other}---\n{CONFIG}"),
        format!("{other}---\n{}", config_map(&[("c", CONFIG)])),
    ] {
        let resolved = loaded(&text).unwrap();
        assert_eq!(resolved.profiles[0].scheduler_name.as_ref(), "mine");
        let warnings: Vec<_> = resolved.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            ["of 2 documents only the KubeSchedulerConfiguration is read; left out: ServiceAccount s"]
        );
    }
    let second = loaded(&format!("{CONFIG}---\n{}", CONFIG.replace("mine", "yours"))).unwrap();
    assert_eq!(second.profiles[0].scheduler_name.as_ref(), "mine");
    assert_eq!(
        second.warnings[0].to_string(),
        "2 of 2 documents are a KubeSchedulerConfiguration each; only the first is read"
    );
    check_told(&format!("{other}---\n{other}"), &["none of its 2 documents", "ServiceAccount s"]);
}

#[test]
fn other_kinds_are_told_what_to_do() {
    let kubeadm = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n";
    check_told(
        &format!("{kubeadm}scheduler: {{extraArgs: [{{name: config, value: /etc/s.yaml}}]}}"),
        &["kubeadm's ClusterConfiguration", "/etc/s.yaml"],
    );
    check_told(&format!("{kubeadm}scheduler: {{extraArgs: {{config: /etc/t.yaml}}}}"), &["/etc/t.yaml"]);
    check_told(kubeadm, &["leave the file out"]);
    let openshift = |profile: &str| {
        format!("apiVersion: config.openshift.io/v1\nkind: Scheduler\nspec: {{profile: {profile}}}")
    };
    check_told(&openshift("HighNodeUtilization"), &["OpenShift", "MostAllocated"]);
    check_told(&openshift("LowNodeUtilization"), &["leave the file out"]);
    check_told(
        "{\"kind\":\"Policy\",\"apiVersion\":\"v1\",\"predicates\":[{\"name\":\"PodFitsResources\"}],\"priorities\":[{\"name\":\"MostRequestedPriority\",\"weight\":1},{\"name\":\"Mine\"}]}",
        &[
            "scheduler policy",
            "PodFitsResources became NodeResourcesFit",
            "MostRequestedPriority became NodeResourcesFit with scoringStrategy type MostAllocated",
            "Mine has no successor",
        ],
    );
    check_told(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: NodeResourcesFitArgs\n",
        &["belong under profiles[].pluginConfig[].args"],
    );
    check_told(
        &CONFIG.replace("mine", "{{ .Values.name }}"),
        &["line 4: looks like a Helm template: render it first"],
    );
}

#[test]
fn older_versions_say_what_differs_and_everything_else_that_is_wrong() {
    let version = |version: &str| {
        CONFIG
            .replace("k8s.io/v1", &format!("k8s.io/{version}"))
            .replace("profiles:", "healthzBindAddress: 0.0.0.0\nprofiles:")
    };
    check_told(
        &version("v1beta3"),
        &[
            "its default plugins and weights are the same",
            "healthzBindAddress: is not allowed here; use --bind-address",
        ],
    );
    check_told(
        &version("v1beta2"),
        &["had a default weight of 1 there and have 2, 2 and 3 now", "healthzBindAddress"],
    );
    check_told(&version("v2"), &["must be kubescheduler.config.k8s.io/v1", "healthzBindAddress"]);
}

#[test]
fn plugins_of_other_schedulers_are_known() {
    let text = CONFIG.replace(
        "score: {disabled: [{name: Spread}]}",
        "multiPoint: {enabled: [{name: CrossNodePreemption}, {name: NodeResourceTopologyMatch}, {name: LoadAwareScheduling}]}",
    );
    check_told(
        &text,
        &[
            "\"CrossNodePreemption\" comes from kubernetes-sigs/scheduler-plugins",
            "\"NodeResourceTopologyMatch\" is in Longshore's catalogue",
            "\"LoadAwareScheduling\" comes from Koordinator",
        ],
    );
}
