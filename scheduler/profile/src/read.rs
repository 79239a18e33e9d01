//! The tree of a file to a [`Configuration`]: every field known, of its type, and with its default when absent.

mod newer;
mod profiles;

use longshore_framework::features::Features;
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::verification::Verification;
use serde_json::Value;

use crate::error::quote;
use crate::model::{ClientConnection, Configuration, LeaderElection};
use crate::{API_VERSION, KIND, duration, extender, foreign};

/// The range of Go's int32, from `low` on.
const fn int32(low: i64) -> std::ops::RangeInclusive<i64> {
    low..=i32::MAX as i64
}

/// Reads the whole file. Where something is wrong the default stands in its place, so that the rest can be checked too;
/// `None` only when it is no configuration of this kind at all.
pub(crate) fn configuration(
    source_name: &str,
    value: &Value,
    features: Features,
    problems: &mut Problems<'_>,
) -> Option<Configuration> {
    if !value.is_object() && !value.is_null() {
        problems
            .report(format!("must be an object with the fields apiVersion: {API_VERSION} and kind: {KIND}"));
        return None;
    }
    let mut fields = Fields::of(value, problems);
    if !is_ours(value, &mut fields, problems) {
        return None;
    }
    let default = Configuration::default();
    let profiling = fields.bool("enableProfiling", problems).unwrap_or(default.enable_profiling);
    let seconds = |n: i64| n.unsigned_abs();
    newer::percentage_of_placements(&mut fields, features, problems);
    let configuration = Configuration {
        source_name: source_name.to_string(),
        parallelism: unsigned(fields.int("parallelism", int32(1), problems)).unwrap_or(default.parallelism),
        leader_election: leader_election(&mut fields, problems),
        client_connection: client_connection(&mut fields, problems),
        enable_profiling: profiling,
        enable_contention_profiling: fields.bool("enableContentionProfiling", problems).unwrap_or(profiling),
        percentage_of_nodes_to_score: unsigned(fields.int("percentageOfNodesToScore", 0..=100, problems)),
        pod_initial_backoff_seconds: fields
            .int("podInitialBackoffSeconds", 1..=i64::MAX, problems)
            .map_or(default.pod_initial_backoff_seconds, seconds),
        pod_max_backoff_seconds: fields
            .int("podMaxBackoffSeconds", 1..=i64::MAX, problems)
            .map_or(default.pod_max_backoff_seconds, seconds),
        delay_cache_until_active: fields.bool("delayCacheUntilActive", problems).unwrap_or(false),
        profiles: profiles::read(&mut fields, features, problems),
        extenders: extender::read(&mut fields, problems),
        catalogue: fields.string("catalogue", problems).map(str::to_string),
        verification: Verification::read(&mut fields, problems),
    };
    known_fields_only(fields, problems);
    Some(configuration)
}

