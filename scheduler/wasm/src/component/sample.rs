//! Now and then a guest is asked the same question twice. One that gives two answers is told of: what is decided by it cannot be
//! explained, and what is kept of a pure plugin is not what it would say.

use std::sync::atomic::Ordering;
use std::time::Instant;

use longshore_framework::pod::Pod;

use super::imports::locked;
use super::plugin::ComponentPlugin;
use crate::failure::{Failure, FailureKind, one_line};

/// One in so many questions is asked twice.
pub(crate) const EVERY: u64 = 64;

/// Imports whose answers differ from call to call.
const UNSTEADY: [&str; 2] = ["clock", "random"];

impl ComponentPlugin {
    /// Whether this question is to be asked twice.
    pub(super) fn samples(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        asked % EVERY == EVERY - 1 && !self.loaded.imports.iter().any(|i| UNSTEADY.contains(&i.as_str()))
    }

    /// The guest gave two answers to one question about a pod.
    pub(super) fn unsteady(&self, stage: &'static str, pod: &Pod) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let (name, common) = (self.loaded.name(), &self.loaded.common);
        let message = "it gave two answers to the same question; the first one counts";
        let failure = Failure::new(stage, FailureKind::Unsteady, message);
        common.observer.failed(name, stage, failure.kind, &failure.message);
        if locked(&common.lines).0.take(Instant::now()) {
            tracing::warn!(plugin = &**name, stage, pod = pod.key(), "{}", one_line(failure.to_string()));
        }
    }
}
