//! What the passing of time does.

use std::sync::Arc;

use longshore_framework::{Str, Timestamp};

use super::backoff::whole_second;
use super::place::expiry;
use super::wake::Wake;
use super::{Queue, QueuedPod, Rules, Via};
use crate::meter::EventLabel;

impl Queue {
    /// Time has passed: backoffs end, and pods that no event woke for long are tried anyway.
    pub(crate) fn advance(&mut self, now: Timestamp, rules: &dyn Rules) {
        self.now = self.now.max(now);
        let by_expiry = self.by_expiry(rules);
        let mut over = Vec::new();
        for heap in [&mut self.backoff, &mut self.error_backoff] {
            while heap.peek().is_some_and(|q| expiry(&self.timing, q) < whole_second(self.now)) {
                over.extend(heap.pop(&by_expiry));
            }
        }
        let compare = |a: &QueuedPod, b: &QueuedPod| rules.compare(a, b);
        for queued in over {
            self.enter_active(queued, EventLabel::BACKOFF_COMPLETE, &compare);
        }
        self.flush_parked(rules);
    }

    fn flush_parked(&mut self, rules: &dyn Rules) {
        if !self.retry {
            return;
        }
        let limit = self.now.0.saturating_sub(self.max_unschedulable_ms);
        let is_due = |q: &QueuedPod| q.flushed.unwrap_or(q.since).0 < limit;
        let due = self.parked.iter().filter(|(_, q)| is_due(q));
        let due: Vec<Str> = due.map(|(uid, _)| Arc::clone(uid)).collect();
        for uid in due {
            if let Some(mut queued) = self.parked.remove(&uid) {
                queued.flushed = Some(self.now);
                self.put(queued, Wake::AfterBackoff, Via::from_parked(EventLabel::TIMEOUT), rules);
            }
        }
    }
}
