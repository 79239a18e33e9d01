//! The simulated clock.

use std::time::{Duration, Instant};

use longshore_framework::Timestamp;

/// When simulated time begins: 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600_000;

/// Simulated time: real time, plus what was skipped when there was nothing to do.
///
/// A workload with a pace, or a threshold of kube-scheduler's CI, has its own time: each measured pod takes at
/// least 1 / pace seconds. So what happens "every second" beside the measured pods happens as often per pod as it
/// does to kube-scheduler, however fast the pods are placed; otherwise a fast scheduler would be done before the first
/// disturbance.
#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    skipped: Duration,
    /// The least time that a measured pod takes.
    per_pod: Duration,
    pacing_since: Option<Instant>,
}

impl Clock {
    /// A clock for a workload with this pace in pods a second.
    pub(super) fn paced(pace: Option<f64>) -> Self {
        let rate = pace.filter(|rate| *rate > 0.0);
        Self {
            began: Instant::now(),
            skipped: Duration::ZERO,
            per_pod: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            pacing_since: None,
        }
    }

    /// The first measured pod comes.
    pub(super) fn start_pacing(&mut self) {
        self.pacing_since = Some(Instant::now());
    }

    /// Simulated time since the beginning, with so many measured pods placed.
    pub(super) fn now(&self, real: Instant, placed: usize) -> Duration {
        let placed = u32::try_from(placed).unwrap_or(u32::MAX);
        let ahead = self.pacing_since.map_or(Duration::ZERO, |since| {
            self.per_pod.saturating_mul(placed).saturating_sub(real.saturating_duration_since(since))
        });
        real.saturating_duration_since(self.began) + ahead + self.skipped
    }

    /// The same as a point in time.
    pub(super) fn timestamp(&self, real: Instant, placed: usize) -> Timestamp {
        let since = self.now(real, placed).as_millis();
        Timestamp(EPOCH.saturating_add(i64::try_from(since).unwrap_or(i64::MAX)))
    }

    /// Nothing happens for so long.
    pub(super) fn skip(&mut self, by: Duration) {
        self.skipped += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(threshold: Option<f64>, real: u64, placed: usize, skipped: u64, want: u64) {
        let mut clock = Clock::paced(threshold);
        clock.pacing_since = Some(clock.began);
        clock.skip(Duration::from_secs(skipped));
        let real = clock.began + Duration::from_secs(real);
        assert_eq!(clock.now(real, placed), Duration::from_secs(want));
    }

    #[test]
    fn time_goes_on_with_real_time_and_with_what_is_skipped() {
        check(None, 3, 1000, 0, 3);
        check(None, 3, 1000, 10, 13);
    }

    #[test]
    fn time_goes_at_least_as_fast_as_the_threshold() {
        check(Some(100.0), 3, 1000, 0, 10);
        check(Some(100.0), 30, 1000, 0, 30);
        check(Some(100.0), 3, 1000, 5, 15);
    }
}
