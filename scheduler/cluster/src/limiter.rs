//! A token bucket, as client-go limits its clients: so many calls per second on average, so many at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What client-go takes when no rate is given.
const DEFAULT_QPS: f64 = 5.0;
/// What client-go takes when no burst is given.
const DEFAULT_BURST: u32 = 10;
/// No wait is longer than this, however small the rate.
const LONGEST_WAIT: f64 = 3600.0;

/// A bucket for a thread that owns it: time comes in as an argument.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Tokens per second; not positive when there is no limit.
    qps: f64,
    burst: f64,
    /// Below zero when tokens were promised that have yet to drop in.
    tokens: f64,
    filled: Option<Instant>,
}

impl Bucket {
    /// A full bucket. A negative rate means no limit; zero means client-go's default, here 5 per second and 10 at once.
    pub fn new(qps: f64, burst: u32) -> Self {
        let qps = if qps == 0.0 { DEFAULT_QPS } else { qps };
        let burst = f64::from(if burst == 0 { DEFAULT_BURST } else { burst });
        Self { qps, burst, tokens: burst, filled: None }
    }

    /// A bucket that never runs dry.
    pub fn unlimited() -> Self {
        Self::new(-1.0, 1)
    }

    /// Takes a token if there is one; else says how long until there is.
    ///
    /// # Errors
    /// The time until a token is there.
    pub fn try_take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.is_unlimited() || self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(self.time_for(1.0 - self.tokens))
    }

    /// Takes a token that may have yet to drop in, and says how long to wait for it.
    pub fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        if self.is_unlimited() {
            return Duration::ZERO;
        }
        self.tokens -= 1.0;
        self.time_for(-self.tokens)
    }

    fn is_unlimited(&self) -> bool {
        // NaN too: no limit can be made of it.
        self.qps.is_nan() || self.qps <= 0.0
    }

    fn fill(&mut self, now: Instant) {
        let since = self.filled.map_or(Duration::ZERO, |filled| now.saturating_duration_since(filled));
        self.filled = Some(self.filled.map_or(now, |filled| filled.max(now)));
        self.tokens = (self.tokens + since.as_secs_f64() * self.qps.max(0.0)).min(self.burst);
    }

    fn time_for(&self, tokens: f64) -> Duration {
        Duration::from_secs_f64((tokens / self.qps).clamp(0.0, LONGEST_WAIT))
    }
}

/// A bucket that tasks share.
#[derive(Debug)]
pub struct Limiter(Mutex<Bucket>);

impl Limiter {
    /// See [`Bucket::new`].
    pub fn new(qps: f64, burst: u32) -> Self {
        Self(Mutex::new(Bucket::new(qps, burst)))
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self(Mutex::new(Bucket::unlimited()))
    }

    /// Takes a token if there is one.
    ///
    /// # Errors
    /// The time until a token is there.
    pub fn try_take(&self) -> Result<(), Duration> {
        self.bucket().try_take(Instant::now())
    }

    /// Waits for a token; how long that took. Who gives up waiting has used up the token all the same.
    pub async fn acquire(&self) -> Duration {
        let wait = self.bucket().take(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        wait
    }

    fn bucket(&self) -> std::sync::MutexGuard<'_, Bucket> {
        // Whoever panicked while holding it left a valid number of tokens behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at these milliseconds; the wait in milliseconds each time.
    #[track_caller]
    fn check(qps: f64, burst: u32, at: &[u64], want: &[u128]) {
        let (mut bucket, start) = (Bucket::new(qps, burst), Instant::now());
        let waits: Vec<u128> =
            at.iter().map(|ms| bucket.take(start + Duration::from_millis(*ms)).as_millis()).collect();
        assert_eq!(waits, want);
    }

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        check(10.0, 2, &[0, 0, 0, 0], &[0, 0, 100, 200]);
    }

    #[test]
    fn tokens_drop_in_with_time_up_to_the_burst() {
        check(10.0, 2, &[0, 0, 100, 5000, 5000, 5000], &[0, 0, 0, 0, 0, 100]);
    }

    #[test]
    fn a_negative_rate_is_no_limit() {
        check(-1.0, 1, &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 0]);
        check(f64::NAN, 1, &[0, 0, 0], &[0, 0, 0]);
    }

    #[test]
    fn zero_means_the_defaults_of_client_go() {
        check(0.0, 0, &[0; 12], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 400]);
    }

    #[test]
    fn trying_takes_nothing_that_is_not_there() {
        let (mut bucket, now) = (Bucket::new(10.0, 1), Instant::now());
        assert_eq!(bucket.try_take(now), Ok(()));
        assert_eq!(bucket.try_take(now), Err(Duration::from_millis(100)));
        assert_eq!(bucket.try_take(now), Err(Duration::from_millis(100)));
        assert_eq!(bucket.try_take(now + Duration::from_millis(100)), Ok(()));
    }

    #[tokio::test]
    async fn acquiring_waits() {
        let (limiter, started) = (Limiter::new(50.0, 1), Instant::now());
        limiter.acquire().await;
        limiter.acquire().await;
        assert!(started.elapsed() >= Duration::from_millis(19));
    }
}
