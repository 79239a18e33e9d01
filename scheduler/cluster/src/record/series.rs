//! Events that came before, and how often.
//!
//! What makes two events the same is all that is written except the times. client-go leaves the note out, but has the
//! version of the object in it, which changes with the message in the pod's condition: it comes to the same, and needs no
//! version here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::event::Event;
use super::job::Job;
use super::options::RecorderOptions;

/// An event that was written, or is being written.
struct Remembered {
    event: Arc<Event>,
    name: Arc<str>,
    first: Timestamp,
    last: Timestamp,
    /// When it last came, and when its count was last written, on the monotonic clock.
    touched: Instant,
    told: Instant,
    count: u32,
    /// The count that the server knows, or is being told.
    written: u32,
    /// A call is under way.
    busy: bool,
}

/// Everything that may come again.
pub(super) struct RecentEvents {
    events: FxHashMap<u64, Remembered>,
    hasher: RandomState,
}

/// What is to be done with an event.
pub(super) enum Verdict {
    Write(Job),
    Counted,
}

impl RecentEvents {
    pub(super) fn new() -> Self {
        Self { events: FxHashMap::default(), hasher: RandomState::new() }
    }

    /// An event came.
    pub(super) fn take(
        &mut self,
        event: Event,
        name: String,
        limit: usize,
        now: (Timestamp, Instant),
    ) -> Verdict {
        let name: Arc<str> = name.into();
        let fresh =
            |key, event: Arc<Event>| Job { key, event, name: Arc::clone(&name), first: now.0, series: None };
        if event.once {
            return Verdict::Write(fresh(None, Arc::new(event)));
        }
        let key = self.key(&event);
        if let Some(known) = self.events.get_mut(&key) {
            known.count = known.count.saturating_add(1);
            (known.last, known.touched) = now;
            // The second time is told at once, later ones in due time.
            return if known.written < 2 && !known.busy { known.job(key, now.1) } else { Verdict::Counted };
        }
        let event = Arc::new(event);
        if self.events.len() >= limit {
            return Verdict::Write(fresh(None, event));
        }
        let remembered = Remembered {
            event: Arc::clone(&event),
            name: Arc::clone(&name),
            first: now.0,
            last: now.0,
            touched: now.1,
            told: now.1,
            count: 1,
            written: 1,
            busy: true,
        };
        self.events.insert(key, remembered);
        Verdict::Write(fresh(Some(key), event))
    }

    /// A call for an event ended. It may have come again meanwhile for the second time.
    pub(super) fn done(&mut self, key: u64, now: Instant) -> Option<Job> {
        let known = self.events.get_mut(&key)?;
        known.busy = false;
        match known.written < 2 && known.count > known.written {
            true => known.job(key, now).into_job(),
            false => None,
        }
    }

    /// Forgets what has ended; the counts to be written, in the order of the events.
    pub(super) fn sweep(&mut self, options: &RecorderOptions, now: Instant) -> Vec<Job> {
        let mut due: Vec<(Timestamp, Job)> = Vec::new();
        for (key, known) in &mut self.events {
            let ended = now.saturating_duration_since(known.touched) >= options.finish;
            let stale = now.saturating_duration_since(known.told) >= options.refresh;
            if !known.busy && known.count > known.written && (ended || stale) {
                let first = known.first;
                due.extend(known.job(*key, now).into_job().map(|job| (first, job)));
            }
        }
        self.events
            .retain(|_, known| known.busy || now.saturating_duration_since(known.touched) < options.finish);
        due.sort_by_key(|(first, _)| *first);
        due.into_iter().map(|(_, job)| job).collect()
    }

    fn key(&self, event: &Event) -> u64 {
        let Event { regarding, related, kind, reason, action, note, reporting_controller, once: _ } = event;
        self.hasher.hash_one((regarding, related, kind, reason, action, note, reporting_controller))
    }
}

impl Remembered {
    fn job(&mut self, key: u64, now: Instant) -> Verdict {
        (self.busy, self.written, self.told) = (true, self.count, now);
        Verdict::Write(Job {
            key: Some(key),
            event: Arc::clone(&self.event),
            name: Arc::clone(&self.name),
            first: self.first,
            series: Some((self.count, self.last)),
        })
    }
}

impl Verdict {
    fn into_job(self) -> Option<Job> {
        match self {
            Self::Write(job) => Some(job),
            Self::Counted => None,
        }
    }
}
