//! What plugins count over the whole cluster, kept from one decision to the next.

use crate::Str;
use crate::plugin::{Cycle, Plugin};
use crate::pod::Pod;
use crate::snapshot::Slot;
use crate::state::PluginState;
use crate::verdict::PluginError;

/// A plugin whose answer for a node depends on the pods of that node's topology domains.
///
/// Asked anew for every pod it would count the whole cluster every time. So for a class of pods the engine lets it count
/// once ([`count`](Self::count)), tells it after that which nodes changed ([`recount`](Self::recount)), and asks Filter and
/// Score about one node of every [`kind`](Self::kind) only. PreFilter and PreScore are not asked then.
pub trait Census: Plugin {
    /// Counts over all nodes and puts what Filter and Score read into `state`.
    ///
    /// # Errors
    /// The engine asks the plugin anew for every pod, as if it took no census.
    fn count(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<Counted, PluginError>;

    /// Brings the count up to date. `changed`, in ascending order, are the slots of nodes that came, went or changed, or
    /// whose pods did, since the last count.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    fn recount(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        changed: &[Slot],
    ) -> Result<Recounted, PluginError>;

    /// The nodes to [recount](Self::recount) when no more changed than the pods of some nodes since this generation of the snapshot,
    /// in any order and possibly repeated; the others count as they did. `None`, the default: all whose pods changed.
    fn recounts(&self, _cx: Cycle<'_>, _state: &PluginState, _since: u64) -> Option<Vec<Slot>> {
        None
    }

    /// Appends numbers that tell nodes apart: nodes for which they are equal get the same verdict and the same raw score,
    /// now and after any recount that does not name them.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    fn kind(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        node: Slot,
        kind: &mut Vec<i64>,
    ) -> Result<(), PluginError>;

    /// The same of many nodes, one after the other, so many numbers for each.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    fn kinds(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        kinds: &mut Vec<i64>,
    ) -> Result<(), PluginError> {
        nodes.iter().try_for_each(|node| self.kind(cx, state, *node, kinds))
    }

    /// Which nodes are of one [`kind`](Self::kind) without a look at each; `None`, the default, when that is not known. It may be
    /// asked before any recount.
    fn alike(&self, _cx: Cycle<'_>, _state: &PluginState) -> Option<AlikeNodes> {
        None
    }

    /// Whether Filter would count `other`, were it on `node`: a node where room is promised to such a pod is like no other
    /// node. What the answer depends on changes only with what [`count`](Self::count) depends on.
    fn counts(&self, _cx: Cycle<'_>, _state: &PluginState, _other: &Pod, _node: Slot) -> bool {
        true
    }

    /// In place of PreScore: `feasible` has a node of every kind that is feasible, and how many there are.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    fn weigh(
        &self,
        _cx: Cycle<'_>,
        _state: &mut PluginState,
        _feasible: &[(Slot, usize)],
    ) -> Result<(), PluginError> {
        Ok(())
    }
}

/// Nodes that are of one kind: those that are in the same domains of all keys, or lack the same keys, but for some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlikeNodes {
    /// Topology keys.
    pub keys: Vec<Str>,
    /// The nodes that may be of another kind, in any order and possibly repeated.
    pub except: Vec<Slot>,
}

/// Which stages a plugin has something to say at. It is left out of the others, as if PreFilter or PreScore had skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Filter.
    pub filters: bool,
    /// Score.
    pub scores: bool,
    /// It may have something to say at others after a recount, which says so by [`Recounted::Anew`].
    pub later: bool,
}

/// What came of a recount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounted {
    /// The count is up to date.
    Done,
    /// What tells nodes apart is no longer the same: count anew.
    Anew,
}
