//! One node, tried by counting: where pods that leave it change nothing for the pod but the room they leave.

use std::cmp::Reverse;
use std::sync::Arc;

use longshore_framework::plugin::{Candidate, DryRun, Filter, Room};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Verdict;
use smallvec::SmallVec;

use super::potential::Potential;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;

/// The filters that have something to say about the pod, when all of them can be told by counting.
pub(super) struct ByRoom<'a> {
    evaluator: &'a Evaluator<'a>,
    state: &'a CycleState,
    /// They do not look at the pods of a node.
    fixed: SmallVec<[(PluginId, &'a Arc<dyn Filter>); 8]>,
    /// They pass a node with enough [room](Filter::room).
    by_room: SmallVec<[(PluginId, &'a Arc<dyn Filter>); 8]>,
}

impl<'a> ByRoom<'a> {
    pub(super) fn new(evaluator: &'a Evaluator<'a>, state: &'a CycleState) -> Self {
        let filters = evaluator.filters(state);
        let (by_room, fixed) = filters
            .partition(|(_, filter): &(_, &Arc<dyn Filter>)| filter.depends_on(evaluator.pod).on_pods());
        Self { evaluator, state, fixed, by_room }
    }

    /// What comes of evictions, if they help and counting tells: as [`try_node`](super::trial::try_node) has it.
    pub(super) fn try_node(&self, potential: &Potential<'_>, slot: Slot) -> Option<DryRun> {
        let mut rooms = self.evaluator.rooms(self.state, self.by_room.iter().copied(), slot)?;
        let all = potential.protected.iter().chain(&potential.others);
        all.for_each(|pod| rooms.iter_mut().for_each(|room| room.remove(pod)));
        if !rooms.iter().all(Room::suffices) || !self.pass_fixed(slot) {
            return None;
        }
        let (mut victims, others) = (stay_out(&mut rooms, &potential.protected), &potential.others);
        let violations = victims.len();
        victims.extend(stay_out(&mut rooms, others));
        if victims.is_empty() {
            return None;
        }
        Some(DryRun::Candidate(Candidate::new(slot, potential.in_order(victims), violations)))
    }

    /// The same where no PodDisruptionBudget protects anybody, from the briefs of the pods; `None` also where nobody may have to go.
    pub(super) fn try_briefly(&self, slot: Slot) -> Option<DryRun> {
        let snapshot = self.evaluator.snapshot;
        let (pods, briefs) = (snapshot.pods(slot), snapshot.briefs(slot));
        let priority = self.evaluator.pod.spec.priority;
        let mut potential: SmallVec<[usize; 32]> =
            (0..briefs.len()).filter(|at| briefs[*at].priority < priority).collect();
        if potential.is_empty() {
            return None;
        }
        let mut rooms = self.evaluator.rooms(self.state, self.by_room.iter().copied(), slot)?;
        for at in &potential {
            rooms.iter_mut().for_each(|room| room.remove_brief(&briefs[*at], &pods[*at]));
        }
        if !rooms.iter().all(Room::suffices) || !self.pass_fixed(slot) {
            return None;
        }
        // The more important come back first; among equals the order is that of the node.
        potential.sort_unstable_by_key(|at| (Reverse(briefs[*at].priority), briefs[*at].started, *at));
        potential.retain(|at| {
            rooms.iter_mut().for_each(|room| room.add_brief(&briefs[*at], &pods[*at]));
            let fits = rooms.iter().all(Room::suffices);
            if !fits {
                rooms.iter_mut().for_each(|room| room.remove_brief(&briefs[*at], &pods[*at]));
            }
            !fits
        });
        if potential.is_empty() {
            return None;
        }
        let victims = potential.iter().map(|at| Arc::clone(&pods[*at])).collect();
        Some(DryRun::Candidate(Candidate::new(slot, victims, 0)))
    }

    fn pass_fixed(&self, slot: Slot) -> bool {
        let (cx, node) = (self.evaluator.cycle(), self.evaluator.snapshot.view(slot));
        self.fixed.iter().all(|(id, filter)| {
            self.evaluator.watch.evaluated(*id, Stage::Filter, 1);
            matches!(filter.filter(cx, self.state.of(*id), node), Ok(Verdict::Pass))
        })
    }
}

/// Puts back as many of the pods as there is room for, in their order; those that have to stay out.
fn stay_out<'p>(rooms: &mut [Room<'_>], pods: &[&'p Arc<Pod>]) -> Vec<&'p Arc<Pod>> {
    let has_to_stay_out = |pod: &&&Arc<Pod>| {
        rooms.iter_mut().for_each(|room| room.add(pod));
        let fits = rooms.iter().all(Room::suffices);
        if !fits {
            rooms.iter_mut().for_each(|room| room.remove(pod));
        }
        !fits
    };
    pods.iter().filter(has_to_stay_out).copied().collect()
}
