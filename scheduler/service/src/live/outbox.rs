//! Bindings on their way: a bounded number at a time, at a bounded rate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_cluster::limiter::Limiter;
use longshore_framework::Str;
use longshore_framework::port::{Effect, Input};
use rustc_hash::FxHashMap;

use crate::metrics::WorkQueue;

/// Bindings that wait for an answer at the same time, at the most: what keeps an API server busy.
const IN_FLIGHT: usize = 64;
/// Bindings that wait to be sent, at the most. Deciding further ahead would only make decisions old.
const AHEAD: usize = 64;

/// Bindings that are to be written, in the order in which they were decided.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Each since when.
    waiting: VecDeque<(Instant, Effect)>,
    /// By UID, each since when.
    in_flight: FxHashMap<Str, Instant>,
    limiter: Arc<Limiter>,
    meter: WorkQueue,
}

/// Whether a binding may go now.
#[derive(Debug)]
pub(crate) enum Next {
    /// This one.
    Bind(Effect),
    /// None is waiting, or enough are on their way.
    Nothing,
    /// The rate is used up for this long.
    After(Duration),
}

impl Outbox {
    /// Empty; `limiter` is the one that all writes share.
    pub(crate) fn new(limiter: Arc<Limiter>, meter: WorkQueue) -> Self {
        Self { waiting: VecDeque::new(), in_flight: FxHashMap::default(), limiter, meter }
    }

    /// Takes a binding.
    pub(crate) fn push(&mut self, bind: Effect) {
        self.waiting.push_back((Instant::now(), bind));
        self.meter.added();
    }

    /// Whether there is no use in deciding further ahead.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= AHEAD
    }

    /// Takes a binding back that was not sent after all.
    pub(crate) fn unsent(&mut self, uid: &str) {
        self.in_flight.remove(uid);
    }

    /// How many bindings wait or are on their way.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// The next binding that may go.
    pub(crate) fn next(&mut self) -> Next {
        if self.waiting.is_empty() || self.in_flight.len() >= IN_FLIGHT {
            return Next::Nothing;
        }
        if let Err(wait) = self.limiter.try_take() {
            return Next::After(wait);
        }
        match self.waiting.pop_front() {
            Some((since, bind)) => {
                self.meter.taken(since.elapsed());
                if let Effect::Bind { binding, .. } = &bind {
                    self.in_flight.insert(Arc::clone(&binding.uid), Instant::now());
                }
                Next::Bind(bind)
            }
            None => Next::Nothing,
        }
    }

    /// Takes note of what came of a binding.
    pub(crate) fn answered(&mut self, input: &Input) {
        if let Input::Bound { uid, .. } = input
            && let Some(since) = self.in_flight.remove(uid)
        {
            self.meter.done(since.elapsed());
        }
    }

    /// Tells the metrics for how long bindings have been on their way.
    pub(crate) fn observe(&self) {
        self.meter.under_way(self.in_flight.values().map(Instant::elapsed));
    }
}
