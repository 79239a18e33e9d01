//! How far a watch has come, for readiness and metrics.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::kinds::WatchedKind;

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sync {
    /// The first list is not complete.
    Waiting,
    /// Everything is known.
    Complete,
    /// The account may not watch it, and it can be done without.
    Forbidden,
    /// The server does not have it.
    Absent,
}

/// What a watch keeps in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Objects that are there.
    pub objects: usize,
    /// Specs and sets of labels that pods share.
    pub shared: usize,
    /// Objects that cannot be read, with the reason.
    pub unreadable: usize,
}

/// The state of the watch of one kind.
#[derive(Debug)]
pub struct WatchState {
    /// Which.
    pub kind: &'static WatchedKind,
    sync: AtomicU8,
    /// The number of the reading by which everything was listed last.
    listed: AtomicU64,
    events: AtomicU64,
    unreadable: AtomicU64,
    kept: Mutex<Kept>,
    /// Why the watch is interrupted, and since when.
    broken: Mutex<Option<(String, Instant)>>,
}

impl WatchState {
    /// A watch that has not begun.
    pub fn new(kind: &'static WatchedKind) -> Self {
        Self {
            kind,
            sync: AtomicU8::new(Sync::Waiting as u8),
            listed: AtomicU64::new(0),
            events: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            kept: Mutex::default(),
            broken: Mutex::default(),
        }
    }

    /// How far it has come.
    pub fn sync(&self) -> Sync {
        match self.sync.load(Ordering::Acquire) {
            1 => Sync::Complete,
            2 => Sync::Forbidden,
            3 => Sync::Absent,
            _ => Sync::Waiting,
        }
    }

    /// Events received.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// For how long the watch has been interrupted; zero when it is not, however quiet the kind.
    pub fn lag(&self) -> Duration {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.as_ref().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    /// Objects that could not be read.
    pub fn unreadable_objects(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Why the watch is interrupted; empty when it is not.
    pub fn last_error(&self) -> String {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.as_ref().map_or_else(String::new, |(error, _)| error.clone())
    }

    /// What the watch keeps in memory.
    pub fn kept(&self) -> Kept {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keeps(&self, objects: usize, shared: usize, unreadable: usize) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept { objects, shared, unreadable };
    }

    /// The kind is complete; true when it was not settled before.
    pub(super) fn complete(&self, sync: Sync) -> bool {
        self.sync.swap(sync as u8, Ordering::AcqRel) == Sync::Waiting as u8
    }

    /// Everything was listed and read by this number.
    pub(super) fn listed(&self, number: u64) {
        self.listed.store(number, Ordering::Release);
    }

    /// Whether everything was listed and read by this number, or there is nothing to list.
    pub(crate) fn is_settled(&self, number: u64) -> bool {
        match self.sync() {
            Sync::Waiting => false,
            Sync::Complete => self.listed.load(Ordering::Acquire) >= number,
            Sync::Forbidden | Sync::Absent => true,
        }
    }

    /// There are no objects of the kind any more; true when it was not settled before.
    pub(super) fn absent(&self) -> bool {
        self.complete(Sync::Absent)
    }

    /// Goes on without the kind; true when it was not settled before.
    pub fn give_up(&self, sync: Sync) -> bool {
        let waiting = Sync::Waiting as u8;
        self.sync.compare_exchange(waiting, sync as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn heard(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, text: &str) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let since = broken.take().map_or_else(Instant::now, |(_, since)| since);
        *broken = Some((text.to_string(), since));
    }

    pub(super) fn recovered(&self) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;

    #[test]
    fn a_quiet_kind_does_not_lag_and_a_broken_watch_does() {
        let state = WatchState::new(&KINDS[0]);
        let wait = || std::thread::sleep(Duration::from_millis(20));
        state.heard();
        wait();
        assert_eq!(state.lag(), Duration::ZERO);
        state.failed("connection refused");
        wait();
        state.failed("still refused");
        assert!(state.lag() >= Duration::from_millis(20), "{:?}", state.lag());
        assert_eq!(state.last_error(), "still refused");
        state.recovered();
        assert_eq!((state.lag(), state.last_error().as_str()), (Duration::ZERO, ""));
    }
}
