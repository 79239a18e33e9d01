//! How much time may go into scoring nodes again.

use std::time::Duration;

/// One part in so many of all time may be used: 1.25 %.
const SHARE: i128 = 80;

/// So much time is saved up at the most, for when many pods come at once after a rest.
const SAVED: i128 = Duration::from_millis(20).as_nanos() as i128;

/// Time that is earned while time goes by, and spent. It knows no clock: the engine is told the time by its meter. Without one no
/// time goes by and none is spent, and everything is allowed.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What is left, in nanoseconds; less than nothing when the last use took longer than what was left.
    left: i128,
    /// When something was earned last.
    earned: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: SAVED, earned: Duration::ZERO }
    }
}

impl Budget {
    /// Whether something is left at this time.
    pub(crate) fn allows(&mut self, now: Duration) -> bool {
        let earned = now.saturating_sub(self.earned).as_nanos() as i128 / SHARE;
        // What is too little to count is earned later.
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(SAVED);
            self.earned = now;
        }
        self.left > 0
    }

    /// Takes away what was used.
    pub(crate) fn spend(&mut self, took: Duration) {
        self.left = self.left.saturating_sub(took.as_nanos() as i128);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the decisions are described that come one every `every` and each take `took` to describe.
    #[track_caller]
    fn check(decisions: u32, every: Duration, took: Duration, want: std::ops::RangeInclusive<u32>) {
        let mut budget = Budget::default();
        let mut now = Duration::ZERO;
        let mut described = 0;
        for _ in 0..decisions {
            now += every;
            if budget.allows(now) {
                budget.spend(took);
                described += 1;
            }
        }
        assert!(want.contains(&described), "{described}");
    }

    #[test]
    fn all_when_there_is_time_and_an_eightieth_of_it_when_there_is_not() {
        let micros = Duration::from_micros;
        check(10_000, micros(4_800), micros(60), 10_000..=10_000);
        // 20 ms are saved up, 10 s earn 125 ms more: 145 ms for 60 µs each.
        check(1_000_000, micros(10), micros(60), 2_410..=2_420);
        check(300, micros(1), micros(60), 300..=300);
        check(100, Duration::ZERO, Duration::ZERO, 100..=100);
    }

    #[test]
    fn a_rest_saves_no_more_than_the_limit() {
        let mut budget = Budget::default();
        let hour = Duration::from_secs(3600);
        assert!(budget.allows(hour));
        budget.spend(Duration::from_millis(25));
        assert!(!budget.allows(hour));
        assert!(!budget.allows(hour + Duration::from_millis(390)));
        assert!(budget.allows(hour + Duration::from_millis(401)));
    }
}
