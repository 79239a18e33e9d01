//! Filter: which nodes can the pod run on?

use std::sync::Arc;

use longshore_framework::plugin::{Filter, FilterSink, Room};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{Rejection, Verdict};
use longshore_framework::view::{Hypothesis, NodeView};
use rayon::prelude::*;
use smallvec::SmallVec;

use super::state::CycleState;
use super::{Broken, Evaluator, NodeStatus};
use crate::meter::{ExtensionPoint, Status};

/// What a node has left, by filter.
pub(crate) type Rooms<'a> = SmallVec<[Room<'a>; 1]>;

/// What became of some nodes; both lists in slot order.
#[derive(Debug, Default)]
pub(crate) struct Filtered {
    pub(crate) feasible: Vec<Slot>,
    pub(crate) rejected: Vec<NodeStatus>,
}

impl<'a> Evaluator<'a> {
    /// Every node, in slot order.
    pub(crate) fn all_slots(&self) -> Vec<Slot> {
        self.all_slots_in(Vec::new())
    }

    /// The same in a list of any slots in ascending order, each once.
    pub(crate) fn all_slots_in(&self, mut all: Vec<Slot>) -> Vec<Slot> {
        let (live, slots) = (self.snapshot.live(), self.snapshot.slots());
        let below = all.last().map_or(0, |last| last.index() + 1);
        if (all.len(), below) == (slots, slots) && live.len() == slots {
            // As many different ones below that number: these are all of them.
            return all;
        }
        all.clear();
        if live.len() == slots {
            // No slot is free: nothing needs to be looked up.
            all.extend((0..Slot::from(slots).0).map(Slot));
        } else {
            all.reserve(live.len());
            all.extend(live.iter().map(Slot::from));
        }
        all
    }

    /// Judges `slots`, which are in ascending order.
    pub(crate) fn filter(&self, state: &CycleState, mut slots: Vec<Slot>) -> Result<Filtered, String> {
        let promised = self.take_promised(&mut slots);
        let mut all = self.filter_split(state, slots)?;
        // What is not promised is in order already.
        let unordered = !promised.is_empty();
        for slot in promised {
            match self.judge(state, slot)? {
                None => all.feasible.push(slot),
                Some((plugin, rejection)) => all.rejected.push(NodeStatus { slot, plugin, rejection }),
            }
        }
        if unordered {
            all.feasible.sort_unstable();
        }
        all.rejected.sort_unstable_by_key(|s| s.slot);
        Ok(all)
    }

    fn filter_split(&self, state: &CycleState, slots: Vec<Slot>) -> Result<Filtered, String> {
        if slots.len() < self.parallelism.threshold {
            return self.filter_chunk(state, slots).map_err(|broken| broken.message);
        }
        let pieces = self.parallelism.run(|| {
            let chunks = slots.par_chunks(self.parallelism.chunk.max(1));
            chunks.map(|chunk| self.filter_chunk(state, chunk.to_vec())).collect::<Vec<_>>()
        });
        let mut all = Filtered::default();
        for part in super::all_or_first_broken(pieces)? {
            all.feasible.extend(part.feasible);
            all.rejected.extend(part.rejected);
        }
        Ok(all)
    }

    /// Every filter in turn sees the nodes that the ones before it passed.
    fn filter_chunk(&self, state: &CycleState, mut candidates: Vec<Slot>) -> Result<Filtered, Broken> {
        let mut statuses = Vec::new();
        let mut rejected = Vec::new();
        for (turn, (id, plugin)) in self.filters(state).enumerate() {
            if candidates.is_empty() {
                break;
            }
            self.watch.evaluated(id, Stage::Filter, candidates.len());
            let began = self.watch.start_plugin();
            let mut sink = FilterSink::new(&mut candidates, &mut rejected);
            let done = plugin.filter_range(self.cycle(), state.of(id), &mut sink);
            self.watch.plugin(id, ExtensionPoint::Filter, Status::of(&done), began);
            done.map_err(|e| Broken { turn, message: self.broken(Stage::Filter, id, &e) })?;
            let blamed = |(slot, rejection)| NodeStatus { slot, plugin: id, rejection };
            statuses.extend(rejected.drain(..).map(blamed));
        }
        Ok(Filtered { feasible: candidates, rejected: statuses })
    }

