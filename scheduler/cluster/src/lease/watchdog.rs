//! Whether the elector still does its work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boot_time::Instant;

/// Tells whether the elector still does its work: a leader whose loop is stuck must not stay up. As with client-go's
/// check `leaderElection`, a standby is always well.
#[derive(Clone, Debug, Default)]
pub struct Watchdog(Arc<Mutex<Option<Instant>>>);

/// How long past the end of its lease a leader may be before it is unwell.
pub const WATCHDOG_TOLERANCE: Duration = Duration::from_secs(20);

impl Watchdog {
    /// `Err` with the reason when we believe to lead although the Lease ended more than [`WATCHDOG_TOLERANCE`] ago.
    ///
    /// # Errors
    /// The loop is stuck.
    pub(super) fn check(&self, now: Instant) -> Result<(), &'static str> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(until) if now.saturating_duration_since(until) > WATCHDOG_TOLERANCE => {
                Err("the leader has not renewed its lease")
            }
            _ => Ok(()),
        }
    }

    /// As [`check`](Self::check), at this moment.
    ///
    /// # Errors
    /// The loop is stuck.
    pub fn check_now(&self) -> Result<(), &'static str> {
        self.check(Instant::now())
    }

    /// We lead until then, or not at all.
    pub(super) fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}
