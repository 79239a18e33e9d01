//! What `longshore run` has around its engine: metrics and the ring of the last decisions.

use std::sync::Arc;

use longshore_benches::driver::Observer;
use longshore_engine::{Attempt, Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::profile::Profile;
use longshore_service::decisions::{Decisions, EXAMPLE_NODES, Limits};
use longshore_service::metrics::Metrics;

/// The instruments.
pub(crate) struct Instruments {
    metrics: Arc<Metrics>,
    decisions: Decisions,
}

impl Instruments {
    /// All at zero.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let metrics = Metrics::new()?;
        let decisions = Decisions::new(Limits::default(), Some(metrics.own.ring_dropped.clone()));
        Ok(Self { metrics, decisions })
    }

    /// The options that `longshore run` gives its engine; but for the seed, which is given.
    pub(crate) fn options(&self, profiles: &[Profile], seed: u64, trace: bool) -> Options {
        Options {
            seed,
            trace,
            meter: Some(self.metrics.meter(profiles)),
            example_nodes: Some(EXAMPLE_NODES),
            ..Options::default()
        }
    }
}

impl Observer for Instruments {
    fn attempted(&mut self, attempt: &Attempt, now: Timestamp) {
        self.decisions.add(attempt, now);
    }

    fn now_and_then(&mut self, engine: &Engine) {
        self.metrics.observe(engine);
    }
}
