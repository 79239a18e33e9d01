//! The same workload under kube-scheduler and under longshore: what a user, an operator and a dashboard can see of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use longshore_tests::control_plane::{
    Arena, Kind, Metrics, SHORT, Sample, binaries, condition, objects, shared, until,
};
use serde_json::{Value, json};

/// What is left when a workload has been scheduled.
#[derive(Debug, Default, PartialEq)]
struct Traces {
    /// By pod: its events, without repetitions.
    events: BTreeMap<String, BTreeSet<String>>,
    /// By pod: node, nomination and the condition PodScheduled.
    pods: BTreeMap<String, String>,
}

/// Node and pods of which each has one possible fate.
fn play(kind: Kind) -> (Traces, Metrics) {
    let arena = shared();
    arena.api.create(&objects::priority_class("high", 1000));
    arena.api.create(&objects::storage_class("none", "kubernetes.io/no-provisioner"));
    arena.node("plain", &json!({}));
    let tainted = json!({ "key": "gpu", "effect": "NoSchedule" });
    let gpu = json!({ "metadata": { "labels": { "gpu": "yes" } }, "spec": { "taints": [tainted] } });
    arena.node("gpu", &gpu);
    let scheduler = arena.scheduler(kind);
    let pods = pods(&arena);
    for (pod, fate) in &pods {
        let name = pod["metadata"]["name"].as_str().unwrap();
        arena.api.create(pod);
        match fate {
            Fate::Bound => drop(arena.until_bound(name)),
            Fate::Unschedulable => drop(arena.until_unschedulable(name)),
            Fate::Gated => {}
        }
    }
    // Events are sent in their own time.
    let told = || {
        pods.iter().all(|(pod, fate)| {
            *fate == Fate::Gated || !arena.events(pod["metadata"]["name"].as_str().unwrap()).is_empty()
        })
    };
    until("an event for every pod", SHORT, String::new, || told().then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    (traces(&arena, &pods), scheduler.metrics())
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Bound,
    Unschedulable,
    Gated,
}

fn pods(arena: &Arena) -> Vec<(Value, Fate)> {
    let pod = |name: &str, patch: Value| objects::with(arena.new_pod(name), &patch);
    let victim = objects::with(objects::asking(arena.new_pod("victim"), "3"), &json!({}));
    let preemptor = objects::with(
        objects::asking(arena.new_pod("preemptor"), "3"),
        &json!({ "spec": { "priorityClassName": "high" } }),
    );
    let missing = json!({ "affinity": { "podAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [
        { "labelSelector": { "matchLabels": { "app": "no-such" } }, "topologyKey": "kubernetes.io/hostname" },
    ] } } });
    let skewed = json!({ "topologySpreadConstraints": [{
        "maxSkew": 1, "topologyKey": "no/such-label", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": { "matchLabels": { "app": "skewed" } },
    }] });
    vec![
        (pod("simple", json!({})), Fate::Bound),
        (pod("gated", json!({ "spec": { "schedulingGates": [{ "name": "x/wait" }] } })), Fate::Gated),
        (objects::asking(arena.new_pod("huge"), "100"), Fate::Unschedulable),
        (pod("nowhere", json!({ "spec": { "nodeSelector": { "no": "such" } } })), Fate::Unschedulable),
        (pod("intolerant", json!({ "spec": { "nodeSelector": { "gpu": "yes" } } })), Fate::Unschedulable),
        (pod("lonely", json!({ "spec": missing })), Fate::Unschedulable),
        (pod("skewed", json!({ "spec": skewed })), Fate::Unschedulable),
        (objects::mounting(arena.new_pod("no-claim"), "no-such"), Fate::Unschedulable),
        (
            pod("named", json!({ "spec": { "nodeSelector": { "kubernetes.io/hostname": "gpu" } } })),
            Fate::Unschedulable,
        ),
        (victim, Fate::Bound),
        (preemptor, Fate::Bound),
    ]
}

