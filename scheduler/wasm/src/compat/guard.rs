//! What becomes of failures: they are counted and told, a plugin that keeps failing is not called for a while, and the
//! profile says what its pods get instead.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::common::locked;
use crate::args::FailurePolicy;
use crate::breaker::Change;
use crate::failure::Failure;
use crate::observe::Observe;
use crate::patience::Patience;
use crate::trust::Trust;

/// Stands before every call of a plugin.
pub(crate) struct Guard {
    plugin: Str,
    policy: FailurePolicy,
    observer: Arc<dyn Observe>,
    trust: Mutex<Trust>,
    failures: AtomicU64,
}

impl Guard {
    /// A guard that lets calls through.
    pub(crate) fn new(
        plugin: Str,
        policy: FailurePolicy,
        observer: Arc<dyn Observe>,
        patience: Patience,
    ) -> Self {
        let trust = Mutex::new(Trust::new(patience));
        Self { plugin, policy, observer, trust, failures: AtomicU64::new(0) }
    }

    /// How often the plugin failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Why it is not called, if it is not.
    pub(crate) fn switched_off(&self) -> Option<String> {
        let trust = locked(&self.trust);
        let (why, left) = trust.switched_off(Instant::now())?;
        let seconds = left.as_secs() + 1;
        Some(format!("it failed too often and is tried again in {seconds} s; the last failure: {why}"))
    }

    /// Another number when pods that were turned away for want of an answer are worth another try.
    pub(crate) fn recoveries(&self) -> u64 {
        locked(&self.trust).recoveries(Instant::now())
    }

    /// Asks about a pod, if the plugin may be asked. What it fails with is an error, or `instead` when failures are ignored.
    ///
    /// # Errors
    /// The failure.
    pub(crate) fn ask<T>(
        &self,
        (stage, pod): (&'static str, &Pod),
        instead: T,
        ask: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let answer = self.may_ask(stage, pod).and_then(|()| {
            let answer = ask();
            match &answer {
                Ok(_) => self.tell(|trust| trust.succeeded(stage, Some(pod)), ""),
                Err(failure) => self.failed(failure, stage, pod),
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

    fn may_ask(&self, stage: &'static str, pod: &Pod) -> Result<(), Failure> {
        let may = locked(&self.trust).may_ask(stage, Some(pod), Instant::now());
        may.inspect_err(|failure| self.observer.failed(&self.plugin, stage, failure.kind, &failure.message))
    }

    fn failed(&self, failure: &Failure, asked: &'static str, pod: &Pod) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let plugin = &*self.plugin;
        self.observer.failed(plugin, failure.stage, failure.kind, &failure.message);
        let key = pod.key();
        tracing::warn!(plugin, stage = failure.stage, kind = failure.kind.as_str(), pod = key, "{failure}");
        // What goes wrong at the start of an instance is not the pod's doing.
        let about = (failure.stage != "Start").then_some(pod);
        self.tell(|trust| trust.failed(failure, asked, about, Instant::now()), &failure.to_string());
    }

    fn tell(&self, change: impl FnOnce(&mut Trust) -> Change, why: &str) {
        let change = change(&mut locked(&self.trust));
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
