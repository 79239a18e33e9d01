//! What becomes of failures: they are counted and told, a plugin that keeps failing is not called for a while, and the
//! profile says what its pods get instead.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use longshore_framework::Str;

use super::common::locked;
use crate::args::FailurePolicy;
use crate::breaker::{Breaker, Change};
use crate::failure::{Failure, FailureKind};
use crate::observe::Observe;

/// Stands before every call of a plugin.
pub(crate) struct Guard {
    plugin: Str,
    policy: FailurePolicy,
    observer: Arc<dyn Observe>,
    breaker: Mutex<Breaker>,
    failures: AtomicU64,
}

impl Guard {
    /// A guard that lets calls through.
    pub(crate) fn new(plugin: Str, policy: FailurePolicy, observer: Arc<dyn Observe>) -> Self {
        Self { plugin, policy, observer, breaker: Mutex::default(), failures: AtomicU64::new(0) }
    }

    /// How often the plugin failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Why it is not called, if it is not.
    pub(crate) fn switched_off(&self) -> Option<String> {
        let breaker = locked(&self.breaker);
        let (why, left) = breaker.open_for(Instant::now())?;
        let seconds = left.as_secs() + 1;
        Some(format!("it failed too often and is tried again in {seconds} s; the last failure: {why}"))
    }

    /// Asks, if the plugin may be asked. What it fails with is an error, or `instead` when failures are ignored.
    ///
    /// # Errors
    /// The failure.
    pub(crate) fn ask<T>(
        &self,
        stage: &'static str,
        instead: T,
        ask: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let answer = self.may_ask(stage).and_then(|()| {
            let answer = ask();
            match &answer {
                Ok(_) => self.tell(|breaker| breaker.succeeded(stage), ""),
                Err(failure) => self.failed(failure, stage),
            }
            answer
        });
        self.excuse(answer, instead)
    }

    /// What takes the place of an answer: the failure, or nothing when failures are ignored.
    ///
    /// # Errors
    /// The failure.
    pub(crate) fn excuse<T>(&self, answer: Result<T, Failure>, instead: T) -> Result<T, Failure> {
        match answer {
            Err(_) if self.policy == FailurePolicy::Ignore => Ok(instead),
            other => other,
        }
    }

    fn may_ask(&self, stage: &'static str) -> Result<(), Failure> {
        let mut breaker = locked(&self.breaker);
        if breaker.allows(Instant::now()) {
            return Ok(());
        }
        let last = breaker.open_for(Instant::now()).map_or("", |(why, _)| why).to_string();
        drop(breaker);
        let message = format!("it is switched off after failing too often; the last failure: {last}");
        let failure = Failure::new(stage, FailureKind::Breaker, message);
        self.observer.failed(&self.plugin, stage, failure.kind, &failure.message);
        Err(failure)
    }

    /// As for components, what a guest reports in good health does not count for the breaker.
    fn failed(&self, failure: &Failure, asked: &'static str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let plugin = &*self.plugin;
        self.observer.failed(plugin, failure.stage, failure.kind, &failure.message);
        tracing::warn!(plugin, stage = failure.stage, kind = failure.kind.as_str(), "{failure}");
        if failure.kind.spoils() {
            let why = failure.to_string();
            self.tell(|breaker| breaker.failed(Instant::now(), asked, &why), &why);
        }
    }

    fn tell(&self, change: impl FnOnce(&mut Breaker) -> Change, why: &str) {
        let change = change(&mut locked(&self.breaker));
        let plugin = &*self.plugin;
        match change {
            Change::None => {}
            Change::Opened(pause) => {
                tracing::error!(plugin, pause_s = pause.as_secs(), "the plugin is switched off: {why}");
                self.observer.breaker(plugin, true, why);
            }
            Change::Closed => {
                tracing::info!(plugin, "the plugin is called again");
                self.observer.breaker(plugin, false, "");
            }
        }
    }
}
