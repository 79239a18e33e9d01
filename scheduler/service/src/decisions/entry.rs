//! One attempt, as it is kept and as it is shown.

use std::mem::size_of;
use std::sync::Arc;

use longshore_engine::{Attempt, Choice, Scored};
use longshore_framework::features::Features;
use longshore_framework::{Str, Timestamp};
use longshore_simulation::explain;
use longshore_simulation::report::{API_VERSION, PluginScore, Preemption, Rules, ScoredNode, rfc3339};
use serde::Serialize;

use super::group::DecidedGroup;

/// The document of `/debug/decisions/NAMESPACE/POD`. Its field names are those of `longshore explain`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionList {
    /// `longshore.dev/v1alpha1`.
    pub api_version: &'static str,
    /// `DecisionList`.
    pub kind: &'static str,
    /// `namespace/name`.
    pub pod: String,
    /// The rules that decisions follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// The attempts, newest first.
    pub decisions: Vec<Decision>,
}

impl DecisionList {
    pub(super) fn new(namespace: &str, name: &str, decisions: Vec<Decision>) -> Self {
        let pod = format!("{namespace}/{name}");
        Self { api_version: API_VERSION, kind: "DecisionList", pod, rules: None, decisions }
    }

    /// Says which rules are followed.
    #[must_use]
    pub fn by(mut self, features: Features) -> Self {
        self.rules = Some(features.into());
        self
    }
}

/// One attempt at a pod.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Namespace of the pod.
    #[serde(skip)]
    pub namespace: Str,
    /// Name of the pod.
    #[serde(skip)]
    pub name: Str,
    /// UID of the pod: a pod of the same name may have been created anew.
    pub uid: Str,
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub time: Timestamp,
    /// Which attempt at the pod; the first is 1.
    pub attempt: u32,
    /// Scheduler name of the profile.
    pub profile: Str,
    /// How it ended.
    pub status: Outcome,
    /// The node it was given, or is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Str>,
    /// Why it has no node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Str>,
    /// Nodes that were looked at.
    pub evaluated: usize,
    /// Nodes that it fits on.
    pub feasible: usize,
    /// Rejected nodes by plugin and reasons, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<DecisionGroup>,
    /// How many nodes have the highest total: among them the tie was broken. Of pods that were given a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tied: Option<usize>,
    /// How the scores are known, when nodes were scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores_from: Option<ScoresFrom>,
    /// The nodes with the highest totals, the chosen one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoredNode>,
    /// What a preemption weighed, when it chose a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption: Option<Box<Preemption>>,
    /// What came of the group that the pod was decided with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<DecidedGroup>>,
}

/// How an attempt ended: the statuses of `longshore explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// It was given a node.
    Scheduled,
    /// It is given a node once others have made room.
    Preempting,
    /// It fits nowhere.
    Unschedulable,
    /// Something broke.
    Error,
    /// It was not tried: it is being deleted, or has a node.
    Skipped,
}

/// How the scores of a decision are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ScoresFrom {
    /// The decision scored every node by itself.
    Decision,
    /// The decision was made from what is kept of pods that are alike. Every node was scored once more at the same moment.
    SameMoment,
    /// Only how many nodes were equal is known: there was no time to keep more.
    NotKept,
}

/// Nodes that one plugin rejected for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionGroup {
    /// The plugin; empty when several together left no node.
    pub plugin: Str,
    /// `Unschedulable` when evicting pods could help, `UnschedulableAndUnresolvable` when not.
    pub code: &'static str,
    /// Why.
    pub reasons: Vec<String>,
    /// How many nodes.
    pub count: usize,
    /// Some of them.
    pub nodes: Vec<Str>,
}

impl Decision {
    /// The record of an attempt, with so many scored nodes at the most.
    pub(super) fn of(attempt: &Attempt, time: Timestamp, scored_nodes: usize) -> Self {
        use longshore_engine::Outcome as Ended;
        let (status, node, message) = match &attempt.outcome {
            Ended::Assumed { node } => (Outcome::Scheduled, Some(Arc::clone(node)), None),
            Ended::Unschedulable { message, nominated: Some(node) } => {
                (Outcome::Preempting, Some(Arc::clone(node)), Some(message.as_str().into()))
            }
            Ended::Unschedulable { message, nominated: None } => {
                (Outcome::Unschedulable, None, Some(message.as_str().into()))
            }
            Ended::Broken { message } => (Outcome::Error, None, Some(message.as_str().into())),
            Ended::Terminating => (Outcome::Skipped, None, None),
        };
        let (trace, choice) = (attempt.trace.as_deref(), attempt.choice.as_ref());
        let scores = match (trace, choice) {
            (Some(trace), _) => explain::scores(trace, node.as_deref(), scored_nodes),
            (None, Some(choice)) => explain::best(&choice.best),
            (None, None) => Vec::new(),
        };
        let meta = &attempt.pod.meta;
        Self {
            namespace: Arc::clone(&meta.namespace),
            name: Arc::clone(&meta.name),
            uid: Arc::clone(&meta.uid),
            time,
            attempt: attempt.number,
            profile: Arc::clone(&attempt.profile),
            status,
            evaluated: attempt.evaluated_nodes,
            feasible: attempt.feasible_nodes,
            filters: attempt.rejected.iter().map(group).collect(),
            tied: choice.map(|choice| choice.tied),
            scores_from: choice.and_then(scores_from),
            scores,
            preemption: explain::preemption(attempt).map(Box::new),
            group: attempt.group.as_deref().map(|result| Box::new(DecidedGroup::of(result))),
            node,
            message,
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        // Names are shared with the pod, which may be gone before the entry is.
        let names = self.namespace.len() + self.name.len() + self.uid.len() + 96;
        let message = self.message.as_ref().map_or(0, |m| m.len());
        let text = |texts: &[String]| texts.iter().map(|t| t.len() + size_of::<String>()).sum::<usize>();
        let groups: usize = self
            .filters
            .iter()
            .map(|g| size_of::<DecisionGroup>() + text(&g.reasons) + g.nodes.len() * 2 * size_of::<Str>())
            .sum();
        let score = size_of::<PluginScore>();
        let scores: usize =
            self.scores.iter().map(|n| size_of::<ScoredNode>() + n.node.len() + n.scores.len() * score).sum();
        let preemption = self.preemption.as_ref().map_or(0, |p| {
            let candidates = p.candidates.iter().map(|c| 64 + text(&c.victims)).sum::<usize>();
            let failures = p.failures.iter().map(|f| 64 + text(&f.reasons) + text(&f.nodes)).sum::<usize>();
            size_of::<Preemption>() + text(&p.victims) + candidates + failures
        });
        let group = self.group.as_ref().map_or(0, |group| group.bytes());
        size_of::<Self>() + names + message + groups + scores + preemption + group
    }
}

fn group(group: &longshore_engine::RejectedNodes) -> DecisionGroup {
    DecisionGroup {
        plugin: Arc::clone(&group.plugin),
        code: group.rejection.code.as_str(),
        reasons: group.rejection.reasons.iter().map(ToString::to_string).collect(),
        count: group.count,
        nodes: group.examples.clone(),
    }
}

fn scores_from(choice: &Choice) -> Option<ScoresFrom> {
    match choice.scored {
        Scored::Nothing => None,
        _ if choice.best.is_empty() => Some(ScoresFrom::NotKept),
        Scored::Literally => Some(ScoresFrom::Decision),
        Scored::Again => Some(ScoresFrom::SameMoment),
        Scored::ByClass => Some(ScoresFrom::NotKept),
    }
}
