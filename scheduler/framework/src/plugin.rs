//! One trait per stage. A plugin is one value that implements the traits of the stages it takes part in, and says so
//! when it is [registered](crate::registry).

mod census;
mod post_filter;
mod room;
mod seats;
mod sink;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub use census::{AlikeNodes, Census, Counted, Recounted};
pub use post_filter::{
    Candidate, DryRun, Loss, Nomination, PostFilter, PostFilterContext, PostFilterOutcome, PreemptionEngine,
    Tried,
};
pub use room::{Resource as RoomResource, Room, Share};
pub use seats::{PerSeat, SEATS, Seats};
pub use sink::FilterSink;

use crate::Timestamp;
use crate::event::{ClusterEvent, EventPattern, Hint, HintContext};
use crate::group::PodGroup;
use crate::likeness::Likeness;
use crate::node_metrics::MetricsNeed;
use crate::objects::{NamespacedName, Objects};
use crate::pod::Pod;
use crate::port::{Binding, PreBindWrite};
use crate::resource_claim::Allocation;
use crate::snapshot::{Slot, Snapshot};
use crate::state::PluginState;
use crate::verdict::{PermitVerdict, PluginError, PreFilterVerdict, PreScoreVerdict, Refusal, Verdict};
use crate::view::NodeView;

/// What every plugin is.
pub trait Plugin: Send + Sync + 'static {
    /// The name by which profiles, messages and metrics know it.
    fn name(&self) -> &str;

    /// For how long at a time places are held for a group of the profile that cannot start yet; not at all by default.
    fn holds_places(&self) -> Duration {
        Duration::ZERO
    }

    /// Events that may let a pod fit that this plugin rejected. The default asks about everything; an empty list means
    /// that no event helps.
    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::ANY]
    }

    /// Whether `event`, one of [`events`](Self::events), may let `pod` fit.
    fn hint(&self, _pod: &Pod, _event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        Hint::Queue
    }

    /// How many answers so far stood for a failure: they say nothing about the pods to come, and are not kept. `None`, the
    /// default, for a plugin that never gives such answers.
    fn failed_answers(&self) -> Option<u64> {
        None
    }

    /// How often the plugin wants [`tick`](Self::tick) to be called; `None`, the default, for never.
    fn ticks(&self) -> Option<Duration> {
        None
    }

    /// The time has come: so long after the last call, or a little later.
    fn tick(&self, _now: Timestamp, _cluster: HintContext<'_>) {}

    /// What it reads of what is measured on nodes; asked once. `None`, the default, for nothing. An answer that is kept may
    /// depend on the values of its node: when they change, or become older than one of the ages that are named here, the
    /// node counts as changed. Where it depends on when values were measured too, [`objects_seen`](Self::objects_seen) has
    /// to say so.
    fn metrics(&self) -> Option<MetricsNeed> {
        None
    }

    /// For a plugin that reads [declared objects](crate::objects::declared) and whose answers are kept: a number that changes when
    /// an object changes that may change the answer about any node. Objects that are about the node of their own name do not
    /// count. `None`, the default, for a plugin that reads none.
    fn objects_seen(&self, _objects: &Objects) -> Option<u64> {
        None
    }

    /// For a plugin that cannot always be asked: another number when pods that it turned away, or failed, for want of an answer
    /// are worth another try. Asked several times a second. `None`, the default, for a plugin that can always be asked.
    fn recoveries(&self) -> Option<u64> {
        None
    }

    /// For the trace: what claims for devices would be given on a node that the plugin's Filter passed, in the order in which they
    /// are allocated. Nothing by default.
    fn given(
        &self,
        _cx: Cycle<'_>,
        _state: &PluginState,
        _node: &str,
    ) -> Vec<(NamespacedName, Arc<Allocation>)> {
        Vec::new()
    }

    /// For a plugin whose answers depend on [images](Dependence::on_images): a number that changes at least when the answer about some
    /// node changes and the node does not. The default changes whenever a node comes or goes or reports other images.
    fn images_seen(&self, cx: Cycle<'_>) -> u64 {
        cx.snapshot.images_revision()
    }

    /// Seats for many pods that the plugin can be asked about at once, for a plugin that can; none by default. They give the same
    /// answers as its Filter and Score.
    fn seats(&self) -> Option<Box<dyn Seats>> {
        None
    }

    /// Adds what the plugin reads of the pod beside its effective requests and the parts of its spec outside containers and
    /// volumes, so that pods that it cannot tell apart share the answers that are kept. The default is that everything matters that
    /// [`Dependence`] allows.
    ///
    /// What is added may depend on the pod, on namespaces, Services and controllers, on the
    /// [terms](crate::snapshot::Terms) of pods on nodes, and on which images lie on nodes; it is asked for again when one of
    /// these changes. Of a pod with claims, for volumes or devices, it is asked every time, so there it may depend on anything.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        likeness.add_all(cx.pod);
    }
}

