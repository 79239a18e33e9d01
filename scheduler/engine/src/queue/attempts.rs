//! Pods that leave to be tried, and come back.

use super::wake::Wake;
use super::{Place, Queue, QueuedPod, Rules, Via};
use crate::meter::{EventLabel, QueueName};
use crate::plugin_set::PluginSet;

impl Queue {
    /// The pod that goes first, now in flight. When none is active, a pod in backoff goes before its time.
    pub(crate) fn pop(&mut self) -> Option<QueuedPod> {
        let number = match self.active.pop() {
            Some(number) => number,
            None => {
                let number = self.backoff.pop()?;
                self.meter.tell(|m| m.queued(QueueName::Active, EventLabel::POPPED_FROM_BACKOFF));
                number
            }
        };
        self.take_off(number)
    }

    /// Takes a waiting pod into flight out of turn.
    pub(crate) fn take_out_of_turn(&mut self, uid: &str) -> Option<QueuedPod> {
        let number = self.pods.number(uid)?;
        self.pods.waiting(number)?;
        self.unlink(number);
        let mut queued = self.take_off(number)?;
        queued.gated_by = None;
        Some(queued)
    }

    /// Takes a pod into flight that its part does not know any more.
    fn take_off(&mut self, number: usize) -> Option<QueuedPod> {
        self.pods.waiting(number)?;
        let mut queued = self.pods.take_off(number, self.in_flight.start())?;
        queued.marks.taken = self.meter.now().into();
        queued.attempts += 1;
        Some(queued)
    }

    /// A pod comes back from a failed attempt; `rejected_by` and `pending_on` say who rejected it, and are empty when
    /// something broke.
    pub(crate) fn give_back(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Place {
        if self.get(&queued.pod.meta.uid).is_some() {
            return Place::Parked;
        }
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        if broken {
            queued.error_count += 1;
        } else {
            queued.unschedulable_count += 1;
            queued.error_count = 0;
        }
        queued.since = self.now;
        queued.flushed = None;
        let wake = match (self.retry, broken) {
            (false, _) => Wake::No,
            (true, true) => Wake::AfterBackoff,
            (true, false) => self.woken_meanwhile(&queued, rules),
        };
        self.put(queued, wake, Via::new(EventLabel::ATTEMPT_FAILED), rules)
    }

    /// The attempt is over and the pod does not come back.
    pub(crate) fn done(&mut self, uid: &str) {
        let number = self.pods.number(uid);
        if let Some(start) = number.and_then(|number| self.pods.in_flight(number)) {
            self.in_flight.done(start);
            self.pods.remove(uid);
        }
    }

    /// A pod that is not in flight any more failed late (binding): it goes to its backoff.
    pub(crate) fn retry_later(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Place {
        queued.error_count += 1;
        queued.since = self.now;
        queued.flushed = None;
        let wake = if self.retry { Wake::AfterBackoff } else { Wake::No };
        self.put(queued, wake, Via::new(EventLabel::ATTEMPT_FAILED), rules)
    }

    /// A pod whose binding was taken back before anyone heard of it: it is tried again at once.
    pub(crate) fn retry_now(&mut self, mut queued: QueuedPod, rules: &dyn Rules) -> Place {
        queued.rejected_by = PluginSet::default();
        queued.pending_on = PluginSet::default();
        self.put(queued, Wake::AtOnce, Via::new(EventLabel::ATTEMPT_FAILED), rules)
    }
}
