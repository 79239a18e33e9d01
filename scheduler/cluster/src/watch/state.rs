//! How far a watch has come, for readiness and metrics.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
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

/// The state of the watch of one kind.
#[derive(Debug)]
pub struct WatchState {
    /// Which.
    pub kind: &'static WatchedKind,
    sync: AtomicU8,
    events: AtomicU64,
    unreadable: AtomicU64,
    began: Instant,
    /// Milliseconds from `began` to the newest event.
    newest: AtomicU64,
    error: Mutex<String>,
}

impl WatchState {
    /// A watch that has not begun.
    pub fn new(kind: &'static WatchedKind) -> Self {
        Self {
            kind,
            sync: AtomicU8::new(Sync::Waiting as u8),
            events: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            began: Instant::now(),
            newest: AtomicU64::new(0),
            error: Mutex::default(),
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

    /// How long ago the newest event came.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.age().saturating_sub(self.newest.load(Ordering::Relaxed)))
    }

    fn age(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Objects that could not be read.
    pub fn unreadable_objects(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Why the watch is interrupted; empty when it is not.
    pub fn last_error(&self) -> String {
        self.error.lock().map(|e| e.clone()).unwrap_or_default()
    }

    /// The kind is complete; true when it was not settled before.
    pub(super) fn complete(&self, sync: Sync) -> bool {
        self.sync.swap(sync as u8, Ordering::AcqRel) == Sync::Waiting as u8
    }

    /// Goes on without the kind; true when it was not settled before.
    pub fn give_up(&self, sync: Sync) -> bool {
        let waiting = Sync::Waiting as u8;
        self.sync.compare_exchange(waiting, sync as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn heard(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
        self.newest.store(self.age(), Ordering::Relaxed);
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, text: &str) {
        if let Ok(mut error) = self.error.lock() {
            text.clone_into(&mut error);
        }
    }

    pub(super) fn recovered(&self) {
        self.failed("");
    }
}
