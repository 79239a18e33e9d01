//! How much a guest may say.

use std::time::{Duration, Instant};

/// A bucket of tokens: so many at once, and so many more every second.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    most: f64,
    per_second: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(most: u32, per_second: u32) -> Self {
        let most = f64::from(most);
        Self { tokens: most, most, per_second: f64::from(per_second), filled: Instant::now() }
    }

    /// A bucket that is never empty.
    pub(crate) fn endless() -> Self {
        Self { tokens: f64::INFINITY, most: f64::INFINITY, per_second: 0.0, filled: Instant::now() }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let passed: Duration = now.saturating_duration_since(self.filled);
        self.filled = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * self.per_second).min(self.most);
        let any = self.tokens >= 1.0;
        if any {
            self.tokens -= 1.0;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_cut_and_time_fills_the_bucket_again() {
        let mut bucket = Bucket::new(3, 2);
        let start = bucket.filled;
        let taken = (0..10).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 3);
        assert!(bucket.take(start + Duration::from_secs(1)));
        let mut endless = Bucket::endless();
        assert!((0..1000).all(|_| endless.take(start)));
    }
}
