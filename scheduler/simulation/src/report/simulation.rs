//! The document of `longshore simulate`.

use std::collections::BTreeMap;

use longshore_engine::Outcome;
use longshore_framework::Str;
use longshore_manifest::Manifests;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use serde_json::Value;

use super::left_out::{Refused, Removed, Unexpanded, Unreadable};
use super::{
    API_VERSION, Decided, Detail, DeviceSearch, DeviceUse, NodeUse, OwnerCount, Rules, Utilisation, decided,
    owners, rounded, utilisation,
};
use crate::choice;
use crate::simulation::{Record, Said, Simulated};

/// What became of a cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `Simulation`.
    pub kind: &'static str,
    /// The rules that decisions followed.
    pub rules: Rules,
    /// Pods that were given a node, in queue order.
    pub placements: Vec<Placement>,
    /// Pods that were not, in queue order.
    pub pending: Vec<Pending>,
    /// Pods that had to make room, in order.
    pub evicted: Vec<Evicted>,
    /// Pods that were not decided, in queue order.
    pub skipped: Vec<Skipped>,
    /// Pods of the input that a change takes out of the cluster, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// Workloads and how their pods fare, with `--by owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<OwnerCount>>,
    /// Nodes at the end, with `--by node`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeUse>>,
    /// More, with `--detail`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// How many pods each workload has.
    #[serde(skip)]
    pub sizes: BTreeMap<String, usize>,
    /// Pods of the input that an API server would not create, in order.
    pub refused: Vec<Refused>,
    /// Objects of the input that could not be read, in order.
    pub unreadable: Vec<Unreadable>,
    /// Objects that make pods and were not expanded, in order.
    pub unexpanded: Vec<Unexpanded>,
    /// What plugins had to say of pods, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugin_events: Vec<PluginEvent>,
    /// Every attempt, with `--trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Value>,
    /// Every ResourceClaim as it is at the end, by namespace and name; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// Counts and times.
    pub summary: Summary,
}

/// A pod that was given a node.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// `namespace/name`.
    pub pod: String,
    /// The node.
    pub node: String,
    /// Scheduler name of the profile it was decided with.
    pub profile: String,
    /// Its priority.
    pub priority: i32,
    /// How often it was tried.
    pub attempts: usize,
    /// Total score of the node; `None` when nothing was scored, or scores were not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
}

/// A pod that fits nowhere, or may not be decided yet.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// `namespace/name`.
    pub pod: String,
    /// Reason of its PodScheduled condition: `Unschedulable`, `SchedulingGated` or `SchedulerError`.
    pub reason: &'static str,
    /// Message of the condition.
    pub message: String,
    /// Its priority.
    pub priority: i32,
    /// The node that was promised to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nominated_node: Option<String>,
    /// What the requests of its claims for devices find at the end, on all nodes together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceSearch>,
    /// The workload that it belongs to: `Deployment shop/api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A pod that had to make room.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evicted {
    /// `namespace/name`.
    pub pod: String,
    /// `namespace/name` of the pod it made room for.
    pub by: String,
    /// The node it ran on.
    pub node: String,
}

/// A pod that was not decided.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// `namespace/name`.
    pub pod: String,
    /// Why not.
    pub reason: String,
    /// What to do about it; there when no profile has its scheduler name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// An event that a plugin would have recorded.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginEvent {
    /// `namespace/name`.
    pub pod: String,
    /// The plugin.
    pub plugin: String,
    /// `Normal` or `Warning`.
    pub r#type: &'static str,
    /// In CamelCase.
    pub reason: String,
    /// For people.
    pub note: String,
}

