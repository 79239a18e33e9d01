//! What the passing of time does.

use longshore_framework::Timestamp;

use super::backoff::whole_second;
use super::pods::Part;
use super::wake::Wake;
use super::{Queue, QueuedPod, Rules, Via};
use crate::meter::EventLabel;

impl Queue {
    /// Time has passed: backoffs end, and pods that no event woke for long are tried anyway.
    pub(crate) fn advance(&mut self, now: Timestamp, rules: &dyn Rules) {
        self.now = self.now.max(now);
        let now = whole_second(self.now);
        for part in [Part::Backoff, Part::ErrorBackoff] {
            self.end_backoffs(part, now, rules);
        }
        self.flush_parked(rules);
    }

    fn end_backoffs(&mut self, part: Part, now: Timestamp, rules: &dyn Rules) {
        while let Some(queued) = self.pop_over(part, now) {
            self.enter_active(queued, EventLabel::BACKOFF_COMPLETE, rules);
        }
    }

    fn pop_over(&mut self, part: Part, now: Timestamp) -> Option<QueuedPod> {
        let heap = if part == Part::Backoff { &mut self.backoff } else { &mut self.error_backoff };
        let (expiry, _) = heap.peek()?;
        if expiry >= now {
            return None;
        }
        let number = heap.pop()?;
        Some(self.pods.remove(number)?.queued)
    }

    fn flush_parked(&mut self, rules: &dyn Rules) {
        if !self.retry {
            return;
        }
        let limit = self.now.0.saturating_sub(self.max_unschedulable_ms);
        let is_due = |q: &QueuedPod| q.flushed.unwrap_or(q.since).0 < limit;
        let due = |n: &usize| self.pods.get(*n).is_some_and(|w| is_due(&w.queued));
        let due: Vec<usize> = self.parked.values().copied().filter(due).collect();
        for number in due {
            if let Some(mut queued) = self.leave(number) {
                queued.flushed = Some(self.now);
                self.put(queued, Wake::AfterBackoff, Via::from_parked(EventLabel::TIMEOUT), rules);
            }
        }
    }
}