fn traces(arena: &Arena, pods: &[(Value, Fate)]) -> Traces {
    let mut traces = Traces::default();
    let normal = |text: String| {
        let mut text = text.replace(&arena.namespace, "NAMESPACE");
        // Only the preemptor's uid is ever named.
        if let Some(uid) =
            arena.get_pod("preemptor").and_then(|pod| pod["metadata"]["uid"].as_str().map(str::to_owned))
        {
            text = text.replace(&uid, "UID");
        }
        text
    };
    for (pod, _) in pods {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let events = arena.events(name).into_iter().filter(|event| event["reportingController"] != "kwok");
        let line = |event: Value| {
            // kube-scheduler means to name the preemptor as related to a victim's event and, by a defect, does not.
            let fields =
                ["type", "reason", "action", "reportingController", "note"].map(|key| event[key].to_string());
            normal(fields.join(" "))
        };
        traces.events.insert(name.to_owned(), events.map(line).collect());
        let Some(now) = arena.get_pod(name) else {
            traces.pods.insert(name.to_owned(), "gone".to_owned());
            continue;
        };
        let scheduled = condition(&now, "PodScheduled").unwrap_or_default();
        let fields =
            ["status", "reason", "message", "observedGeneration"].map(|key| scheduled[key].to_string());
        let node = &now["spec"]["nodeName"];
        let nominated = &now["status"]["nominatedNodeName"];
        traces.pods.insert(name.to_owned(), normal(format!("{node} {nominated} {}", fields.join(" "))));
    }
    traces
}

#[test]
fn events_conditions_and_metrics_are_those_of_the_original() {
    if !binaries::have("kube-scheduler") {
        return;
    }
    let (theirs, their_metrics) = play(Kind::KubeScheduler);
    let (ours, our_metrics) = play(Kind::Longshore);
    let mut differences = differences(&theirs.events, &ours.events);
    differences.extend(self::differences(&theirs.pods, &ours.pods));
    differences.extend(metric_differences(&their_metrics, &our_metrics));
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

fn differences<V: PartialEq + std::fmt::Debug>(
    theirs: &BTreeMap<String, V>,
    ours: &BTreeMap<String, V>,
) -> Vec<String> {
    let differing = theirs.iter().filter(|(key, value)| ours.get(*key) != Some(value));
    differing.map(|(key, value)| format!("{key}\n  theirs {value:?}\n  ours   {:?}", ours.get(key))).collect()
}

/// Families of opportunistic batching: each decision rests on what changed since the last, so there are no batches.
const BATCHING: [&str; 4] = [
    "scheduler_batch_attempts_total",
    "scheduler_batch_cache_flushed_total",
    "scheduler_get_node_hint_duration_seconds",
    "scheduler_store_schedule_results_duration_seconds",
];

/// Every family that they have, we have, with the same type, labels and buckets.
fn metric_differences(theirs: &Metrics, ours: &Metrics) -> Vec<String> {
    let mut all = Vec::new();
    for prefix in ["scheduler_", "workqueue_", "kubernetes_build_info", "kubernetes_feature_enabled"] {
        let mut shape = theirs.shape(prefix);
        shape.retain(|family, _| !BATCHING.contains(&family.as_str()));
        all.extend(differences(&shape, &ours.shape(prefix)));
    }
    // In an older cluster our gates are those of the minor whose rules we follow.
    if minor(theirs) == minor(ours) {
        let (known, told) = (gates(theirs), gates(ours));
        all.extend(
            told.difference(&known)
                .map(|gate| format!("{gate:?} is no gate of kube-scheduler, or of another stage")),
        );
    }
    all
}

/// The minor of Kubernetes that a program says it is of.
fn minor(metrics: &Metrics) -> Option<&String> {
    let info = metrics.samples.iter().find(|sample| sample.name == "kubernetes_build_info")?;
    info.labels.get("minor")
}

/// Name and stage of every gate that is told of.
fn gates(metrics: &Metrics) -> BTreeSet<(String, String)> {
    let told = metrics.samples.iter().filter(|sample| sample.name == "kubernetes_feature_enabled");
    let label = |sample: &Sample, name: &str| sample.labels.get(name).cloned().unwrap_or_default();
    told.map(|sample| (label(sample, "name"), label(sample, "stage"))).collect()
}
