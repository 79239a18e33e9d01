//! The document of `longshore explain`.

use std::borrow::Cow;

use longshore_engine::Criterion;
use longshore_framework::{Str, Timestamp};
use serde::{Deserialize, Serialize};

use super::{DeviceSearches, Rules};

/// Why a pod is where it is, or is nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `longshore.dev/v1alpha1`.
    pub api_version: Cow<'static, str>,
    /// `Explanation`.
    pub kind: Cow<'static, str>,
    /// The rules that are followed.
    pub rules: Rules,
    /// `namespace/name`.
    pub pod: String,
    /// What becomes of it.
    pub status: Status,
    /// The node it runs on, is given, or is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why it has no node: the message of its PodScheduled condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Scheduler name of its profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its priority.
    pub priority: i32,
    /// Pods that were decided before it.
    pub decided_before: usize,
    /// Nodes in the cluster.
    pub nodes: usize,
    /// Nodes that it fits on.
    pub feasible: usize,
    /// What PreFilter said, when it had something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_filter: Option<PreFilter>,
    /// Rejected nodes by the filter that was first to reject them, and its reasons.
    pub filters: Vec<FilterGroup>,
    /// How many nodes have the highest total, when nodes were scored: among them the tie is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tied: Option<usize>,
    /// The nodes with the highest totals, best first.
    pub scores: Vec<ScoredNode>,
    /// Preemption, when it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemption: Option<Preemption>,
    /// The one thing that keeps it from every node, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What its claims for devices find; only when it fits nowhere, and has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<DeviceSearches>,
    /// The nodes that the fewest things keep it from, nearest first; only when it fits nowhere.
    pub nearest: Vec<NearMiss>,
    /// Single changes that would open nodes to it, the most effective first; where there are none, changes that do so
    /// together. All of them were tried. Only when it fits nowhere.
    pub relaxations: Vec<Relaxation>,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
}

/// What becomes of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It runs on a node already.
    Running,
    /// It is given a node.
    Scheduled,
    /// It is given a node once others have made room.
    Preempting,
    /// It fits nowhere.
    Unschedulable,
    /// A PreEnqueue plugin keeps it out of the queue.
    Gated,
    /// It is not decided here.
    Skipped,
    /// A plugin broke.
    Error,
}

/// What PreFilter said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreFilter {
    /// The plugin that rejected the pod for all nodes; absent when none did, or several together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Why; empty when the pod was not rejected.
    pub reasons: Vec<String>,
    /// The nodes that it left, by name; absent when it left all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<String>>,
}

/// Nodes that one filter rejected for the same reasons.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterGroup {
    /// The filter.
    pub plugin: String,
    /// `Unschedulable` when evicting pods could help, `UnschedulableAndUnresolvable` when not.
    pub code: Cow<'static, str>,
    /// Why.
    pub reasons: Vec<String>,
    /// The nodes, by name.
    pub nodes: Vec<String>,
}

/// A feasible node and its scores.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoredNode {
    /// The node.
    pub node: String,
    /// Sum of score times weight.
    pub total: i64,
    /// Whether it was taken.
    pub chosen: bool,
    /// By plugin, in the order they run.
    pub scores: Vec<PluginScore>,
}

/// The score of one plugin for one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginScore {
    /// The plugin.
    pub plugin: Str,
    /// Before normalising, in the plugin's own unit.
    pub raw: i64,
    /// After normalising: 0 to 100.
    pub score: i64,
    /// What it is multiplied by.
    pub weight: i64,
}

/// What preemption did.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preemption {
    /// `Success`, or the code of its failure.
    pub code: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The node that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What told the chosen node from the others, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// How many nodes are as good as the chosen one, that one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal: Option<usize>,
    /// On how many nodes evictions were tried, and on how many of them they help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<usize>,
    /// How many of these evictions help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helped: Option<usize>,
    /// `namespace/name` of the pods that have to go.
    pub victims: Vec<String>,
    /// Every node where evictions would help, by name; of a decision that is remembered, the best, the chosen one first.
    pub candidates: Vec<Candidate>,
    /// Nodes that were tried in vain, by reason.
    pub failures: Vec<PreemptionFailure>,
}

/// A node where evictions would help.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The node.
    pub node: String,
    /// `namespace/name` of the pods that would have to go.
    pub victims: Vec<String>,
    /// How many of them a PodDisruptionBudget protects.
    pub protected: usize,
    /// What else candidates are compared by, when it is known.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// What evictions from a node would cost.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// How many victims there are; only the first are named.
    pub count: usize,
    /// The highest of their priorities.
    pub highest_priority: i32,
    /// The sum of their priorities.
    pub sum_of_priorities: i64,
    /// When the first of those with the highest priority started, in milliseconds; not there when none of them has.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "some_time")]
    pub earliest_start: Option<Timestamp>,
}

/// An optional time as RFC 3339 has it.
mod some_time {
    use longshore_framework::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => crate::report::rfc3339(time, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        Ok(time.map(|time| Timestamp(time.as_millisecond())))
    }
}

/// By what a node was chosen for a preemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecidedBy {
    /// There was one candidate.
    OnlyCandidate,
    /// The fewest victims that a PodDisruptionBudget protects.
    FewestProtectedVictims,
    /// The lowest priority of the most important victim.
    LowestHighestPriority,
    /// The lowest sum of the victims' priorities.
    LowestSumOfPriorities,
    /// The fewest victims.
    FewestVictims,
    /// The latest start of the most important victims.
    LatestStart,
    /// Nothing: all candidates are equally good.
    AllEqual,
}

impl From<Criterion> for DecidedBy {
    fn from(criterion: Criterion) -> Self {
        match criterion {
            Criterion::OnlyCandidate => Self::OnlyCandidate,
            Criterion::FewestProtectedVictims => Self::FewestProtectedVictims,
            Criterion::LowestHighestPriority => Self::LowestHighestPriority,
            Criterion::LowestSumOfPriorities => Self::LowestSumOfPriorities,
            Criterion::FewestVictims => Self::FewestVictims,
            Criterion::LatestStart => Self::LatestStart,
            Criterion::AllEqual => Self::AllEqual,
        }
    }
}

/// Nodes where evictions would not help.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreemptionFailure {
    /// Why.
    pub reasons: Vec<String>,
    /// The nodes, by name.
    pub nodes: Vec<String>,
}

/// Nodes and everything that keeps the pod from them, in terms of the pod and the nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// The nodes, by name: all of them have the same problems.
    pub nodes: Vec<String>,
    /// What stands in the way.
    pub problems: Vec<String>,
}

/// A change that would open nodes to a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relaxation {
    /// The change, such as `drop nodeSelector disk=ssd` or `uncordon n2`.
    pub change: String,
    /// What is changed.
    pub of: ChangeOf,
    /// How many nodes the pod would fit on with this alone.
    pub nodes: usize,
    /// Their names. Changes of nodes help each of them by itself, and were tried on the first ones only.
    pub on: Vec<String>,
}

impl Relaxation {
    /// A change that opens these nodes.
    pub(crate) fn new(change: String, of: ChangeOf, on: Vec<String>) -> Self {
        Self { change, of, nodes: on.len(), on }
    }
}

/// What a change is a change of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeOf {
    /// The pod.
    Pod,
    /// A node.
    Node,
    /// A node and the pod.
    Both,
    /// The cluster: nodes are added.
    Cluster,
}