/// What a plugin's answer for a pod and a node depends on, so that the engine knows how long it may keep it.
///
/// Of the pod, an answer that is kept may depend on namespace, labels, controlling owner and spec, and on nothing else of
/// it; on the first three, on containers and volumes, and on Services and controllers, only as far as the plugin [says](Plugin::tell_apart). Pods that
/// are alike in this are of one class and share the answer. What the same plugin's PreFilter or PreScore says, and what it
/// puts into the state, is kept with the answer, so it must depend on no more; a kept PreScore must not depend on which
/// nodes are feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependence {
    /// The pod and the node object: labels, taints, images, name.
    Static,
    /// Also how many nodes the cluster has, and which images lie on them.
    Images,
    /// The pod and the node object, and that node's own pods, what they use, and which free volumes it can reach.
    Node,
    /// All of these.
    Cluster,
    /// Also pods on other nodes of the same topology domains. The plugin has to take a [`Census`].
    Domain,
    /// Anything: ask every time.
    Uncacheable,
}

impl Dependence {
    /// Whether the answer may change when the node's own pods do.
    pub fn on_pods(self) -> bool {
        self >= Self::Node
    }

    /// Whether the answer may change when a node comes or goes or reports other images.
    pub fn on_images(self) -> bool {
        matches!(self, Self::Images | Self::Cluster)
    }
}

/// What a stage may look at: the cluster and the pod to be placed.
#[derive(Clone, Copy)]
pub struct Cycle<'a> {
    /// Nodes and the pods on them.
    pub snapshot: &'a Snapshot,
    /// Every other object.
    pub objects: &'a Objects,
    /// The pod.
    pub pod: &'a Pod,
}

/// What PreEnqueue may look at.
#[derive(Clone, Copy)]
pub struct EnqueueContext<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// Evictions to make room for this pod are still under way.
    pub evicting: bool,
    /// Every object beside pods and nodes.
    pub objects: &'a Objects,
}

/// PreEnqueue: may the pod enter the active queue at all?
pub trait PreEnqueue: Plugin {
    /// A rejection keeps the pod gated until one of the plugin's events lets it be asked again.
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict;
}

/// A pod as the queue ranks it.
#[derive(Clone, Copy, Debug)]
pub struct Queued<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// When it entered the queue after its last attempt.
    pub since: Timestamp,
    /// All other objects, as they are when the pod enters the queue: it is not asked again when they change.
    pub objects: &'a Objects,
    /// The PodGroup for which it stands, unless that was tried before.
    pub group: Option<&'a PodGroup>,
}

/// A pod's place in line: the least goes first, and the second number decides between equals in the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(pub [i64; 2]);

impl Rank {
    /// Before all that any plugin asks for.
    pub const FIRST: Self = Self([i64::MIN, i64::MIN]);

    /// The higher priority first, and among equals who has waited longest: the order of PrioritySort.
    pub fn by_priority(queued: Queued<'_>) -> Self {
        Self([-i64::from(queued.pod.spec.priority), queued.since.0])
    }
}

/// QueueSort: which pod goes first. Exactly one per profile, the same in all profiles.
pub trait QueueSort: Plugin {
    /// Where the pod stands. Asked when the pod enters the queue and when it changes there, so the answer may depend on
    /// the pod and its wait only. Pods of equal rank go in the order they came.
    fn rank(&self, pod: Queued<'_>) -> Rank;
}

/// PreFilter: look at the whole cluster once, and keep what Filter needs.
pub trait PreFilter: Plugin {
    /// May put values into `state`, for Filter and later stages. They must be put even when skipping if a later stage
    /// reads them.
    ///
    /// # Errors
    /// Ends the cycle.
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError>;

    /// Makes the state that another pod of the class left into that of `cx.pod`, which is [alike](Plugin::tell_apart), for the
    /// stages after the decision. Where nothing in the state is the pod's own there is nothing to do.
    ///
    /// # Errors
    /// Ends the cycle.
    fn renew(&self, _cx: Cycle<'_>, _state: &mut PluginState) -> Result<(), PluginError> {
        Ok(())
    }

    /// How the state changes when `added` is put on `node`. Called on a copy of the state, for hypotheses.
    ///
    /// # Errors
    /// Ends the cycle.
    fn add_pod(
        &self,
        _cx: Cycle<'_>,
        _state: &mut PluginState,
        _added: &Pod,
        _node: Slot,
    ) -> Result<(), PluginError> {
        Ok(())
    }

    /// How the state changes when `removed` is taken off `node`; undoes [`add_pod`](Self::add_pod).
    ///
    /// # Errors
    /// Ends the cycle.
    fn remove_pod(
        &self,
        _cx: Cycle<'_>,
        _state: &mut PluginState,
        _removed: &Pod,
        _node: Slot,
    ) -> Result<(), PluginError> {
        Ok(())
    }
}

/// Filter: can the pod run on this node?
pub trait Filter: Plugin {
    /// Judges one node, which may be a hypothesis.
    ///
    /// # Errors
    /// Ends the cycle.
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError>;

    /// Judges every node still in `nodes`. The default asks [`filter`](Self::filter) of each; a plugin that can work
    /// on columns does better, and must give the same answers.
    ///
    /// # Errors
    /// Ends the cycle.
    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        nodes.retain(|slot| self.filter(cx, state, cx.snapshot.view(slot)))
    }

