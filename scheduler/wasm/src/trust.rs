//! Whether a plugin may be asked a question: what it did so far, to all pods and to this one.

use std::time::{Duration, Instant};

use longshore_framework::pod::Pod;

use crate::breaker::{Breaker, Change, Over, PAUSE};
use crate::failure::{Failure, FailureKind};
use crate::patience::Patience;
use crate::quarantine::{Quarantine, origin};

/// Calls that take too long, after which a plugin is not called any more where the cluster stands still: each may take as
/// long as a person is ready to wait.
pub const MOST_TIMEOUTS: usize = 3;

/// A stage that knows no errors. Pods that it fails for stay outside the queue until an event brings them back.
const OUTSIDE: &str = "PreEnqueue";

/// Stages that give back what an earlier one took: who was asked there has to be told.
const GIVE_BACK: [&str; 2] = ["Unreserve", "PostBind"];

/// What is known of a plugin's failures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    patience: Patience,
    breaker: Breaker,
    quarantine: Quarantine,
    /// Where the cluster stands still, calls that took too long, and the last.
    timeouts: (usize, String),
    /// How often pods that were turned away for want of an answer were worth another try.
    recoveries: u64,
    /// When pods outside the queue are worth another try, whatever happens.
    retry: Option<Instant>,
}

impl Trust {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Whether the plugin may be asked at a stage, about this pod if it is about one.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn may_ask(
        &mut self,
        stage: &'static str,
        pod: Option<&Pod>,
        now: Instant,
    ) -> Result<(), Failure> {
        if self.patience == Patience::Endless {
            return self.may_ask_offline(stage);
        }
        self.settle(now);
        if !self.breaker.allows(now) {
            let last = self.breaker.open_for(now).map_or("", |(why, _)| why);
            let message = format!("it is switched off after failing too often; the last failure: {last}");
            return Err(Failure::new(stage, FailureKind::Breaker, message));
        }
        // What an earlier stage took has to be given back.
        let Some(pod) = pod.filter(|_| !GIVE_BACK.contains(&stage)) else { return Ok(()) };
        match self.quarantine.keeps_away(pod, stage, stage == OUTSIDE, now) {
            None => Ok(()),
            Some(why) => {
                let message =
                    format!("it is not asked about this pod for a while, because it failed on it: {why}");
                Err(Failure::new(stage, FailureKind::Quarantine, message))
            }
        }
    }

    fn may_ask_offline(&self, stage: &'static str) -> Result<(), Failure> {
        let (count, last) = &self.timeouts;
        if *count < MOST_TIMEOUTS {
            return Ok(());
        }
        let message = format!(
            "it is not called any more after {count} calls that took too long; the last failure: {last}"
        );
        Err(Failure::new(stage, FailureKind::Breaker, message))
    }

    /// It answered.
    pub(crate) fn succeeded(&mut self, stage: &'static str, pod: Option<&Pod>) -> Change {
        if self.patience == Patience::Endless {
            return Change::None;
        }
        if let Some(pod) = pod {
            self.quarantine.succeeded(pod, stage);
        }
        self.breaker.succeeded(stage, pod.map(origin))
    }

    /// It did not when it was asked at a stage, about `pod` if that may be to blame. A failure that the guest reports in good
    /// health is an answer about the pod, or may be: it counts for nothing.
    pub(crate) fn failed(
        &mut self,
        failure: &Failure,
        stage: &'static str,
        pod: Option<&Pod>,
        now: Instant,
    ) -> Change {
        let why = failure.to_string();
        if self.patience == Patience::Endless {
            if failure.kind == FailureKind::Timeout {
                self.timeouts = (self.timeouts.0 + 1, why);
            }
            return Change::None;
        }
        let spoils = failure.kind.spoils();
        let over = match pod {
            Some(pod) if spoils => {
                let known = self.quarantine.knows(pod, stage);
                self.quarantine.failed(pod, stage, &why, stage == OUTSIDE, now);
                if known { Over::Known(origin(pod)) } else { Over::New(origin(pod)) }
            }
            _ => {
                if stage == OUTSIDE {
                    self.retry.get_or_insert(now + PAUSE);
                }
                Over::Nobody
            }
        };
        if spoils { self.breaker.failed(now, stage, &why, over) } else { Change::None }
    }

