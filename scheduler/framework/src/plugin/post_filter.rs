//! PostFilter: what can be done when no node is feasible.

use std::sync::Arc;

use crate::objects::Objects;
use crate::plugin::Plugin;
use crate::pod::Pod;
use crate::port::ReleasedClaim;
use crate::profile::PluginId;
use crate::snapshot::{Slot, Snapshot};
use crate::state::PluginState;
use crate::verdict::{PluginError, RejectCode, Rejection};
use crate::{Str, Timestamp};

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
    /// What candidates are compared by, so that nobody has to look at the victims again.
    pub loss: Loss,
}

/// What victims amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The highest of their priorities.
    pub highest: i32,
    /// The sum of their priorities, each counted from the lowest there is, so that fewer victims of negative priority lose
    /// less than more.
    pub sum: i128,
    /// When the first of those with the highest priority started. A pod that has not started is as if it started now:
    /// later than any that has.
    pub earliest: Timestamp,
}

impl Candidate {
    /// A candidate with these victims, of whom `violations` are protected.
    pub fn new(node: Slot, victims: Vec<Arc<Pod>>, violations: usize) -> Self {
        let loss = Loss::of(&victims);
        Self { node, victims, violations, loss }
    }
}

impl Loss {
    fn of(victims: &[Arc<Pod>]) -> Self {
        let priorities = || victims.iter().map(|v| v.spec.priority);
        let highest = priorities().max().unwrap_or(i32::MIN);
        let sum = priorities().map(|p| i128::from(p) - i128::from(i32::MIN)).sum();
        let important = victims.iter().filter(|v| v.spec.priority == highest);
        let earliest = important.map(|v| v.meta.started.unwrap_or(Timestamp(i64::MAX))).min();
        Self { highest, sum, earliest: earliest.unwrap_or(Timestamp(i64::MAX)) }
    }
}

/// A node that was tried, and what came of it.
pub type Tried = (Slot, Arc<DryRun>);

/// The engine's half of preemption: it knows how to try an eviction; the plugin decides whether to.
pub trait PreemptionEngine {
    /// How the node was rejected, also when only PreFilter rejected it or left it out; `None` for a code that is not a
    /// rejection.
    fn rejection(&self, node: Slot) -> Option<RejectCode>;

    /// How many nodes evictions may help: those rejected as [unschedulable](RejectCode::Unschedulable).
    fn resolvable(&self) -> usize {
        0
    }

    /// The node that the pod is promised, as the scheduler knows it: what the pod's status says may be older.
    fn nominated(&self) -> Option<Slot> {
        None
    }

    /// Whether `victim` was chosen for the pod before, and is not gone yet.
    fn waits_for(&self, _victim: &Pod) -> bool {
        false
    }

    /// Whether pods are being evicted from the node for another pod that went elsewhere since. It is promised to nobody.
    fn is_left_behind(&self, _node: Slot) -> bool {
        false
    }

    /// The place of the first node that [is left behind](Self::is_left_behind) among the [resolvable](Self::resolvable)
    /// ones in search order.
    fn first_left_behind(&self) -> Option<usize> {
        None
    }

    /// Tries to evict pods of lower priority from each of the [resolvable](Self::resolvable) nodes, in search order from
    /// the one with index `start` on and round to it again, until at least one candidate without violations and `enough`
    /// candidates in all are found.
    ///
    /// # Errors
    /// When a filter breaks.
    fn dry_run(&self, start: usize, enough: usize) -> Result<Vec<Tried>, PluginError>;

    /// Whether the pod would fit on a node without these pods of it; `None` is yes. Nothing is known by default.
    ///
    /// # Errors
    /// When a filter breaks.
    fn would_fit(&self, _node: Slot, _without: &[Arc<Pod>]) -> Result<Option<Rejection>, PluginError> {
        Err(PluginError::new("nobody knows here what evictions would do"))
    }

    /// These pods of one node in the order in which it is tried to keep them: those that a PodDisruptionBudget protects first,
    /// the more important before the less.
    fn keep_first(&self, pods: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
        pods.to_vec()
    }

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
    /// What the pod's failure says of a success; mostly nothing.
    pub told: Option<String>,
    /// The pod's nominated node.
    pub nomination: Nomination,
    /// Pods to evict, in this order.
    pub victims: Vec<Arc<Pod>>,
    /// Pods whose nomination to the same node lapses.
    pub lapsed: Vec<Arc<Pod>>,
    /// What is taken back of claims for devices.
    pub releases: Vec<ReleasedClaim>,
    /// For the trace: every node that was tried, and what came of it.
    pub tried: Vec<Tried>,
    /// For the trace: the candidates that are equally good, in any order.
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

    /// Whether it finds nothing for a pod if it found nothing for another one of the same class, which nothing was promised
    /// either, and nothing changed in between. One who says so is not asked again.
    fn repeats(&self, _pod: &Pod) -> bool {
        false
    }

    /// Whether it evicts pods of lower priority, as few and as unimportant ones as it can. For a group the engine then does that for
    /// all of its pods at once, and does not ask for one of them.
    fn evicts_by_priority(&self) -> bool {
        false
    }
}
