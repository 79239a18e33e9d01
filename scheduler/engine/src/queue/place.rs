//! Putting a pod where it belongs, and taking it from where it is.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;

use super::backoff::{Backoff, whole_second};
use super::pods::{Part, Seat};
use super::wake::Wake;
use super::{Place, Queue, QueuedPod, Rules, Turn, Via};
use crate::meter::{EventLabel, ExtensionPoint, QueueName, Status};

impl Queue {
    pub(super) fn put(&mut self, queued: QueuedPod, wake: Wake, via: Via, rules: &dyn Rules) -> Place {
        match wake {
            Wake::No => {
                self.park(queued, via, rules);
                Place::Parked
            }
            Wake::AfterBackoff if self.is_backing_off(&queued) => self.back_off(queued, via, rules),
            Wake::AfterBackoff | Wake::AtOnce => self.activate_unless_gated(queued, via, rules),
        }
    }

    fn park(&mut self, queued: QueuedPod, via: Via, rules: &dyn Rules) {
        if !via.was_parked {
            self.meter.tell(|m| m.queued(QueueName::Unschedulable, via.event));
        }
        self.enter(queued, Part::Parked, rules);
    }

    fn back_off(&mut self, mut queued: QueuedPod, via: Via, rules: &dyn Rules) -> Place {
        if let Some((plugin, rejection)) = self.gate(&mut queued, rules) {
            self.park(queued, via, rules);
            return Place::Gated(plugin, rejection);
        }
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        self.enter(queued, if broken { Part::ErrorBackoff } else { Part::Backoff }, rules);
        self.meter.tell(|m| m.queued(QueueName::Backoff, via.event));
        Place::Backoff
    }

    pub(super) fn activate_unless_gated(
        &mut self,
        mut queued: QueuedPod,
        via: Via,
        rules: &dyn Rules,
    ) -> Place {
        if let Some((plugin, rejection)) = self.gate(&mut queued, rules) {
            self.park(queued, via, rules);
            return Place::Gated(plugin, rejection);
        }
        self.enter_active(queued, via.event, rules);
        Place::Active
    }

    /// Asks PreEnqueue. A pod that a plugin keeps out is to be parked.
    fn gate(&self, queued: &mut QueuedPod, rules: &dyn Rules) -> Option<(PluginId, Rejection)> {
        let began = self.meter.now();
        let gate = rules.gate(queued);
        let status = gate.as_ref().map_or(Status::Success, |(_, rejection)| rejection.code.into());
        self.meter.watch(queued.profile, false).point(ExtensionPoint::PreEnqueue, status, began);
        queued.gated_by = gate.as_ref().map(|(plugin, _)| *plugin);
        queued.rests = queued.gated_by.is_some_and(|plugin| rules.rests(queued, plugin));
        if let Some(plugin) = queued.gated_by {
            queued.rejected_by.insert(plugin);
        }
        gate
    }

    /// A pod need not rest any more, and what happens from now on may be news to it.
    pub(crate) fn end_rest(&mut self, uid: &str) {
        let Some(number) = self.pods.number(uid) else { return };
        let Seat::Waiting(Part::Parked, queued) = self.pods.seat(number) else { return };
        if !queued.rests {
            return;
        }
        self.parked.remove(number, queued);
        if let Some(queued) = self.pods.waiting_mut(number) {
            (queued.rests, queued.gated_by) = (false, None);
            self.parked.insert(number, queued);
        }
    }

    pub(super) fn enter_active(&mut self, mut queued: QueuedPod, event: EventLabel, rules: &dyn Rules) {
        self.entries += 1;
        queued.entry = self.entries;
        queued.marks.entered.get_or_insert(self.meter.now().into());
        self.meter.tell(|m| m.queued(QueueName::Active, event));
        if queued.attempts == 0 {
            self.nominate_as_stated(&queued.pod);
        }
        self.enter(queued, Part::Active, rules);
    }

    /// The nomination in the status of a pod that was never tried counts from now on, unless a newer one was made in
    /// memory; after an attempt that attempt's word counts. Gated pods come here only by [the rule](Rule::GatedNominationsReserve)
    /// that their nominations reserve room.
    pub(super) fn nominate_as_stated(&mut self, pod: &Arc<Pod>) {
        if let (Some(node), None) = (&pod.meta.nominated_node, self.nominator.node_of(&pod.meta.uid)) {
            self.nominator.nominate(pod, node);
        }
    }

    pub(super) fn is_backing_off(&self, queued: &QueuedPod) -> bool {
        expiry(&self.timing, queued) >= whole_second(self.now)
            && failures(queued) > 0
            && !self.timing.max.is_zero()
    }

    /// Takes a waiting pod out of the queue.
    pub(super) fn leave(&mut self, number: usize) -> Option<QueuedPod> {
        let uid = Arc::clone(&self.pods.waiting(number)?.pod.meta.uid);
        self.unlink(number);
        match self.pods.remove(&uid)? {
            (_, Seat::Waiting(_, queued)) => Some(queued),
            _ => None,
        }
    }

    fn enter(&mut self, queued: QueuedPod, part: Part, rules: &dyn Rules) {
        let number = self.pods.number_for(&queued.pod.meta.uid);
        self.unlink(number);
        self.pods.put(number, Seat::Waiting(part, queued));
        self.link(number, rules);
    }

    /// Lets its part know of a pod that is new there, or ranks another way now.
    pub(super) fn link(&mut self, number: usize, rules: &dyn Rules) {
        let Seat::Waiting(part, queued) = self.pods.seat(number) else { return };
        let turn = || -> Turn { (rules.rank(queued), queued.entry) };
        match part {
            Part::Active => self.active.push(number, turn()),
            Part::Backoff => self.backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::ErrorBackoff => self.error_backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::Parked => self.parked.insert(number, queued),
        }
    }

    /// The pod is about to leave its part, or to come out of flight.
    pub(super) fn unlink(&mut self, number: usize) {
        match self.pods.seat(number) {
            Seat::Free => {}
            Seat::InFlight(start) => self.in_flight.done(*start),
            Seat::Waiting(Part::Active, _) => self.active.remove(number),
            Seat::Waiting(Part::Backoff, _) => self.backoff.remove(number),
            Seat::Waiting(Part::ErrorBackoff, _) => self.error_backoff.remove(number),
            Seat::Waiting(Part::Parked, queued) => self.parked.remove(number, queued),
        }
    }
}

fn failures(queued: &QueuedPod) -> u32 {
    if queued.error_count > 0 { queued.error_count } else { queued.unschedulable_count }
}

pub(super) fn expiry(timing: &Backoff, queued: &QueuedPod) -> Timestamp {
    timing.expiry(queued.since, failures(queued))
}
