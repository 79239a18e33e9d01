//! Putting a pod where it belongs, and taking it from where it is.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;

use super::backoff::{Backoff, whole_second};
use super::pods::{Part, Waiting};
use super::wake::Wake;
use super::{Place, Queue, QueuedPod, Rules, Via};
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

    fn back_off(&mut self, queued: QueuedPod, via: Via, rules: &dyn Rules) -> Place {
        let queued = match self.gated(queued, via, rules) {
            Ok(queued) => queued,
            Err(place) => return place,
        };
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        self.enter(queued, if broken { Part::ErrorBackoff } else { Part::Backoff }, rules);
        self.meter.tell(|m| m.queued(QueueName::Backoff, via.event));
        Place::Backoff
    }

    pub(super) fn activate_unless_gated(&mut self, queued: QueuedPod, via: Via, rules: &dyn Rules) -> Place {
        match self.gated(queued, via, rules) {
            Ok(queued) => {
                self.enter_active(queued, via.event, rules);
                Place::Active
            }
            Err(place) => place,
        }
    }

    /// Parks the pod when a PreEnqueue plugin keeps it out.
    fn gated(&mut self, mut queued: QueuedPod, via: Via, rules: &dyn Rules) -> Result<QueuedPod, Place> {
        let began = self.meter.now();
        let gate = rules.gate(&queued);
        let status = gate.as_ref().map_or(Status::Success, |(_, rejection)| rejection.code.into());
        self.meter.watch(queued.profile, false).point(ExtensionPoint::PreEnqueue, status, began);
        let Some((plugin, rejection)) = gate else {
            queued.gated_by = None;
            return Ok(queued);
        };
        queued.gated_by = Some(plugin);
        queued.rejected_by.insert(plugin);
        self.park(queued, via, rules);
        Err(Place::Gated(plugin, rejection))
    }

    pub(super) fn enter_active(&mut self, mut queued: QueuedPod, event: EventLabel, rules: &dyn Rules) {
        self.entries += 1;
        queued.entry = self.entries;
        queued.initial_attempt.get_or_insert(self.now);
        queued.marks.entered.get_or_insert(self.meter.now());
        self.meter.tell(|m| m.queued(QueueName::Active, event));
        if queued.attempts == 0 {
            self.nominate_as_stated(&queued.pod);
        }
        self.enter(queued, Part::Active, rules);
    }

    /// The nomination in the status of a pod that was never tried counts from now on, unless a newer one was made in
    /// memory; after an attempt that attempt's word counts. Gated pods never come here: their nominations reserve no
    /// room.
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

    /// Takes the pod out of the part it is in.
    pub(super) fn take(&mut self, uid: &str) -> Option<QueuedPod> {
        self.leave(self.pods.number(uid)?)
    }

    /// As [`take`](Self::take), by number.
    pub(super) fn leave(&mut self, number: usize) -> Option<QueuedPod> {
        let waiting = self.pods.remove(number)?;
        self.unlink(number, &waiting);
        Some(waiting.queued)
    }

    fn enter(&mut self, queued: QueuedPod, part: Part, rules: &dyn Rules) {
        let (number, old) = self.pods.insert(Waiting { queued, part });
        if let Some(old) = old {
            self.unlink(number, &old);
        }
        self.link(number, rules);
    }

    /// Lets its part know of a pod that is new there, or ranks another way now.
    pub(super) fn link(&mut self, number: usize, rules: &dyn Rules) {
        let Some(Waiting { queued, part }) = self.pods.get(number) else { return };
        let turn = || (rules.rank(queued), queued.entry);
        match part {
            Part::Active => self.active.push(number, turn()),
            Part::Backoff => self.backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::ErrorBackoff => self.error_backoff.push(number, (expiry(&self.timing, queued), turn())),
            Part::Parked => {
                self.parked.insert(Arc::clone(&queued.pod.meta.uid), number);
            }
        }
    }

    fn unlink(&mut self, number: usize, waiting: &Waiting) {
        match waiting.part {
            Part::Active => self.active.remove(number),
            Part::Backoff => self.backoff.remove(number),
            Part::ErrorBackoff => self.error_backoff.remove(number),
            Part::Parked => self.parked.remove(&waiting.queued.pod.meta.uid).is_some(),
        };
    }
}

fn failures(queued: &QueuedPod) -> u32 {
    if queued.error_count > 0 { queued.error_count } else { queued.unschedulable_count }
}

pub(super) fn expiry(timing: &Backoff, queued: &QueuedPod) -> Timestamp {
    timing.expiry(queued.since, failures(queued))
}
