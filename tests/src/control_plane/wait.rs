//! Waiting for something to become true.

use std::thread;
use std::time::{Duration, Instant};

/// Enough for what takes a moment.
pub const SHORT: Duration = Duration::from_secs(10);
/// Enough for what takes a while on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks `look` every 20 ms until it finds something. Panics with `what` and what `story` tells after `limit`.
#[track_caller]
pub fn until<T>(
    what: &str,
    limit: Duration,
    story: impl Fn() -> String,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        if start.elapsed() > limit {
            panic!("waited {limit:?} for {what}\n{}", story());
        }
        thread::sleep(Duration::from_millis(20));
    }
}
