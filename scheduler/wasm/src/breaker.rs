//! When to stop calling a plugin that keeps failing.
//!
//! ```text
//!            FAILURES within WINDOW                  pause over
//!   closed ─────────────────────────▶ open ─────────────────────▶ on trial
//!     ▲                                ▲                            │  │
//!     │                                └── fails: the pause doubles ┘  │
//!     └───────────────────── answers ─────────────────────────────────┘
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many failures open the breaker.
pub const FAILURES: usize = 5;
/// Within so long.
pub const WINDOW: Duration = Duration::from_secs(60);
/// How long it stays open the first time.
pub const PAUSE: Duration = Duration::from_secs(30);
/// How long it stays open at the most.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What a call changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The plugin is not called any more, for so long.
    Opened(Duration),
    /// The plugin is called again.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Instant },
    OnTrial,
}

/// Counts failures and decides whether the plugin is called.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    pause: Duration,
    failures: VecDeque<Instant>,
    last: String,
    /// The stage that failed last: only its success closes the breaker.
    stage: &'static str,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, pause: PAUSE, failures: VecDeque::new(), last: String::new(), stage: "" }
    }
}

impl Breaker {
    /// Whether the plugin may be called now. After a pause one call is let through on trial.
    pub fn allows(&mut self, now: Instant) -> bool {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.state = State::OnTrial;
        }
        !matches!(self.state, State::Open { .. })
    }

    /// The plugin answered at a stage. On trial it has to answer where it failed.
    pub fn succeeded(&mut self, stage: &'static str) -> Change {
        if self.state == State::Closed || self.stage != stage {
            return Change::None;
        }
        self.state = State::Closed;
        self.pause = PAUSE;
        self.failures.clear();
        Change::Closed
    }

    /// The plugin failed when it was asked at a stage.
    pub fn failed(&mut self, now: Instant, stage: &'static str, why: &str) -> Change {
        self.stage = stage;
        self.last = why.to_string();
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > WINDOW) {
            self.failures.pop_front();
        }
        match self.state {
            State::Closed if self.failures.len() < FAILURES => Change::None,
            State::Open { .. } => Change::None,
            State::Closed => self.open(now),
            State::OnTrial => {
                self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
                self.open(now)
            }
        }
    }

    fn open(&mut self, now: Instant) -> Change {
        self.state = State::Open { until: now + self.pause };
        self.failures.clear();
        Change::Opened(self.pause)
    }

    /// Why it is open, if it is, and for how long still.
    pub fn open_for(&self, now: Instant) -> Option<(&str, Duration)> {
        match self.state {
            State::Open { until } => Some((&self.last, until.saturating_duration_since(now))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_when_a_trial_succeeds() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            assert_eq!(breaker.failed(start, "Filter", "x"), Change::None);
        }
        assert_eq!(breaker.failed(start, "Filter", "the last"), Change::Opened(PAUSE));
        assert!(!breaker.allows(start));
        assert_eq!(breaker.open_for(start), Some(("the last", PAUSE)));
        assert!(breaker.allows(start + PAUSE));
        assert_eq!(breaker.succeeded("PreFilter"), Change::None);
        assert_eq!(breaker.succeeded("Filter"), Change::Closed);
        assert_eq!(breaker.succeeded("Filter"), Change::None);
    }

    #[test]
    fn a_failed_trial_doubles_the_pause_up_to_a_bound() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            breaker.failed(now, "Filter", "x");
        }
        let mut pauses = Vec::new();
        for _ in 0..6 {
            now += LONGEST_PAUSE;
            assert!(breaker.allows(now));
            if let Change::Opened(pause) = breaker.failed(now, "Filter", "x") {
                pauses.push(pause.as_secs());
            }
        }
        assert_eq!(pauses, [60, 120, 240, 480, 600, 600]);
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        for n in 0..20 {
            let now = start + WINDOW * n;
            assert_eq!(breaker.failed(now, "Filter", "x"), Change::None);
        }
        assert!(breaker.allows(start));
    }
}
