//! What came of a turn, small enough to be kept.

use std::sync::Arc;

use longshore_engine::{Attempt, Outcome};
use longshore_framework::Str;
use longshore_framework::port::Effect;
use serde::{Deserialize, Serialize};

/// What is to be done for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoneKind {
    /// Something is written before the binding.
    PreBind,
    /// What claims have is taken back.
    ReleaseClaims,
    /// It is bound.
    Bind,
    /// Others are evicted for it.
    Evict,
    /// It gave up its room.
    Preempted,
    /// It is no longer promised a node.
    ClearNomination,
    /// It has no node, and this is said.
    Failed,
    /// It waits for Permit.
    Waiting,
    /// It is gated.
    Gated,
    /// A plugin says something of it.
    PluginEvent,
    /// Its group is said to stand as it does.
    GroupStatus,
    /// It is bound, and this is said.
    Scheduled,
}

/// One thing that the engine wanted done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What.
    pub kind: DoneKind,
    /// UID of the pod.
    pub pod: Str,
    /// The node, where there is one.
    pub node: Option<Str>,
    /// The rest in words; empty when there is none.
    pub detail: String,
}

impl Done {
    /// Of an effect.
    pub fn of(effect: &Effect) -> Self {
        use DoneKind as K;
        let none = String::new;
        let (kind, pod, node, detail) = match effect {
            Effect::PreBind { pod, node, writes } => (K::PreBind, pod, Some(node), format!("{writes:?}")),
            Effect::ReleaseClaims { pod, releases } => (K::ReleaseClaims, pod, None, format!("{releases:?}")),
            Effect::Bind { pod, binding, extenders } => {
                let plain = binding.annotations.is_empty() && extenders.is_empty();
                let detail = if plain { none() } else { format!("{:?} {extenders:?}", binding.annotations) };
                (K::Bind, pod, Some(&binding.node), detail)
            }
            Effect::Evict { preemptor, victims, node } => {
                let victims: Vec<&str> = victims.iter().map(|pod| &*pod.meta.uid).collect();
                (K::Evict, preemptor, Some(node), victims.join(" "))
            }
            Effect::Preempted { victim, preemptor, node } => {
                (K::Preempted, victim, Some(node), preemptor.meta.uid.to_string())
            }
            Effect::ClearNomination { pod } => (K::ClearNomination, pod, None, none()),
            Effect::Failed { pod, reason, message, nominated_node } => {
                (K::Failed, pod, nominated_node.as_ref(), format!("{}: {message}", reason.as_str()))
            }
            Effect::Waiting { pod, node, until } => (K::Waiting, pod, Some(node), until.0.to_string()),
            Effect::Gated { pod, plugin, rejection } => {
                (K::Gated, pod, None, format!("{plugin}: {}", rejection.message()))
            }
            Effect::PluginEvent { pod, plugin, reason, note, .. } => {
                (K::PluginEvent, pod, None, format!("{plugin}: {reason}: {note}"))
            }
            Effect::GroupStatus { group, standing, pod } => {
                (K::GroupStatus, pod, None, format!("{group}: {}", standing.message))
            }
            Effect::Scheduled { pod, node, .. } => (K::Scheduled, pod, Some(node), none()),
        };
        Self { kind, pod: Arc::clone(&pod.meta.uid), node: node.cloned(), detail }
    }

    /// In words.
    pub fn shown(&self) -> String {
        let node = self.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        format!("{:?}{node}{detail}", self.kind)
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// The pod was given a node.
    Node(Str),
    /// It fits nowhere.
    Unschedulable {
        /// Why.
        message: String,
        /// The node that it was promised.
        nominated: Option<Str>,
    },
    /// Something broke.
    Broken(String),
    /// It is being deleted.
    Terminating,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// UID of the pod.
    pub pod: Str,
    /// Which attempt at the pod it was.
    pub number: u32,
    /// How it ended.
    pub ended: Ended,
    /// How many nodes it fitted on.
    pub feasible: u32,
}

impl Tried {
    /// Of an attempt.
    pub fn of(attempt: &Attempt) -> Self {
        let ended = match &attempt.outcome {
            Outcome::Assumed { node } => Ended::Node(Arc::clone(node)),
            Outcome::Unschedulable { message, nominated } => {
                Ended::Unschedulable { message: message.clone(), nominated: nominated.clone() }
            }
            Outcome::Broken { message } => Ended::Broken(message.clone()),
            Outcome::Terminating => Ended::Terminating,
        };
        Self {
            pod: Arc::clone(&attempt.pod.meta.uid),
            number: attempt.number,
            ended,
            feasible: u32::try_from(attempt.feasible_nodes).unwrap_or(u32::MAX),
        }
    }

    /// Of an attempt, and of those at the other pods of its group.
    pub fn each(attempt: &Attempt) -> Vec<Self> {
        std::iter::once(attempt).chain(&attempt.others).map(Self::of).collect()
    }
}

impl Ended {
    /// In words.
    pub fn shown(&self) -> String {
        match self {
            Self::Node(node) => format!("node {node}"),
            Self::Unschedulable { message, nominated: None } => format!("no node: {message}"),
            Self::Unschedulable { message, nominated: Some(node) } => {
                format!("no node, promised {node}: {message}")
            }
            Self::Broken(message) => format!("broken: {message}"),
            Self::Terminating => "not tried, it is being deleted".to_string(),
        }
    }
}