/// Whether the file is a KubeSchedulerConfiguration, of whatever version. A file that does not say is taken for one.
fn is_ours(value: &Value, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> bool {
    if foreign::kind(value) != KIND
        && let Some(advice) = foreign::advice(value)
    {
        let mut problems = problems.field("kind");
        problems.report(format!("{}: {advice}", foreign::not_ours(foreign::kind(value))));
        return false;
    }
    let version = required(fields, "apiVersion", API_VERSION, problems);
    let version = version.is_none_or(|v| is_our_version(v, &mut problems.field("apiVersion")));
    let kind = required(fields, "kind", KIND, problems);
    if let Some(other) = kind.filter(|k| *k != KIND) {
        problems.field("kind").report(foreign::not_ours(other));
        return false;
    }
    version
}

fn is_our_version(version: &str, problems: &mut Problems<'_>) -> bool {
    if version == API_VERSION {
        return true;
    }
    let Some(older) = version.strip_prefix("kubescheduler.config.k8s.io/") else {
        problems.report(format!("must be {API_VERSION}, not {}", quote(version)));
        return version.starts_with("componentconfig/");
    };
    let difference = match older {
        "v1beta3" => "its default plugins and weights are the same",
        "v1alpha1" | "v1alpha2" | "v1beta1" | "v1beta2" => {
            "note that InterPodAffinity, NodeAffinity and TaintToleration had a default weight of 1 there and have 2, 2 and 3 now"
        }
        _ => {
            problems.report(format!("must be {API_VERSION}, not {}", quote(version)));
            return true;
        }
    };
    problems.report(format!(
        "{} is gone: only {API_VERSION} exists since Kubernetes 1.29; write apiVersion: {API_VERSION}, or let `longshore profile migrate` do it; {difference}",
        quote(version)
    ));
    true
}

/// Fields that older versions had at the top, and what stands for them.
const GONE: [(&str, &str); 10] = [
    ("healthzBindAddress", "use --bind-address and --secure-port"),
    ("metricsBindAddress", "use --bind-address and --secure-port"),
    ("algorithmSource", "write profiles"),
    ("schedulerName", "write profiles: [{schedulerName: ...}]"),
    ("plugins", "write it under profiles: [{plugins: ...}]"),
    ("pluginConfig", "write it under profiles: [{pluginConfig: ...}]"),
    ("disablePreemption", "disable DefaultPreemption at postFilter"),
    ("bindTimeoutSeconds", "write it into the args of VolumeBinding"),
    ("hardPodAffinitySymmetricWeight", "write hardPodAffinityWeight into the args of InterPodAffinity"),
    ("featureGates", "this file has no such field; leave it out"),
];

fn known_fields_only(mut fields: Fields<'_>, problems: &mut Problems<'_>) {
    for (name, fix) in GONE {
        if fields.value(name).is_some() {
            problems.field(name).report(format!("is not allowed here; {fix}"));
        }
    }
    fields.finish(problems);
}

/// A string that must be there.
fn required<'v>(
    fields: &mut Fields<'v>,
    name: &'static str,
    must: &str,
    problems: &mut Problems<'_>,
) -> Option<&'v str> {
    let before = problems.count();
    let text = fields.string(name, problems);
    if text.is_none() && problems.count() == before {
        problems.field(name).report(format!("is missing; write {name}: {must}"));
    }
    text
}

fn leader_election(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> LeaderElection {
    let default = LeaderElection::default();
    let Some(value) = parent.value("leaderElection") else { return default };
    let problems = &mut problems.field("leaderElection");
    let mut fields = Fields::of(value, problems);
    let read = LeaderElection {
        leader_elect: fields.bool("leaderElect", problems).unwrap_or(default.leader_elect),
        lease_duration: duration::field(&mut fields, "leaseDuration", problems)
            .unwrap_or(default.lease_duration),
        renew_deadline: duration::field(&mut fields, "renewDeadline", problems)
            .unwrap_or(default.renew_deadline),
        retry_period: duration::field(&mut fields, "retryPeriod", problems).unwrap_or(default.retry_period),
        resource_lock: text(&mut fields, "resourceLock", &default.resource_lock, problems),
        resource_name: text(&mut fields, "resourceName", &default.resource_name, problems),
        resource_namespace: text(&mut fields, "resourceNamespace", &default.resource_namespace, problems),
    };
    fields.finish(problems);
    read
}

pub(crate) fn client_connection(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> ClientConnection {
    let default = ClientConnection::default();
    let Some(value) = parent.value("clientConnection") else { return default };
    let problems = &mut problems.field("clientConnection");
    let mut fields = Fields::of(value, problems);
    let read = ClientConnection {
        kubeconfig: text(&mut fields, "kubeconfig", &default.kubeconfig, problems),
        accept_content_types: text(&mut fields, "acceptContentTypes", "", problems),
        content_type: text(&mut fields, "contentType", &default.content_type, problems),
        qps: qps(&mut fields, problems).filter(|q| *q != 0.0).unwrap_or(default.qps),
        burst: unsigned(fields.int("burst", int32(0), problems)).filter(|b| *b != 0).unwrap_or(default.burst),
    };
    fields.finish(problems);
    read
}

fn qps(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<f64> {
    let value = fields.value("qps")?;
    let number = value.as_f64().filter(|q| q.abs() <= f64::from(f32::MAX));
    if number.is_none() {
        problems.field("qps").report("must be a number of requests per second, such as 50");
    }
    number
}

/// A string; empty counts as absent, as in kube-scheduler.
fn text(fields: &mut Fields<'_>, name: &'static str, default: &str, problems: &mut Problems<'_>) -> String {
    fields.string(name, problems).filter(|t| !t.is_empty()).unwrap_or(default).to_string()
}

/// A number that the range of its field has made fit.
fn unsigned(number: Option<i64>) -> Option<u32> {
    number.and_then(|n| u32::try_from(n).ok())
}
