//! Putting a pod where it belongs, and taking it from where it is.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::plugin::Rank;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;

use super::backoff::{Backoff, whole_second};
use super::groups::has_begun;
use super::wake::Wake;
use super::{Place, Queue, Rules, Turn, Via};
use crate::meter::{EventLabel, ExtensionPoint, QueueName, Status};
use crate::pods::{Part, Pods, QueuedPod, Seat};

impl Queue {
    /// Puts a waiting pod that no part knows into the part where it belongs.
    pub(super) fn put(
        &mut self,
        pods: &mut Pods,
        number: usize,
        wake: Wake,
        via: Via,
        rules: &dyn Rules,
    ) -> Place {
        match wake {
            Wake::No => {
                self.park(pods, number, via, rules);
                Place::Parked
            }
            Wake::AfterBackoff if pods.waiting(number).is_some_and(|queued| self.is_backing_off(queued)) => {
                self.back_off(pods, number, via, rules)
            }
            Wake::AfterBackoff | Wake::AtOnce => self.activate_unless_gated(pods, number, via, rules),
        }
    }

    fn park(&mut self, pods: &mut Pods, number: usize, via: Via, rules: &dyn Rules) {
        if !via.was_parked {
            self.meter.tell(|m| m.queued(QueueName::Unschedulable, via.event));
        }
        let is_gated = pods.waiting(number).is_some_and(|queued| queued.gated_by.is_some());
        if let Some(id) = self.groups.binding(number).filter(|_| !is_gated) {
            self.enter_group(pods, (id, number), Wake::No, via.event, rules);
            return;
        }
        self.enter(pods, number, Part::Parked, rules);
    }

    fn back_off(&mut self, pods: &mut Pods, number: usize, via: Via, rules: &dyn Rules) -> Place {
        if let Some((plugin, rejection)) = self.gate(pods, number, rules) {
            self.park(pods, number, via, rules);
            return Place::Gated(plugin, rejection);
        }
        if let Some(id) = self.groups.binding(number) {
            return self.enter_group(pods, (id, number), Wake::AfterBackoff, via.event, rules);
        }
        let is_broken = |queued: &QueuedPod| queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        let broken = pods.waiting(number).is_some_and(is_broken);
        self.enter(pods, number, if broken { Part::ErrorBackoff } else { Part::Backoff }, rules);
        self.meter.tell(|m| m.queued(QueueName::Backoff, via.event));
        Place::Backoff
    }

    pub(super) fn activate_unless_gated(
        &mut self,
        pods: &mut Pods,
        number: usize,
        via: Via,
        rules: &dyn Rules,
    ) -> Place {
        if let Some((plugin, rejection)) = self.gate(pods, number, rules) {
            self.park(pods, number, via, rules);
            return Place::Gated(plugin, rejection);
        }
        if let Some(id) = self.groups.binding(number) {
            return self.enter_group(pods, (id, number), Wake::AtOnce, via.event, rules);
        }
        self.enter_active(pods, number, via.event, rules);
        Place::Active
    }

    /// Asks PreEnqueue. A pod that a plugin keeps out is to be parked.
    fn gate(&self, pods: &mut Pods, number: usize, rules: &dyn Rules) -> Option<(PluginId, Rejection)> {
        if let Some(id) = pods.waiting(number)?.stands_for {
            let gate = self.gate_of_entity(pods, id, rules);
            let entity = pods.waiting_mut(number)?;
            entity.gated_by = gate.as_ref().map(|(plugin, _)| *plugin);
            entity.rests = gate.is_some();
            return gate;
        }
        let queued = pods.waiting_mut(number)?;
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
    pub(crate) fn end_rest(&mut self, pods: &mut Pods, uid: &str) {
        let Some(number) = pods.number(uid) else { return };
        let number = self.stands_in(pods, number).unwrap_or(number);
        let Seat::Waiting(Part::Parked, queued) = pods.seat(number) else { return };
        if !queued.rests {
            return;
        }
        self.parked.remove(number, queued);
        if let Some(queued) = pods.waiting_mut(number) {
            (queued.rests, queued.gated_by) = (false, None);
            self.parked.insert(number, queued);
        }
    }

    pub(super) fn enter_active(
        &mut self,
        pods: &mut Pods,
        number: usize,
        event: EventLabel,
        rules: &dyn Rules,
    ) {
        let Some(queued) = pods.waiting_mut(number) else { return };
        // A group that was never tried takes the place of its first pod.
        if queued.stands_for.is_none() || queued.attempts > 0 {
            self.entries += 1;
            queued.entry = self.entries;
        }
        queued.marks.entered.get_or_insert(self.meter.now().into());
        self.meter.tell(|m| m.queued(QueueName::Active, event));
        if queued.attempts == 0 {
            self.nominate_as_stated(&queued.pod);
        }
        self.enter(pods, number, Part::Active, rules);
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

    fn enter(&mut self, pods: &mut Pods, number: usize, part: Part, rules: &dyn Rules) {
        pods.set_part(number, part);
        self.link(pods, number, rules);
    }

    /// Lets its part know of a pod that is new there, or ranks another way now.
    pub(super) fn link(&mut self, pods: &Pods, number: usize, rules: &dyn Rules) {
        let Seat::Waiting(part, queued) = pods.seat(number) else { return };
        let turn = || -> Turn { (self.rank(pods, queued, rules), queued.entry) };
        match part {
            Part::Active => self.active.push(number, turn()),
            Part::Backoff => self.backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::ErrorBackoff => self.error_backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::Parked => self.parked.insert(number, queued),
            Part::Group => self.groups.wait(number),
        }
    }

    /// What QueueSort says, but that a group goes first which has begun.
    fn rank(&self, pods: &Pods, queued: &QueuedPod, rules: &dyn Rules) -> Rank {
        match queued.stands_for.and_then(|id| self.groups.get(id)) {
            Some(group) if has_begun(group, pods) => Rank::FIRST,
            _ => rules.rank(queued),
        }
    }

    /// A waiting pod is about to leave its part.
    pub(super) fn unlink(&mut self, pods: &Pods, number: usize) {
        let Seat::Waiting(part, queued) = pods.seat(number) else { return };
        match part {
            Part::Active => self.active.remove(number),
            Part::Backoff => self.backoff.remove(number),
            Part::ErrorBackoff => self.error_backoff.remove(number),
            Part::Parked => self.parked.remove(number, queued),
            Part::Group => self.groups.stop_waiting(number),
        }
    }
}

fn failures(queued: &QueuedPod) -> u32 {
    if queued.error_count > 0 { queued.error_count } else { queued.unschedulable_count }
}

pub(super) fn expiry(timing: &Backoff, queued: &QueuedPod) -> Timestamp {
    timing.expiry(queued.since, failures(queued))
}