    /// Why it is switched off, if it is, and for how long still.
    pub(crate) fn switched_off(&self, now: Instant) -> Option<(&str, Duration)> {
        self.breaker.open_for(now)
    }

    /// Another number when pods that were turned away for want of an answer are worth another try.
    pub(crate) fn recoveries(&mut self, now: Instant) -> u64 {
        self.settle(now);
        if self.retry.is_some_and(|at| now >= at) {
            self.retry = None;
            self.recoveries += 1;
        }
        if self.quarantine.is_over_for_some(now) {
            self.recoveries += 1;
        }
        self.recoveries
    }

    fn settle(&mut self, now: Instant) {
        if self.breaker.pause_ends(now) {
            self.recoveries += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;
    use crate::breaker::FAILURES;

    fn trap() -> Failure {
        Failure::new("Filter", FailureKind::Trap, "unreachable")
    }

    #[test]
    fn a_pod_that_breaks_a_plugin_is_kept_away_and_others_are_not() {
        let (mut trust, now, bad, good) =
            (Trust::default(), Instant::now(), pod("bad").build(), pod("good").build());
        for _ in 0..10 {
            assert_eq!(trust.failed(&trap(), "Filter", Some(&bad), now), Change::None);
        }
        assert_eq!(trust.may_ask("Filter", Some(&good), now), Ok(()));
        let failure = trust.may_ask("Filter", Some(&bad), now).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Quarantine);
        assert!(failure.message.contains("unreachable"), "{failure}");
        assert_eq!(trust.may_ask("Unreserve", Some(&bad), now), Ok(()));
    }

    #[test]
    fn the_end_of_a_pause_is_told_once() {
        let (mut trust, now) = (Trust::default(), Instant::now());
        for _ in 0..FAILURES {
            trust.failed(&trap(), "Filter", None, now);
        }
        assert!(trust.switched_off(now).is_some());
        assert_eq!(trust.recoveries(now), 0);
        assert_eq!((trust.recoveries(now + PAUSE), trust.recoveries(now + PAUSE)), (1, 1));
    }

    #[test]
    fn pods_that_a_failure_keeps_outside_the_queue_are_tried_again() {
        let (mut trust, now) = (Trust::default(), Instant::now());
        let said = Failure::new("PreEnqueue", FailureKind::Error, "no");
        trust.failed(&said, "PreEnqueue", Some(&pod("p").build()), now);
        assert_eq!((trust.recoveries(now), trust.recoveries(now + PAUSE)), (0, 1));
        trust.failed(&trap(), "PreEnqueue", Some(&pod("q").build()), now);
        assert_eq!(trust.recoveries(now), 2);
    }

    #[test]
    fn where_the_cluster_stands_still_only_calls_without_end_are_given_up() {
        let (mut trust, now) = (Trust::new(Patience::Endless), Instant::now());
        for _ in 0..100 {
            assert_eq!(trust.failed(&trap(), "Filter", Some(&pod("p").build()), now), Change::None);
        }
        assert_eq!(trust.may_ask("Filter", Some(&pod("p").build()), now), Ok(()));
        let timeout = Failure::new("Filter", FailureKind::Timeout, "too long");
        for _ in 0..MOST_TIMEOUTS {
            trust.failed(&timeout, "Filter", None, now);
        }
        let failure = trust.may_ask("Filter", None, now).unwrap_err();
        assert!(
            failure.message.contains("not called any more after 3") && failure.message.contains("too long")
        );
    }
}
