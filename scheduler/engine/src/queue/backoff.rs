//! How long a failed pod stays away.

use std::time::Duration;

use longshore_framework::Timestamp;

/// Doubling from `initial` to `max`; zero `max` switches backoff off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// Backoff after `failures` failures in a row.
    pub(crate) fn duration(&self, failures: u32) -> Duration {
        if failures == 0 || self.max.is_zero() {
            return Duration::ZERO;
        }
        let factor = 1_u32.checked_shl(failures - 1).filter(|f| *f != 0);
        factor.and_then(|f| self.initial.checked_mul(f)).map_or(self.max, |d| d.min(self.max))
    }

    /// When the backoff of a pod that failed at `since` ends, cut down to a whole second so that pods complete their
    /// backoff together.
    pub(crate) fn expiry(&self, since: Timestamp, failures: u32) -> Timestamp {
        let wait = i64::try_from(self.duration(failures).as_millis()).unwrap_or(i64::MAX);
        whole_second(Timestamp(since.0.saturating_add(wait)))
    }
}

pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(initial: u64, max: u64, want: &[u64]) {
        let backoff = Backoff { initial: Duration::from_secs(initial), max: Duration::from_secs(max) };
        let got: Vec<u64> = (0..).take(want.len()).map(|n| backoff.duration(n).as_secs()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn backoff_doubles_up_to_the_maximum() {
        check(1, 10, &[0, 1, 2, 4, 8, 10, 10, 10]);
        check(3, 10, &[0, 3, 6, 10, 10]);
        check(1, 60, &[0, 1, 2, 4, 8, 16, 32, 60]);
        check(1, 0, &[0, 0, 0]);
    }

    #[test]
    fn a_long_row_of_failures_does_not_overflow() {
        let backoff = Backoff { initial: Duration::from_secs(1), max: Duration::from_secs(10) };
        assert_eq!(backoff.duration(u32::MAX), Duration::from_secs(10));
    }
}
