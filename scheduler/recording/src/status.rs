//! What passes between the tape and the writer.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Mutex, PoisonError};

use longshore_framework::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::turn::Turn;

/// Turns that are handed over together, at the most.
pub(crate) const BATCH: usize = 256;

/// What the writer is given.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// Turns, in order.
    Turns(Vec<Turn>),
    /// The cluster as it is after all turns so far.
    Checkpoint {
        /// The cluster.
        checkpoint: Box<Checkpoint>,
        /// How many turns before it are missing, if some are.
        missing: Option<u64>,
        /// When.
        at: Timestamp,
    },
}

/// How a recording goes: for metrics.
#[derive(Debug, Default)]
pub struct Status {
    /// Bytes that were written.
    pub bytes: AtomicU64,
    /// Turns that were written.
    pub turns: AtomicU64,
    /// Turns that the writer could not follow: they are missing.
    pub dropped: AtomicU64,
    /// Segments that were begun.
    pub segments: AtomicU64,
    pub(crate) wants_checkpoint: AtomicBool,
    /// Parcels on their way, and how many there may be.
    pub(crate) waiting: AtomicUsize,
    pub(crate) most: usize,
    stopped: Mutex<Option<String>>,
}

impl Status {
    /// Of a recording that begins, with so many parcels on their way at the most.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Why nothing is recorded any more, if it is so.
    pub fn stopped(&self) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing is recorded any more.
    pub fn has_stopped(&self) -> bool {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn stop(&self, why: &str) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_string());
    }
}
