//! How long a plugin may think about events.
//!
//! One event may concern every waiting pod, and a plugin is asked about each. A call has its own limit, but thousands of calls
//! that stay within it would keep the scheduler from deciding anything. So hints get half of the time.

use std::time::{Duration, Instant};

/// In how long a time.
const WINDOW: Duration = Duration::from_secs(1);

/// So much of it.
const MOST: Duration = Duration::from_millis(500);

/// The time that hints took lately.
#[derive(Debug, Default)]
pub(crate) struct HintTime {
    began: Option<Instant>,
    spent: Duration,
}

impl HintTime {
    /// Whether the plugin may be asked.
    pub(crate) fn may_ask(&mut self, now: Instant) -> bool {
        let is_over = self.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW);
        if is_over {
            *self = Self { began: Some(now), spent: Duration::ZERO };
        }
        self.spent < MOST
    }

    /// A hint took so long.
    pub(crate) fn took(&mut self, time: Duration) {
        self.spent += time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hints: &[(u64, u64)], want: &[bool]) {
        let (start, mut time) = (Instant::now(), HintTime::default());
        let ask = |(at, took): &(u64, u64)| {
            let may = time.may_ask(start + Duration::from_millis(*at));
            if may {
                time.took(Duration::from_millis(*took));
            }
            may
        };
        assert_eq!(hints.iter().map(ask).collect::<Vec<_>>(), want);
    }

    #[test]
    fn half_of_a_second_and_again_in_the_next() {
        check(&[(0, 300), (300, 300), (600, 1), (999, 1), (1000, 1)], &[true, true, false, false, true]);
        check(&[(0, 1), (1, 1), (5000, 499), (5498, 1), (5499, 1)], &[true, true, true, true, false]);
    }
}