    /// What the node has left, for a filter that passes a node exactly if that [suffices](Room::suffices): preemption then counts, and
    /// asks the filter no more while pods are taken away. The default is `None`: other things matter as well.
    fn room<'a>(&self, _cx: Cycle<'a>, _state: &'a PluginState, _node: Slot) -> Option<Room<'a>> {
        None
    }

    /// What the answer for `pod` depends on, and what PreFilter's depends on if the plugin has one.
    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Uncacheable
    }
}

/// PreScore: look at the feasible nodes once, and keep what Score needs.
pub trait PreScore: Plugin {
    /// Called with two or more feasible nodes.
    ///
    /// # Errors
    /// Ends the cycle.
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError>;
}

/// The highest score after normalising; the lowest is 0.
pub const MAX_SCORE: i64 = 100;

/// Score: how good is this node?
pub trait Score: Plugin {
    /// Scores one feasible node.
    ///
    /// # Errors
    /// Ends the cycle.
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError>;

    /// Scores some feasible nodes into `scores`, one for one; what was there before means nothing. The default asks
    /// [`score`](Self::score) of each.
    ///
    /// # Errors
    /// Ends the cycle.
    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        for (slot, score) in nodes.iter().zip(scores) {
            *score = self.score(cx, state, cx.snapshot.view(*slot))?;
        }
        Ok(())
    }

    /// The raw score of every node, where the plugin knows without a look at any that all have the same; nobody asks about
    /// single nodes then. The default knows nothing.
    fn even_score(&self, _cx: Cycle<'_>, _state: &PluginState) -> Option<i64> {
        None
    }

    /// Whether [`normalise`](Self::normalise) leaves every score as it is. One who says so truthfully spares the engine
    /// to tell nodes apart by this score before it is weighed.
    fn is_absolute(&self) -> bool {
        false
    }

    /// Brings the scores of all feasible nodes into 0 to [`MAX_SCORE`]. What becomes of a score may depend on which
    /// scores there are, not on how many nodes have each. The default leaves them: [`score`](Self::score) is in range
    /// already.
    ///
    /// # Errors
    /// Ends the cycle.
    fn normalise(
        &self,
        _cx: Cycle<'_>,
        _state: &PluginState,
        _nodes: &[Slot],
        _scores: &mut [i64],
    ) -> Result<(), PluginError> {
        Ok(())
    }

    /// What the raw score for `pod` depends on, and what PreScore's answer depends on if the plugin has one.
    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Uncacheable
    }
}

/// Scales so that the highest score becomes 100; `reversed`, so that it becomes 0 and 0 becomes 100. The rule that
/// NodeAffinity and TaintToleration share.
pub fn scale_to_max(scores: &mut [i64], reversed: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let scaled = if max == 0 { 0 } else { MAX_SCORE * *score / max };
        *score = match (reversed, max) {
            (true, _) => MAX_SCORE - scaled,
            (false, 0) => *score,
            (false, _) => scaled,
        };
    }
}

/// What Reserve may look at and change.
pub struct ReserveContext<'a> {
    /// Nodes and the pods on them, the pod itself already assumed.
    pub snapshot: &'a Snapshot,
    /// Every other object; what is assumed of volumes and claims is changed here.
    pub objects: &'a mut Objects,
    /// The pod.
    pub pod: &'a Pod,
    /// The node it was assumed on.
    pub node: Slot,
}

/// Reserve: set aside for the pod what the cache does not count. In the serial part of the cycle.
pub trait Reserve: Plugin {
    /// Sets aside. After a rejection or an error everything is unreserved.
    ///
    /// # Errors
    /// Fails the attempt.
    fn reserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError>;

    /// Gives back. Called in reverse order, also where [`reserve`](Self::reserve) was never reached or was undone
    /// already, so it must not mind. The node may be gone by now: the slot is not to be looked up.
    fn unreserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState);
}

/// Permit: now, later or never.
pub trait Permit: Plugin {
    /// Asked at the end of the serial part.
    ///
    /// # Errors
    /// Fails the attempt.
    fn permit(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<PermitVerdict, PluginError>;
}

/// PreBind: what has to be written before the binding.
pub trait PreBind: Plugin {
    /// The writes to be performed; none when there is nothing to do. A write that fails sends the pod to its backoff.
    ///
    /// # Errors
    /// The pod may not be bound, or something broke: fails the attempt.
    fn pre_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Vec<PreBindWrite>, Refusal>;
}

/// Bind: the binding itself.
pub trait Bind: Plugin {
    /// The binding to be written, or `None` to leave it to the next plugin.
    ///
    /// # Errors
    /// The pod may not be bound, or something broke: fails the attempt.
    fn bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Option<Binding>, Refusal>;
}

/// PostBind: the pod is bound.
pub trait PostBind: Plugin {
    /// For information.
    fn post_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot);
}

/// A range of slots, as work is split.
pub type SlotRange = Range<usize>;
