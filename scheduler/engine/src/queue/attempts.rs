//! Pods that leave to be tried, and come back.

use super::wake::Wake;
use super::{Place, Queue, Rules, Via};
use crate::meter::{EventLabel, QueueName};
use crate::plugin_set::PluginSet;
use crate::pods::{Flight, Part, Pods, QueuedPod, Seat};

impl Queue {
    /// The pod that goes first, now in flight. When none is active, a pod in backoff goes before its time.
    pub(crate) fn pop(&mut self, pods: &mut Pods) -> Option<Box<QueuedPod>> {
        let number = match self.active.pop() {
            Some(number) => number,
            None => {
                let number = self.backoff.pop()?;
                self.meter.tell(|m| m.queued(QueueName::Active, EventLabel::POPPED_FROM_BACKOFF));
                number
            }
        };
        self.take_off(pods, number)
    }

    /// Takes a waiting pod into flight out of turn; one that waits in a group takes the group along, if that may be tried.
    pub(crate) fn take_out_of_turn(&mut self, pods: &mut Pods, uid: &str) -> Option<Box<QueuedPod>> {
        let number = pods.number(uid)?;
        let number = self.stands_in(pods, number).unwrap_or(number);
        if matches!(pods.seat(number), Seat::Waiting(Part::Group, _)) {
            return None;
        }
        self.unlink(pods, number);
        let mut queued = self.take_off(pods, number)?;
        queued.gated_by = None;
        Some(queued)
    }

    /// Takes a pod into flight that its part does not know any more.
    pub(super) fn take_off(&mut self, pods: &mut Pods, number: usize) -> Option<Box<QueuedPod>> {
        pods.waiting(number)?;
        let mut queued = pods.take_off(number, self.in_flight.start())?;
        queued.marks.taken = self.meter.now().into();
        queued.attempts += 1;
        Some(queued)
    }

    /// A pod comes back from a failed attempt; `rejected_by` and `pending_on` say who rejected it, and are empty when
    /// something broke.
    pub(crate) fn give_back(
        &mut self,
        pods: &mut Pods,
        mut queued: Box<QueuedPod>,
        rules: &dyn Rules,
    ) -> Place {
        let broken = queued.rejected_by.is_empty() && queued.pending_on.is_empty();
        if broken {
            queued.error_count += 1;
        } else {
            queued.unschedulable_count += 1;
            queued.error_count = 0;
        }
        queued.since = self.now;
        queued.flushed = None;
        let wake = match (self.retry, broken, pods.seat(queued.number)) {
            (true, true, _) => Wake::AfterBackoff,
            (true, false, Seat::Deciding(flight)) => self.woken_meanwhile(flight, &queued, rules),
            _ => Wake::No,
        };
        self.come_back(pods, queued, wake, rules)
    }

    /// The attempt is over and the pod does not come back.
    pub(crate) fn done(&mut self, pods: &mut Pods, uid: &str) {
        let is_over = pods.number(uid).is_some_and(|number| matches!(pods.seat(number), Seat::Deciding(_)));
        if let Some(number) = pods.number(uid).filter(|_| is_over) {
            self.leave_group(pods, number);
        }
        if is_over && let Some(Seat::Deciding(flight)) = pods.remove(uid) {
            self.in_flight.done(flight);
        }
    }

    /// A pod that is not in flight any more failed late (binding): it goes to its backoff.
    pub(crate) fn retry_later(
        &mut self,
        pods: &mut Pods,
        mut queued: Box<QueuedPod>,
        rules: &dyn Rules,
    ) -> Place {
        queued.error_count += 1;
        queued.since = self.now;
        queued.flushed = None;
        let wake = if self.retry { Wake::AfterBackoff } else { Wake::No };
        self.come_back(pods, queued, wake, rules)
    }

    /// A pod whose binding was taken back before anyone heard of it: it is tried again at once.
    pub(crate) fn retry_now(
        &mut self,
        pods: &mut Pods,
        mut queued: Box<QueuedPod>,
        rules: &dyn Rules,
    ) -> Place {
        queued.rejected_by = PluginSet::default();
        queued.pending_on = PluginSet::default();
        self.come_back(pods, queued, Wake::AtOnce, rules)
    }

    /// A pod that was in hand waits again. One that has another place by now stays there.
    fn come_back(&mut self, pods: &mut Pods, queued: Box<QueuedPod>, wake: Wake, rules: &dyn Rules) -> Place {
        let number = queued.number;
        let Ok(flight) = pods.wait(queued) else { return Place::Parked };
        let place = self.put(pods, number, wake, Via::new(EventLabel::ATTEMPT_FAILED), rules);
        self.land(flight);
        place
    }

    /// What happens from now on is no news to a pod that was in flight.
    pub(crate) fn land(&mut self, flight: Option<Flight>) {
        if let Some(flight) = flight {
            self.in_flight.done(flight);
        }
    }
}
