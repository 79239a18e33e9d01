//! A watch that does not get through: why, since when, and when it is tried again.
//!
//! What was known of a kind stays known meanwhile, whatever the API server says: that it may not be read (its roles are not
//! loaded yet), that it does not know us (a token is being exchanged), that there is no such kind (a group is being moved),
//! or nothing at all. Only a kind that could never be read is done without, and one that only plugins read once the API
//! server has said for a while that it does not have it.

use std::time::{Duration, Instant};

use kube::Error as KubeError;
use kube::core::Status;
use kube::runtime::watcher;

use super::reporting::Reporting;
use super::state::{Sync, WatchState};
use crate::connect::{explained, in_words};
use crate::kinds::WatchedKind;
use crate::retry::jittered;
use crate::told::Told;

/// A server that asks for a longer pause is asked again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(15);
/// Pauses are up to this share longer, by chance: the kinds do not all come at once.
const JITTER: f64 = 0.2;
/// A kind that could be read and is forbidden for so long is told of once more: it may be meant.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Why a watch does not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// 410: what happened since is not known any more. Everything is listed anew.
    Gone,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    Missing,
    /// 429, 503, 504: it is starting, or has too much to do.
    Busy,
    /// No answer: nobody listens, or nobody who could be understood.
    Unreachable,
    /// Anything else.
    Other,
}

impl Cause {
    fn of(error: &watcher::Error) -> Self {
        use watcher::Error as W;
        let code = match error {
            W::InitialListFailed(KubeError::Api(status))
            | W::WatchStartFailed(KubeError::Api(status))
            | W::WatchFailed(KubeError::Api(status))
            | W::WatchError(status) => status.code,
            W::InitialListFailed(_) | W::WatchStartFailed(_) | W::WatchFailed(_) => {
                return Self::Unreachable;
            }
            W::NoResourceVersion => return Self::Other,
        };
        match code {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::Missing,
            410 => Self::Gone,
            429 | 503 | 504 => Self::Busy,
            _ => Self::Other,
        }
    }

    /// The pause after the first failure, how many of them are that long, and the longest.
    fn pauses(self) -> (Duration, u32, Duration) {
        let (first, times, longest) = match self {
            // Asking a port where nobody listens costs nobody anything.
            Self::Unreachable => (250, 1, 2_000),
            Self::Busy => (500, 2, 5_000),
            Self::Unauthorized => (1_000, 3, 5_000),
            Self::Forbidden => (1_000, 3, 30_000),
            Self::Missing => (1_000, 1, 15_000),
            Self::Gone | Self::Other => (250, 1, 15_000),
        };
        (Duration::from_millis(first), times, Duration::from_millis(longest))
    }

    /// The pause after the failure of this number, from 1.
    fn pause(self, number: u32) -> Duration {
        let (first, times, longest) = self.pauses();
        first.saturating_mul(1 << number.saturating_sub(times).min(10)).min(longest)
    }
}

/// There is no use in going on; why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hopeless(pub(super) String);

/// Failures in a row.
pub(super) struct Trouble<'a> {
    kind: &'static WatchedKind,
    state: &'a WatchState,
    to: &'a Reporting,
    /// The newest cause, since when it is the cause, and how often in a row it was.
    now: Option<(Cause, Instant, u32)>,
    /// Causes that were logged.
    said: Vec<Cause>,
    said_again: bool,
}

impl<'a> Trouble<'a> {
    /// None yet.
    pub(super) fn new(kind: &'static WatchedKind, state: &'a WatchState, to: &'a Reporting) -> Self {
        Self { kind, state, to, now: None, said: Vec::new(), said_again: false }
    }

    /// Whether the last thing that was heard is a failure.
    pub(super) fn is_there(&self) -> bool {
        self.now.is_some()
    }

    /// Takes note of an error; how long to wait before the next try.
    pub(super) fn note(&mut self, error: &watcher::Error) -> Result<Duration, Hopeless> {
        let cause = Cause::of(error);
        let (since, count) = match self.now {
            Some((known, since, count)) if known == cause => (since, count + 1),
            _ => (Instant::now(), 1),
        };
        self.now = Some((cause, since, count));
        if cause != Cause::Gone {
            self.tell(cause, since, error);
        }
        if cause == Cause::Unauthorized && count > 1 && since.elapsed() > self.patience() {
            return Err(Hopeless(format!("watching {}: {}", self.kind.plural, words(error, explained))));
        }
        Ok(jittered(cause.pause(count).max(asked_for(error)), JITTER))
    }

