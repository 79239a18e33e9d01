//! The record of one attempt: who said what of which node.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use longshore_framework::resource_claim::Allocation;
use longshore_framework::verdict::Rejection;

/// What one attempt went through.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// PreFilter was reached: there were nodes.
    pub ran: bool,
    /// The nominated node, when it fitted and no other node was looked at.
    pub tried_nominated: Option<Str>,
    /// PreFilter.
    pub pre_filter: PreFilterTrace,
    /// Every node that was judged, in slot order; `None` when PreFilter rejected the pod.
    pub nodes: Option<Vec<(Str, NodeTrace)>>,
    /// What claims for devices would be given on the nodes that every filter passed, where there is anything.
    pub given: Vec<(Str, Given)>,
    /// Nodes with the highest total, or the only feasible one.
    pub best: Vec<Str>,
    /// PostFilter, when the profile has one and it was asked.
    pub post_filter: Option<PostFilterTrace>,
}

/// What claims would be given on a node.
pub type Given = Vec<(NamespacedName, Arc<Allocation>)>;

/// What PreFilter said.
#[derive(Clone, Debug, Default)]
pub struct PreFilterTrace {
    /// The plugin that rejected the pod, and how.
    pub rejected: Option<(Str, Rejection)>,
    /// The nodes it was restricted to, in name order; names need not exist.
    pub nodes: Option<Vec<Str>>,
}

/// What was said of one node.
#[derive(Clone, Debug)]
pub enum NodeTrace {
    /// A filter rejected it.
    Rejected {
        /// The filter.
        plugin: Str,
        /// What it said.
        rejection: Rejection,
    },
    /// Every filter passed it.
    Feasible {
        /// What each scorer gave it; `None` when nothing was scored.
        scores: Option<Vec<PluginScore>>,
        /// Sum of the weighted scores.
        total: i64,
    },
}

/// The score of one plugin for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginScore {
    /// The scorer.
    pub plugin: Str,
    /// Before normalising.
    pub raw: i64,
    /// After normalising: 0 to 100.
    pub score: i64,
    /// The weight it counts with.
    pub weight: i64,
}

/// What PostFilter did.
#[derive(Clone, Debug, Default)]
pub struct PostFilterTrace {
    /// `Success`, or how it failed: the name of a code.
    pub code: &'static str,
    /// Its message; empty on success.
    pub message: String,
    /// The node it nominated.
    pub nominated: Option<Str>,
    /// Candidates that are equally good, in name order.
    pub acceptable: Vec<Str>,
    /// `namespace/name` of the pods to evict.
    pub victims: Vec<String>,
    /// Every candidate: node, victims, and how many of them a PodDisruptionBudget protects.
    pub candidates: Vec<(Str, Vec<String>, usize)>,
    /// Nodes that were tried in vain: the plugin that rejected them, if one did, and how.
    pub failures: Vec<(Str, Option<Str>, Rejection)>,
}
