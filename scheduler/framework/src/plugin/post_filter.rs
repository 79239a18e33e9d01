//! PostFilter: what can be done when no node is feasible.

use std::sync::Arc;

use crate::Str;
use crate::objects::Objects;
use crate::plugin::Plugin;
use crate::pod::Pod;
use crate::profile::PluginId;
use crate::snapshot::{Slot, Snapshot};
use crate::state::PluginState;
use crate::verdict::{PluginError, RejectCode, Rejection};

/// What evicting could do for a node.
#[derive(Clone, Debug)]
pub enum DryRun {
    /// The pod would fit.
    Candidate(Candidate),
    /// It would not.
    Rejected {
        /// The filter that rejected the node without its potential victims; `None` when there was no victim to try.
        plugin: Option<PluginId>,
        /// What it said.
        rejection: Rejection,
    },
}

/// A node where the pod would fit once the victims are gone.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The node.
    pub node: Slot,
    /// Pods to evict, most important first.
    pub victims: Vec<Arc<Pod>>,
    /// How many of them a PodDisruptionBudget protects.
    pub violations: usize,
}

/// The engine's half of preemption: it knows how to try an eviction; the plugin decides whether to.
pub trait PreemptionEngine {
    /// How the node was rejected, also when only PreFilter rejected it or left it out; `None` for a code that is not a
    /// rejection.
    fn rejection(&self, node: Slot) -> Option<RejectCode>;

    /// Tries to evict pods of lower priority from each of `nodes`, in order, until at least one candidate without
    /// violations and `enough` candidates in all are found.
    ///
    /// # Errors
    /// When a filter breaks.
    fn dry_run(&self, nodes: &[Slot], enough: usize) -> Result<Vec<(Slot, DryRun)>, PluginError>;

    /// What the extenders leave of these candidates, in the order of their nodes; `None` when none of them has a say.
    ///
    /// # Errors
    /// When an extender fails that is not ignorable.
    fn ask_extenders(&self, _candidates: &[&Candidate]) -> Result<Option<Vec<Candidate>>, PluginError> {
        Ok(None)
    }

    /// A number below `bound`, from the engine's seeded generator; 0 when ties go to the first.
    fn random(&mut self, bound: usize) -> usize;

    /// Pods of lower priority than the pod at hand that have been promised the node.
    fn lower_nominations(&self, node: Slot) -> Vec<Arc<Pod>>;
}

/// What PostFilter may look at.
pub struct PostFilterContext<'a> {
    /// Nodes and the pods on them.
    pub snapshot: &'a Snapshot,
    /// Every other object.
    pub objects: &'a Objects,
    /// The pod.
    pub pod: &'a Pod,
    /// The engine's half of preemption.
    pub engine: &'a mut dyn PreemptionEngine,
}

/// What becomes of the pod's nominated node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Nomination {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is cleared.
    Clear,
    /// It is this node.
    Node(Str),
}

/// What PostFilter did.
#[derive(Clone, Debug, Default)]
pub struct PostFilterOutcome {
    /// `None`: it made the pod schedulable (success). Otherwise how it failed.
    pub rejected: Option<Rejection>,
    /// The pod's nominated node.
    pub nomination: Nomination,
    /// Pods to evict, in this order.
    pub victims: Vec<Arc<Pod>>,
    /// Pods whose nomination to the same node lapses.
    pub lapsed: Vec<Arc<Pod>>,
    /// For the trace: every node that was tried, and what came of it.
    pub tried: Vec<(Slot, DryRun)>,
    /// For the trace: the candidates that are equally good.
    pub acceptable: Vec<Slot>,
}

/// PostFilter: asked when no node is feasible.
pub trait PostFilter: Plugin {
    /// May make room.
    ///
    /// # Errors
    /// Ends the stage; the pod's nomination stays as it is.
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError>;
}
