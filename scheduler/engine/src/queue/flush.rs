//! What the passing of time does.

use longshore_framework::Timestamp;

use super::backoff::whole_second;
use super::wake::Wake;
use super::{Queue, Rules, Turn, Via};
use crate::meter::EventLabel;
use crate::pods::{Pods, QueuedPod};

impl Queue {
    /// Time has passed: backoffs end, and pods that no event woke for long are tried anyway.
    pub(crate) fn advance(&mut self, pods: &mut Pods, now: Timestamp, rules: &dyn Rules) {
        self.now = self.now.max(now);
        let now = whole_second(self.now);
        let over = |((expiry, _), number): ((Timestamp, Turn), usize)| (expiry < now).then_some(number);
        while let Some(number) = self.backoff.peek().and_then(over) {
            self.end_backoff(pods, number, rules);
        }
        while let Some(number) = self.error_backoff.peek().and_then(over) {
            self.end_backoff(pods, number, rules);
        }
        self.flush_parked(pods, rules);
    }

    fn end_backoff(&mut self, pods: &mut Pods, number: usize, rules: &dyn Rules) {
        self.unlink(pods, number);
        self.enter_active(pods, number, EventLabel::BACKOFF_COMPLETE, rules);
    }

    fn flush_parked(&mut self, pods: &mut Pods, rules: &dyn Rules) {
        if !self.retry {
            return;
        }
        let limit = Timestamp(self.now.0.saturating_sub(self.max_unschedulable_ms));
        if self.parked.oldest() >= limit {
            return;
        }
        let parked_at = |number: usize| pods.waiting(number).map(QueuedPod::parked_at);
        let (mut due, rest): (Vec<usize>, Vec<usize>) =
            self.parked.iter().partition(|number| parked_at(*number).is_some_and(|at| at < limit));
        let oldest = rest.into_iter().filter_map(parked_at).min();
        pods.sort_by_uid(&mut due, |number| *number);
        self.parked.set_oldest(oldest.unwrap_or(Timestamp(i64::MAX)));
        for number in due {
            self.unlink(pods, number);
            if let Some(queued) = pods.waiting_mut(number) {
                queued.flushed = Some(self.now);
            }
            self.put(pods, number, Wake::AfterBackoff, Via::from_parked(EventLabel::TIMEOUT), rules);
        }
    }
}
