//! When to stop calling a plugin that keeps failing.
//!
//! A failure over a pod may be the pod's doing: it counts once for each pod, or for all pods of a controller together, and
//! is taken back when the plugin answers about another one. So one bad pod cannot switch a plugin off for all.
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

use longshore_framework::Str;

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

/// Over whom a plugin failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over<'a> {
    /// Nobody in particular.
    Nobody,
    /// A pod or a controller that it did not fail over before.
    New(&'a Str),
    /// One that it is known to fail over.
    Known(&'a Str),
}

/// Counts failures and decides whether the plugin is called.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    pause: Duration,
    /// Those over nobody.
    failures: VecDeque<Instant>,
    /// Pods and controllers that it failed over one after the other.
    in_a_row: Vec<(Instant, Str)>,
    last: String,
    /// The stage that failed last: only its success closes the breaker.
    stage: &'static str,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed,
            pause: PAUSE,
            failures: VecDeque::new(),
            in_a_row: Vec::new(),
            last: String::new(),
            stage: "",
        }
    }
}

impl Breaker {
    /// Whether the plugin may be called now. After a pause it is called on trial.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.pause_ends(now);
        !matches!(self.state, State::Open { .. })
    }

    /// Whether a pause ends now.
    pub fn pause_ends(&mut self, now: Instant) -> bool {
        let ends = matches!(self.state, State::Open { until } if now >= until);
        if ends {
            self.state = State::OnTrial;
        }
        ends
    }

    /// The plugin answered at a stage, about a pod of this origin. On trial it has to answer where it failed.
    pub fn succeeded(&mut self, stage: &'static str, origin: Option<&Str>) -> Change {
        if self.stage == stage && !origin.is_some_and(|of| self.in_a_row.iter().any(|(_, one)| one == of)) {
            self.in_a_row.clear();
        }
        if self.state == State::Closed || self.stage != stage {
            return Change::None;
        }
        self.state = State::Closed;
        self.pause = PAUSE;
        self.failures.clear();
        Change::Closed
    }

    /// The plugin failed when it was asked at a stage.
    pub fn failed(&mut self, now: Instant, stage: &'static str, why: &str, over: Over<'_>) -> Change {
        // Whether it is well again is not for those to say that it fails over anyway.
        if let (State::OnTrial, Over::Known(_)) = (self.state, over) {
            return Change::None;
        }
        self.stage = stage;
        self.last = why.to_string();
        match over {
            Over::Nobody => self.failures.push_back(now),
            Over::New(origin) | Over::Known(origin) => {
                if !self.in_a_row.iter().any(|(_, one)| one == origin) {
                    self.in_a_row.push((now, Str::clone(origin)));
                }
            }
        }
        let is_old = |then: Instant| now.duration_since(then) > WINDOW;
        self.failures.retain(|then| !is_old(*then));
        self.in_a_row.retain(|(then, _)| !is_old(*then));
        match self.state {
            State::Closed if self.failures.len() + self.in_a_row.len() < FAILURES => Change::None,
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
        self.in_a_row.clear();
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
            assert_eq!(breaker.failed(start, "Filter", "x", Over::Nobody), Change::None);
        }
        assert_eq!(breaker.failed(start, "Filter", "the last", Over::Nobody), Change::Opened(PAUSE));
        assert!(!breaker.allows(start));
        assert_eq!(breaker.open_for(start), Some(("the last", PAUSE)));
        assert!(breaker.allows(start + PAUSE));
        assert_eq!(breaker.succeeded("PreFilter", None), Change::None);
        assert_eq!(breaker.succeeded("Filter", None), Change::Closed);
        assert_eq!(breaker.succeeded("Filter", None), Change::None);
    }

    #[test]
    fn a_failed_trial_doubles_the_pause_up_to_a_bound() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            breaker.failed(now, "Filter", "x", Over::Nobody);
        }
        let mut pauses = Vec::new();
        for _ in 0..6 {
            now += LONGEST_PAUSE;
            assert!(breaker.allows(now));
            if let Change::Opened(pause) = breaker.failed(now, "Filter", "x", Over::Nobody) {
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
            assert_eq!(breaker.failed(now, "Filter", "x", Over::Nobody), Change::None);
        }
        assert!(breaker.allows(start));
    }

    #[test]
    fn pods_that_it_fails_over_count_once_each_and_only_in_a_row() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let names: Vec<Str> = (0..FAILURES).map(|at| at.to_string().into()).collect();
        for _ in 0..10 * FAILURES {
            assert_eq!(breaker.failed(now, "Filter", "x", Over::New(&names[0])), Change::None);
        }
        // Another stage, and the pods themselves, prove nothing.
        let fail =
            |breaker: &mut Breaker, at: usize| breaker.failed(now, "Filter", "x", Over::New(&names[at]));
        (1..FAILURES - 1).for_each(|at| assert_eq!(fail(&mut breaker, at), Change::None));
        breaker.succeeded("PreFilter", Some(&"good".into()));
        breaker.succeeded("Filter", Some(&names[1]));
        let mut other = breaker.clone();
        assert_eq!(fail(&mut breaker, FAILURES - 1), Change::Opened(PAUSE));
        other.succeeded("Filter", Some(&"good".into()));
        assert_eq!(fail(&mut other, FAILURES - 1), Change::None);
    }

    #[test]
    fn a_pod_that_it_is_known_to_fail_over_does_not_end_a_trial() {
        let (mut breaker, now, bad) = (Breaker::default(), Instant::now(), Str::from("bad"));
        for _ in 0..FAILURES {
            breaker.failed(now, "Filter", "x", Over::Nobody);
        }
        assert!(
            !breaker.pause_ends(now) && breaker.pause_ends(now + PAUSE) && !breaker.pause_ends(now + PAUSE)
        );
        assert_eq!(breaker.failed(now + PAUSE, "Filter", "x", Over::Known(&bad)), Change::None);
        assert!(breaker.allows(now + PAUSE));
        assert_eq!(breaker.succeeded("Filter", Some(&"good".into())), Change::Closed);
    }
}