/// Counts and times.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Nodes.
    pub nodes: usize,
    /// Pods on nodes at the start.
    pub running: usize,
    /// Pods in phase Succeeded or Failed, left out.
    pub finished: usize,
    /// Pods that were to be scheduled: `scheduled` and `pending`.
    pub pods: usize,
    /// Pods that were given a node.
    pub scheduled: usize,
    /// Pods that were not.
    pub pending: usize,
    /// Pods that had to make room.
    pub evicted: usize,
    /// Pods that were not decided.
    pub skipped: usize,
    /// Pods without a node: the pending ones, and those that were skipped because no profile has their scheduler name.
    pub not_placed: usize,
    /// Pods that an API server would not create.
    pub refused: usize,
    /// Pods that could not be read.
    pub unreadable_pods: usize,
    /// Objects that make pods and were not expanded.
    pub unexpanded: usize,
    /// Seed of the generator that broke ties; absent when ties went to the first by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Time to read the input, in seconds.
    pub read_seconds: f64,
    /// Time to decide, in seconds.
    pub decide_seconds: f64,
    /// Pods decided per second of deciding; 0 when there were none.
    pub pods_per_second: f64,
    /// By which paths, the most frequent first.
    pub decided: Vec<Decided>,
    /// How full the nodes are at the end, by resource.
    pub utilisation: Vec<Utilisation>,
    /// How many devices are in use at the end: by driver, then by class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceUse>,
}

/// What the caller of a simulation knows beside its result.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The cluster that was simulated.
    pub cluster: &'a Manifests,
    /// The seed by which ties were broken, where they were broken at random.
    pub seed: Option<u64>,
    /// Seconds that reading the input took.
    pub read_seconds: f64,
    /// Total score of the node of each placed pod, by UID.
    pub scores: &'a FxHashMap<Str, i64>,
}

impl Simulation {
    /// Puts the document together, without attempts.
    pub fn new(simulated: &Simulated, around: Around<'_>) -> Self {
        let mut simulation = Self {
            api_version: API_VERSION,
            kind: "Simulation",
            rules: simulated.engine.options().features.into(),
            placements: Vec::new(),
            pending: Vec::new(),
            evicted: simulated.evicted.iter().map(|(victim, by)| evicted(simulated, victim, by)).collect(),
            skipped: Vec::new(),
            removed: around.cluster.removed.iter().map(Removed::from).collect(),
            owners: None,
            nodes: None,
            detail: None,
            sizes: BTreeMap::new(),
            refused: around.cluster.refused.iter().map(Refused::from).collect(),
            unreadable: around.cluster.problems.iter().map(Unreadable::from).collect(),
            unexpanded: around.cluster.unexpanded.iter().map(Unexpanded::from).collect(),
            plugin_events: simulated.said.iter().map(plugin_event).collect(),
            attempts: None,
            claims: None,
            summary: Summary::around(simulated, around),
        };
        let fix = choice::fix(simulated.engine.profiles());
        let gone: FxHashSet<&Str> = simulated.evicted.iter().map(|(victim, _)| &victim.meta.uid).collect();
        let mut retries: FxHashMap<&Str, &Record> = FxHashMap::default();
        for record in &simulated.records {
            if matches!(record, Record::Tried { retry: true, .. }) {
                retries.insert(&record.pod().meta.uid, record);
            }
        }
        let firsts = simulated.records.iter().filter(|r| !matches!(r, Record::Tried { retry: true, .. }));
        for first in firsts.filter(|r| !gone.contains(&r.pod().meta.uid)) {
            let retry = retries.get(&first.pod().meta.uid).copied();
            simulation.add(retry.unwrap_or(first), 1 + usize::from(retry.is_some()), around.scores, &fix);
        }
        simulation.count();
        simulation
    }