    /// Judges one node as it is.
    pub(crate) fn judge(
        &self,
        state: &CycleState,
        slot: Slot,
    ) -> Result<Option<(PluginId, Rejection)>, String> {
        if self.promised_to(slot).next().is_some() {
            let supposed = Hypothesis::of(self.snapshot, slot);
            return self.judge_supposed(state, &supposed);
        }
        self.judge_view(state, self.snapshot.view(slot))
    }

    /// Judges a node as supposed: it has to pass with the pods that were promised room there, whose priority is at
    /// least the pod's, and without them, because they may never come.
    pub(crate) fn judge_supposed(
        &self,
        state: &CycleState,
        supposed: &Hypothesis,
    ) -> Result<Option<(PluginId, Rejection)>, String> {
        let slot = supposed.slot();
        let mut promised = self.promised_to(slot).peekable();
        if promised.peek().is_some() {
            let (mut with, mut with_state) = (supposed.clone(), state.clone());
            for pod in promised {
                with.add(Arc::clone(pod));
                self.move_pod(&mut with_state, pod, slot, true)?;
            }
            let verdict = self.judge_view(&with_state, NodeView::supposed(self.snapshot, &with))?;
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        self.judge_view(state, NodeView::supposed(self.snapshot, supposed))
    }

    fn judge_view(
        &self,
        state: &CycleState,
        node: NodeView<'_>,
    ) -> Result<Option<(PluginId, Rejection)>, String> {
        for (id, plugin) in self.filters(state) {
            self.watch.evaluated(id, Stage::Filter, 1);
            let verdict = plugin
                .filter(self.cycle(), state.of(id), node)
                .map_err(|e| self.broken(Stage::Filter, id, &e))?;
            if let Verdict::Reject(rejection) = verdict {
                return Ok(Some((id, rejection)));
            }
        }
        Ok(None)
    }

    /// The filters that have something to say about the pod.
    pub(crate) fn filters(
        &self,
        state: &CycleState,
    ) -> impl Iterator<Item = (PluginId, &'a Arc<dyn Filter>)> {
        self.profile.at(Stage::Filter, |i| i.filter.as_ref()).filter(|(id, _)| !state.skips_filter(*id))
    }

    /// What the node has left for the pod by each of these filters, once all have come to whom room is promised there: with them there
    /// is less than without. `None` when a filter asks for more than room.
    pub(crate) fn rooms<'s>(
        &self,
        state: &'s CycleState,
        filters: impl Iterator<Item = (PluginId, &'s Arc<dyn Filter>)>,
        slot: Slot,
    ) -> Option<Rooms<'s>>
    where
        'a: 's,
    {
        let rooms = filters.map(|(id, filter)| filter.room(self.cycle(), state.of(id), slot));
        let mut rooms = rooms.collect::<Option<Rooms<'s>>>()?;
        self.promised_to(slot).for_each(|pod| rooms.iter_mut().for_each(|room| room.add(pod)));
        Some(rooms)
    }

    /// The other pods that room is promised to on the node, as far as the pod must leave it to them.
    pub(crate) fn promised_to(&self, slot: Slot) -> impl Iterator<Item = &'a Arc<Pod>> + use<'a> {
        let pod = self.pod;
        let promised = match self.nominator.is_empty() {
            true => &[],
            false => self.nominator.on(&self.snapshot.node(slot).name),
        };
        let counts = move |other: &&Arc<Pod>| {
            other.spec.priority >= pod.spec.priority && other.meta.uid != pod.meta.uid
        };
        promised.iter().filter(counts)
    }

    /// Takes out the nodes that are promised to other pods: each needs a hypothesis of its own.
    fn take_promised(&self, slots: &mut Vec<Slot>) -> Vec<Slot> {
        if self.nominator.is_empty() {
            return Vec::new();
        }
        let is_promised = |slot: &Slot| self.promised_to(*slot).next().is_some();
        if slots.len() < self.nominator.node_count() {
            let promised = slots.iter().copied().filter(is_promised).collect();
            slots.retain(|slot| !is_promised(slot));
            return promised;
        }
        let nodes = self.nominator.nodes().filter_map(|name| self.snapshot.slot(name));
        let mut promised: Vec<Slot> = nodes.filter(is_promised).collect();
        promised.sort_unstable();
        promised.retain(|slot| slots.binary_search(slot).is_ok());
        if !promised.is_empty() {
            slots.retain(|slot| promised.binary_search(slot).is_err());
        }
        promised
    }
}
