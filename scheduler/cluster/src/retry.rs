//! When a call is made again, and after how long.

use std::future::Future;
use std::time::Duration;

use crate::call::error::ApiError;

/// Whether the same call may succeed if it is made again: the server broke or was busy, the object had changed, or no
/// connection came about. kube-scheduler retries its patches on exactly these. A connection that broke off is among them
/// here: whatever is retried does no harm when done twice.
pub fn is_transient(error: &ApiError) -> bool {
    let named = [(500, "InternalError"), (503, "ServiceUnavailable"), (409, "Conflict")];
    named.iter().any(|(code, reason)| error.is(*code, reason)) || error.is_unreachable()
}

/// Waits between tries, each longer than the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Tries in all, the first among them.
    pub tries: u32,
    /// First wait.
    pub base: Duration,
    /// What a wait is multiplied with to give the next.
    pub factor: f64,
    /// Up to this share is added by chance.
    pub jitter: f64,
}

impl Backoff {
    /// What kube-scheduler's status patches use: 4 tries, 10 ms, 50 ms and 250 ms apart, and up to 10 % more.
    pub const STATUS: Self = Self { tries: 4, base: Duration::from_millis(10), factor: 5.0, jitter: 0.1 };

    /// A single try.
    pub const ONCE: Self = Self { tries: 1, ..Self::STATUS };

    /// The wait after try `number` (from 1), `None` after the last.
    pub fn wait_after(&self, number: u32) -> Option<Duration> {
        let exponent = i32::try_from(number.checked_sub(1)?).ok()?;
        (number < self.tries).then(|| jittered(self.base.mul_f64(self.factor.powi(exponent)), self.jitter))
    }
}

/// Makes a call again while it fails for a transient reason.
///
/// # Errors
/// The first error that is not transient, or that of the last try.
pub async fn retried<T, F>(backoff: Backoff, call: impl FnMut() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    retried_if(backoff, is_transient, call).await
}

/// Makes a call again while it fails with an error that `again` says may pass.
///
/// # Errors
/// The first error that may not, or that of the last try.
pub async fn retried_if<T, F>(
    backoff: Backoff,
    mut again: impl FnMut(&ApiError) -> bool,
    mut call: impl FnMut() -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let mut number = 0;
    loop {
        number += 1;
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let may_pass = again(&error);
        match backoff.wait_after(number) {
            Some(wait) if may_pass => tokio::time::sleep(wait).await,
            _ => return Err(error),
        }
    }
}

/// How often and how long one call waits because the server said `Retry-After`: 10 times as in client-go, and a minute in
/// all, so that a server that asks for an hour does not hold a pod that long.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    times: u32,
    left: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { times: 10, left: Duration::from_secs(60) }
    }
}

impl Patience {
    /// How long to wait before the call is made again; `None` to give up, or when the server did not ask to wait.
    pub fn wait_after(&mut self, error: &ApiError) -> Option<Duration> {
        let busy = error.code == 429 || error.code >= 500;
        let wait = error.retry_after.filter(|_| busy)?;
        self.times = self.times.checked_sub(1)?;
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }
}

/// `time` and up to `share` of it more, so that clients do not all come at once.
pub fn jittered(time: Duration, share: f64) -> Duration {
    // A random UUID is the source of chance that is at hand; its last 32 bits are all random.
    let chance = uuid::Uuid::new_v4().as_u128() as u32;
    time.mul_f64(1.0 + share.max(0.0) * f64::from(chance) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn error(code: u16, reason: &str) -> ApiError {
        ApiError { code, reason: reason.to_string(), ..ApiError::unsent("no".to_string()) }
    }

    #[track_caller]
    fn check(error: &ApiError, transient: bool) {
        assert_eq!(is_transient(error), transient, "{error:?}");
    }

    #[test]
    fn what_is_transient() {
        check(&error(500, "InternalError"), true);
        check(&error(503, "ServiceUnavailable"), true);
        check(&error(503, ""), true);
        check(&error(409, "Conflict"), true);
        check(&error(0, ""), true);
        check(&error(409, "AlreadyExists"), false);
        check(&error(404, "NotFound"), false);
        check(&error(403, "Forbidden"), false);
        check(&error(422, "Invalid"), false);
        check(&error(500, "Timeout"), false);
    }

    #[test]
    fn status_patches_wait_as_kube_scheduler_does() {
        for (number, millis) in [(1, 10), (2, 50), (3, 250)] {
            let wait = Backoff::STATUS.wait_after(number).unwrap();
            let (low, high) = (Duration::from_millis(millis), Duration::from_millis(millis).mul_f64(1.101));
            assert!(low <= wait && wait <= high, "{number}: {wait:?}");
        }
        assert_eq!(Backoff::STATUS.wait_after(4), None);
    }

    async fn tries(error: ApiError) -> u32 {
        let count = Cell::new(0);
        let result: Result<(), _> = retried(Backoff { base: Duration::ZERO, ..Backoff::STATUS }, || {
            count.set(count.get() + 1);
            let error = error.clone();
            async { Err(error) }
        })
        .await;
        assert_eq!(result, Err(error));
        count.get()
    }

    #[tokio::test]
    async fn transient_errors_are_retried_and_others_are_not() {
        assert_eq!(tries(error(500, "InternalError")).await, 4);
        assert_eq!(tries(error(404, "NotFound")).await, 1);
    }

    #[test]
    fn patience_ends() {
        let wait = |seconds| ApiError {
            retry_after: Some(Duration::from_secs(seconds)),
            ..error(429, "TooManyRequests")
        };
        let mut patience = Patience::default();
        assert_eq!(patience.wait_after(&wait(3600)), None);
        let mut patience = Patience::default();
        let waits = (0..20).filter_map(|_| patience.wait_after(&wait(1))).count();
        assert_eq!(waits, 10);
        assert_eq!(Patience::default().wait_after(&error(429, "TooManyRequests")), None);
    }
}
