//! What came of trying a pod.

use std::sync::Arc;

use longshore_framework::group::GroupKey;
use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};

use crate::choice::Choice;
use crate::path::Path;
use crate::trace::Trace;
use crate::weighing::Weighing;

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The pod.
    pub pod: Arc<Pod>,
    /// Scheduler name of the profile it was tried with.
    pub profile: Str,
    /// How it ended.
    pub outcome: Outcome,
    /// Which attempt at this pod it was; the first is 1.
    pub number: u32,
    /// By which path it was decided.
    pub path: Path,
    /// How many nodes were looked at.
    pub evaluated_nodes: usize,
    /// How many of them it fits on.
    pub feasible_nodes: usize,
    /// How the node was chosen, when it has one.
    pub choice: Option<Choice>,
    /// Why the others were rejected, when it fits nowhere and the engine [keeps it](crate::Options::example_nodes);
    /// the most frequent first.
    pub rejected: Vec<RejectedNodes>,
    /// What a preemption weighed, when it chose a node and the engine [keeps it](crate::Options::example_nodes).
    pub weighing: Option<Box<Weighing>>,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// What came of the group, when the pod was tried with its group.
    pub group: Option<Arc<GroupResult>>,
    /// The attempts at the other pods of the group, in the order in which they were decided. What is to be done for them is
    /// among the effects of the first.
    pub others: Vec<Attempt>,
    /// Who said what, when the engine [keeps traces](crate::Options::trace).
    pub trace: Option<Box<Trace>>,
}

impl Attempt {
    /// This attempt and those at the other pods of the group, one by one.
    pub fn into_each(mut self) -> impl Iterator<Item = Self> {
        let others = std::mem::take(&mut self.others);
        std::iter::once(self).chain(others)
    }
}

/// What came of deciding a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupResult {
    /// The group.
    pub key: GroupKey,
    /// How many of its pods are started together.
    pub min_count: usize,
    /// How many had a node before.
    pub placed_before: usize,
    /// How many pods it has.
    pub known: usize,
    /// How many were decided now.
    pub tried: usize,
    /// How many of these fit; when none was tried, for how many the cluster has places at the most.
    pub fit: usize,
    /// Whether they were tried one by one.
    pub is_tried: bool,
    /// How it ended.
    pub outcome: GroupOutcome,
    /// The node label and its value of which all pods have a node, or would have, when the group is started together there.
    pub within: Option<(Str, Str)>,
    /// Until when the places of those of its pods that fit are held for them.
    pub held_until: Option<Timestamp>,
    /// Domains of node labels that have places for too few, of each label the nearest first.
    pub domains: Vec<DomainFit>,
    /// In one sentence, for people.
    pub message: String,
}

/// A domain of a node label that has places for too few pods of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainFit {
    /// The label.
    pub key: Str,
    /// Its value.
    pub name: Str,
    /// Nodes with it.
    pub nodes: usize,
    /// How many of the pods have a place there.
    pub fit: usize,
}

/// How the decision about a group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupOutcome {
    /// The pods that fit go on to be bound; they are enough.
    Started,
    /// They would be enough once victims are gone. None is held a place before.
    Preempting,
    /// Too few fit: everything was undone.
    Unschedulable,
    /// Something broke: everything was undone.
    Broken,
}

impl GroupOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Started, Self::Preempting, Self::Unschedulable, Self::Broken];

    /// The name by which metrics know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Preempting => "Preempting",
            Self::Unschedulable => "Unschedulable",
            Self::Broken => "Broken",
        }
    }
}

/// Nodes that one plugin rejected for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedNodes {
    /// The plugin; empty when several together left no node.
    pub plugin: Str,
    /// What it said.
    pub rejection: Rejection,
    /// How many nodes.
    pub count: usize,
    /// The first of them by arrival, [no more than asked for](crate::Options::example_nodes).
    pub examples: Vec<Str>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The pod is assumed on the node, and is being bound or waits to be.
    Assumed {
        /// The node.
        node: Str,
    },
    /// It does not fit.
    Unschedulable {
        /// Why.
        message: String,
        /// The node it was promised, when evictions will make room there.
        nominated: Option<Str>,
    },
    /// Something broke.
    Broken {
        /// What.
        message: String,
    },
    /// It is being deleted and was not tried.
    Terminating,
}