    /// Whether the API server has said for a while that it does not have the kind.
    pub(super) fn is_missing(&self) -> bool {
        let limit = self.to.times.missing_for;
        self.now.is_some_and(|(cause, since, _)| cause == Cause::Missing && since.elapsed() >= limit)
    }

    /// It gets through again.
    pub(super) fn over(&mut self) {
        if self.now.take().is_none() {
            return;
        }
        if !self.said.is_empty() {
            let seconds = self.state.lag().as_secs_f64();
            tracing::info!(resource = self.kind.plural, seconds, "watching again");
        }
        (self.said, self.said_again) = (Vec::new(), false);
        self.state.recovered();
    }

    /// How long credentials may be refused.
    fn patience(&self) -> Duration {
        if self.was_read() { self.to.times.refused_later_for } else { self.to.times.refused_for }
    }

    /// Whether the kind could be read once: then what was seen last counts on.
    fn was_read(&self) -> bool {
        self.state.sync() == Sync::Complete
    }

    /// Each cause is logged once.
    fn tell(&mut self, cause: Cause, since: Instant, error: &watcher::Error) {
        let (resource, loss) = (self.kind.plural, self.kind.loss);
        let explained = words(error, explained);
        self.state.failed(&explained);
        if cause == Cause::Forbidden && !self.was_read() {
            // The roles may only not be loaded yet.
            if since.elapsed() >= self.to.times.forbidden_for && self.is_new(cause) {
                tracing::warn!(resource, "may not be watched, so {loss}: {explained}");
                self.do_without();
            }
        } else if self.is_new(cause) {
            match cause {
                Cause::Forbidden | Cause::Unauthorized | Cause::Missing if self.was_read() => tracing::warn!(
                    resource,
                    "cannot be watched at the moment, though it could be before; what was seen last counts on, and it is \
                     tried again every second at first: {}",
                    words(error, in_words)
                ),
                _ => tracing::warn!(resource, "watch interrupted, trying again: {explained}"),
            }
        } else if cause == Cause::Forbidden && since.elapsed() > TOLD_AGAIN_AFTER && !self.said_again {
            self.said_again = true;
            tracing::warn!(
                resource,
                "still may not be watched after {TOLD_AGAIN_AFTER:?}; what was seen last counts on and grows old: {explained}"
            );
        }
    }

    /// A kind that could never be read.
    fn do_without(&self) {
        if !self.kind.is_essential() && self.state.give_up(Sync::Forbidden) {
            (self.to.tell)(Told::Synced(self.kind));
        }
    }

    /// Whether the cause was not logged yet; now it is.
    fn is_new(&mut self, cause: Cause) -> bool {
        let is_new = !self.said.contains(&cause);
        if is_new {
            self.said.push(cause);
        }
        is_new
    }
}

/// When the server wants to be asked again.
fn asked_for(error: &watcher::Error) -> Duration {
    use watcher::Error as W;
    let status: Option<&Status> = match error {
        W::InitialListFailed(KubeError::Api(status))
        | W::WatchStartFailed(KubeError::Api(status))
        | W::WatchFailed(KubeError::Api(status))
        | W::WatchError(status) => Some(status),
        _ => None,
    };
    let seconds = status.and_then(|s| s.details.as_ref()).map_or(0, |details| details.retry_after_seconds);
    Duration::from_secs(seconds.into()).min(LONGEST_RETRY_AFTER)
}

/// The error as `tell` has it.
pub(super) fn words(error: &watcher::Error, tell: impl Fn(&KubeError) -> String) -> String {
    use watcher::Error as W;
    match error {
        W::InitialListFailed(error) | W::WatchStartFailed(error) | W::WatchFailed(error) => tell(error),
        W::WatchError(status) => tell(&KubeError::Api(status.clone())),
        W::NoResourceVersion => "an object came without resourceVersion".to_string(),
    }
}

#[cfg(test)]
mod tests;