    /// `fix` is what to do about a pod that no profile decides.
    fn add(&mut self, last: &Record, attempts: usize, scores: &FxHashMap<Str, i64>, fix: &str) {
        let pod = last.pod();
        match last {
            Record::NoProfile { .. } => {
                let reason = format!("no profile has the scheduler name {}", pod.spec.scheduler_name);
                self.skipped.push(Skipped { pod: pod.key(), reason, fix: Some(fix.to_string()) });
            }
            Record::Gated { rejection, .. } => self.pending.push(Pending {
                pod: pod.key(),
                reason: "SchedulingGated",
                message: rejection.message(),
                priority: pod.spec.priority,
                nominated_node: None,
                devices: Vec::new(),
                owner: owners::owner(pod),
            }),
            Record::Tried { attempt, .. } => {
                let (reason, message, nominated) = match &attempt.outcome {
                    Outcome::Assumed { node } => {
                        return self.placements.push(Placement {
                            pod: pod.key(),
                            node: node.to_string(),
                            profile: attempt.profile.to_string(),
                            priority: pod.spec.priority,
                            attempts,
                            score: scores.get(&pod.meta.uid).copied(),
                        });
                    }
                    Outcome::Terminating => {
                        let reason = "it is being deleted".to_string();
                        return self.skipped.push(Skipped { pod: pod.key(), reason, fix: None });
                    }
                    Outcome::Unschedulable { message, nominated } => {
                        ("Unschedulable", message, nominated.as_ref())
                    }
                    Outcome::Broken { message } => ("SchedulerError", message, None),
                };
                self.pending.push(Pending {
                    pod: pod.key(),
                    reason,
                    message: message.clone(),
                    priority: pod.spec.priority,
                    nominated_node: nominated.map(ToString::to_string),
                    devices: Vec::new(),
                    owner: owners::owner(pod),
                });
            }
        }
    }

    /// Whether a pod has no node, belongs to no profile, would not be created, or is missing because its object is not
    /// expanded.
    pub fn leaves_pods_out(&self) -> bool {
        let placed = self.pending.is_empty() && !self.skipped.iter().any(|skipped| skipped.fix.is_some());
        !(placed && self.refused.is_empty() && self.unexpanded.is_empty())
    }

    fn count(&mut self) {
        let summary = &mut self.summary;
        summary.scheduled = self.placements.len();
        summary.pending = self.pending.len();
        summary.pods = summary.scheduled + summary.pending;
        summary.skipped = self.skipped.len();
        summary.not_placed = summary.pending + self.skipped.iter().filter(|s| s.fix.is_some()).count();
        summary.unreadable_pods = self.unreadable.iter().filter(|u| u.is_pod).count();
        let gated = self.pending.iter().filter(|p| p.reason == "SchedulingGated").count();
        let decided = (summary.pods - gated) as f64;
        summary.pods_per_second =
            if summary.decide_seconds > 0.0 { rounded(decided / summary.decide_seconds, 1) } else { 0.0 };
    }
}

fn plugin_event(said: &Said) -> PluginEvent {
    PluginEvent {
        pod: said.pod.key(),
        plugin: said.plugin.to_string(),
        r#type: if said.warning { "Warning" } else { "Normal" },
        reason: said.reason.to_string(),
        note: said.note.to_string(),
    }
}

impl Summary {
    fn around(simulated: &Simulated, around: Around<'_>) -> Self {
        Self {
            nodes: around.cluster.nodes.len(),
            running: around.cluster.pods.iter().filter(|p| p.meta.node_name.is_some()).count(),
            finished: around.cluster.finished,
            pods: 0,
            scheduled: 0,
            pending: 0,
            evicted: simulated.evicted.len(),
            skipped: 0,
            not_placed: 0,
            refused: around.cluster.refused.iter().map(|r| r.pods).sum(),
            unreadable_pods: 0,
            unexpanded: around.cluster.unexpanded.len(),
            seed: around.seed,
            read_seconds: rounded(around.read_seconds, 6),
            decide_seconds: rounded(simulated.deciding.as_secs_f64(), 6),
            pods_per_second: 0.0,
            decided: decided::of(simulated),
            utilisation: utilisation::of(simulated.engine.snapshot()),
            devices: Vec::new(),
        }
    }
}

fn evicted(
    simulated: &Simulated,
    victim: &longshore_framework::pod::Pod,
    by: &longshore_framework::pod::Pod,
) -> Evicted {
    let placed = || {
        let found =
            simulated.records.iter().find(|r| r.pod().meta.uid == victim.meta.uid && r.node().is_some());
        found.and_then(Record::node)
    };
    let node = victim.meta.node_name.as_ref().or_else(placed);
    Evicted { pod: victim.key(), by: by.key(), node: node.map(ToString::to_string).unwrap_or_default() }
}
