//! A token bucket, as client-go limits its clients: so many calls per second on average, so many at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What client-go takes when no rate is given.
const DEFAULT_QPS: f64 = 5.0;
/// What client-go takes when no burst is given.
const DEFAULT_BURST: u32 = 10;
/// Who lets the other side go first looks again after this, at the earliest.
const SHORTEST: Duration = Duration::from_millis(1);
/// No wait is longer than this, however small the rate.
const LONGEST_WAIT: f64 = 3600.0;

/// A bucket for a thread that owns it: time comes in as an argument.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Tokens per second; not positive when there is no limit.
    qps: f64,
    burst: f64,
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
        Err(self.time_until(1.0))
    }

    /// Whether more than one token is there.
    fn has_spare(&self) -> bool {
        self.is_unlimited() || self.tokens >= 2.0
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

    fn time_until(&self, tokens: f64) -> Duration {
        Duration::from_secs_f64(((tokens - self.tokens) / self.qps).clamp(0.0, LONGEST_WAIT))
    }
}

/// A bucket that tasks share, and one thread that asks from time to time. When both want more than there is they take
/// turns, however many tasks there are; among themselves the tasks go in the order in which they came. No token is
/// promised before it is there.
#[derive(Debug)]
pub struct Limiter {
    state: Mutex<State>,
    /// Held by the task whose turn it is.
    first: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    /// Until when the thread is expected back for the token it was refused.
    asked: Option<Instant>,
    /// Whether a task waits.
    waiting: bool,
    /// Whether the last token that both wanted went to a task.
    task_was_last: bool,
}

/// How late the thread may come back.
const LATE: Duration = Duration::from_millis(20);

impl Limiter {
    /// See [`Bucket::new`].
    pub fn new(qps: f64, burst: u32) -> Self {
        Self::of(Bucket::new(qps, burst))
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::of(Bucket::unlimited())
    }

    fn of(bucket: Bucket) -> Self {
        let state = State { bucket, asked: None, waiting: false, task_was_last: false };
        Self { state: Mutex::new(state), first: tokio::sync::Mutex::new(()) }
    }

    /// Takes a token if there is one, for the thread.
    ///
    /// # Errors
    /// The time until a token is there.
    pub fn try_take(&self) -> Result<(), Duration> {
        let (mut state, now) = (self.state(), Instant::now());
        let yields = state.waiting && !state.task_was_last;
        let taken = state.take(now, yields);
        match taken {
            Ok(()) => (state.asked, state.task_was_last) = (None, false),
            Err(wait) => state.asked = Some(now + wait + LATE),
        }
        taken
    }

    /// Waits for a token; how long that took. Who gives up waiting leaves it to the next.
    pub async fn acquire(&self) -> Duration {
        let started = Instant::now();
        let _turn = self.first.lock().await;
        let _waiting = Waits(self);
        loop {
            let wait = {
                let (mut state, now) = (self.state(), Instant::now());
                let is_asked_for = state.asked.is_some_and(|until| now < until);
                let yields = is_asked_for && state.task_was_last;
                match state.take(now, yields) {
                    Ok(()) => {
                        state.task_was_last = true;
                        return now - started;
                    }
                    Err(wait) => {
                        state.waiting = true;
                        wait
                    }
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Whoever panicked while holding it left a valid number of tokens behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a token; who has to yield takes one only if another is left.
    fn take(&mut self, now: Instant, yields: bool) -> Result<(), Duration> {
        self.bucket.fill(now);
        if yields && !self.bucket.has_spare() {
            return Err(self
                .bucket
                .time_until(if self.bucket.burst < 2.0 { 1.0 } else { 2.0 })
                .max(SHORTEST));
        }
        self.bucket.try_take(now)
    }
}

/// The task whose turn it is, for as long as it waits.
struct Waits<'a>(&'a Limiter);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.state().waiting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at these milliseconds; the wait in milliseconds each time.
    #[track_caller]
    fn check(qps: f64, burst: u32, at: &[u64], want: &[u128]) {
        let (mut bucket, start) = (Bucket::new(qps, burst), Instant::now());
        let mut wait =
            |ms: &u64| bucket.try_take(start + Duration::from_millis(*ms)).err().unwrap_or_default();
        let waits: Vec<u128> = at.iter().map(|ms| wait(ms).as_millis()).collect();
        assert_eq!(waits, want);
    }

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        check(10.0, 2, &[0, 0, 0, 50, 100], &[0, 0, 100, 50, 0]);
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
        check(0.0, 0, &[0; 12], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 200]);
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

    #[tokio::test]
    async fn a_crowd_of_tasks_and_the_thread_take_turns() {
        for burst in [1, 10] {
            let limiter = std::sync::Arc::new(Limiter::new(100.0, burst));
            let (mut taken, mut crowd) = (0, tokio::task::JoinSet::new());
            for _ in 0..500 {
                let limiter = std::sync::Arc::clone(&limiter);
                crowd.spawn(async move { limiter.acquire().await });
            }
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(500) {
                match limiter.try_take() {
                    Ok(()) => taken += 1,
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
            let acquired = std::iter::from_fn(|| crowd.try_join_next()).count();
            assert!(taken >= 10 && acquired >= 10, "the thread has {taken}, the tasks {acquired}");
            assert!(taken + acquired <= 65, "{taken} and {acquired} are too many");
        }
    }
}
