//! Putting a pod where it belongs, and taking it from where it is.

use std::cmp::Ordering;
use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;

use super::backoff::{Backoff, whole_second};
use super::wake::Wake;
use super::{Place, Queue, QueuedPod, Rules, Via};
use crate::meter::{EventLabel, ExtensionPoint, QueueName, Status};

impl Queue {
    pub(super) fn put(&mut self, queued: QueuedPod, wake: Wake, via: Via, rules: &dyn Rules) -> Place {
        match wake {
            Wake::No => {
                self.park(queued, via);
                Place::Parked
            }
            Wake::AfterBackoff if self.is_backing_off(&queued) => self.back_off(queued, via, rules),
            Wake::AfterBackoff | Wake::AtOnce => self.activate_unless_gated(queued, via, rules),
        }
    }

    fn park(&mut self, queued: QueuedPod, via: Via) {
        if !via.was_parked {
            self.meter.tell(|m| m.queued(QueueName::Unschedulable, via.event));
        }
        self.parked.insert(Arc::clone(&queued.pod.meta.uid), queued);
    }

    fn back_off(&mut self, queued: QueuedPod, via: Via, rules: &dyn Rules) -> Place {
        let queued = match self.gated(queued, via, rules) {
            Ok(queued) => queued,
            Err(place) => return place,
        };
        let by_expiry = self.by_expiry(rules);
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        let heap = if broken { &mut self.error_backoff } else { &mut self.backoff };
        heap.push(queued, &by_expiry);
        self.meter.tell(|m| m.queued(QueueName::Backoff, via.event));
        Place::Backoff
    }

    pub(super) fn activate_unless_gated(&mut self, queued: QueuedPod, via: Via, rules: &dyn Rules) -> Place {
        match self.gated(queued, via, rules) {
            Ok(queued) => {
                self.enter_active(queued, via.event, &|a, b| rules.compare(a, b));
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
        self.park(queued, via);
        Err(Place::Gated(plugin, rejection))
    }

    pub(super) fn enter_active(
        &mut self,
        mut queued: QueuedPod,
        event: EventLabel,
        compare: &dyn Fn(&QueuedPod, &QueuedPod) -> Ordering,
    ) {
        self.entries += 1;
        queued.entry = self.entries;
        queued.initial_attempt.get_or_insert(self.now);
        queued.marks.entered.get_or_insert(self.meter.now());
        self.meter.tell(|m| m.queued(QueueName::Active, event));
        if queued.attempts == 0 {
            self.nominate_as_stated(&queued.pod);
        }
        self.active.push(queued, compare);
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

    pub(super) fn take(&mut self, uid: &str, rules: &dyn Rules) -> Option<QueuedPod> {
        if let Some(queued) = self.parked.remove(uid) {
            return Some(queued);
        }
        if let Some(queued) = self.active.remove(uid, &|a, b| rules.compare(a, b)) {
            return Some(queued);
        }
        let by_expiry = self.by_expiry(rules);
        self.backoff.remove(uid, &by_expiry).or_else(|| self.error_backoff.remove(uid, &by_expiry))
    }

    /// Order of the backoff heaps: who is done first; at the same time, QueueSort.
    pub(super) fn by_expiry<'r>(
        &self,
        rules: &'r dyn Rules,
    ) -> impl Fn(&QueuedPod, &QueuedPod) -> Ordering + use<'r> {
        let timing = self.timing;
        move |a, b| expiry(&timing, a).cmp(&expiry(&timing, b)).then_with(|| rules.compare(a, b))
    }
}

fn failures(queued: &QueuedPod) -> u32 {
    if queued.error_count > 0 { queued.error_count } else { queued.unschedulable_count }
}

pub(super) fn expiry(timing: &Backoff, queued: &QueuedPod) -> Timestamp {
    timing.expiry(queued.since, failures(queued))
}
