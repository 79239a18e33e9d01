//! How events are written, and what became of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use longshore_framework::Str;

use crate::hold::Hold;

/// How events are written.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// This host, the last part of `reportingInstance`.
    pub hostname: Str,
    /// Events that may wait to be written; further ones are dropped and counted.
    pub queue: usize,
    /// Calls at a time.
    pub at_once: usize,
    /// After events were written, further ones are gathered for this long: calls that are made together take less time than one
    /// by one. Where more come than [`at_once`](Self::at_once), none waits.
    pub gather: Duration,
    /// Series and events remembered at most; beyond that events are written one by one.
    pub remembered: usize,
    /// A series that nothing was added to for this long has ended (client-go: 6 min).
    pub finish: Duration,
    /// The count of a series that goes on is written this often (client-go: 30 min).
    pub refresh: Duration,
    /// The pause before an event is tried again that the server did not answer (client-go: 10 s, 12 tries).
    pub pause: Duration,
    /// What was decided on a lease that had run out is not told of.
    pub hold: Hold,
}

impl RecorderOptions {
    /// client-go's times, 10,000 waiting events, 16 calls at a time, ten times a second.
    pub fn new(hostname: impl Into<Str>) -> Self {
        Self {
            hostname: hostname.into(),
            queue: 10_000,
            at_once: 16,
            gather: Duration::from_millis(100),
            remembered: 8_192,
            finish: Duration::from_secs(6 * 60),
            refresh: Duration::from_secs(30 * 60),
            pause: Duration::from_secs(10),
            hold: Hold::unopposed(),
        }
    }
}

/// What became of the events.
#[derive(Debug, Default)]
pub struct EventCounts {
    /// Written, series among them.
    pub written: AtomicU64,
    /// Dropped because too many were waiting, or because the end came first.
    pub dropped: AtomicU64,
    /// Refused by the server, or given up after the last try.
    pub failed: AtomicU64,
}

impl EventCounts {
    pub(super) fn add(counter: &AtomicU64, number: u64) {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}
