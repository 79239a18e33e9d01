//! The time, which never runs backwards.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use longshore_framework::Timestamp;

/// A clock that was set when it was made and runs on by itself: a wall clock that is corrected does not move it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    set: Instant,
    epoch: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that shows the system's time.
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "here the time comes in")]
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { set: Instant::now(), epoch }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let since = self.epoch + self.set.elapsed();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
