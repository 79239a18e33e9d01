//! What is written of claims for devices: claims made for extended resources, which kube-scheduler counts as well, and what claims
//! are given and lose.

use std::sync::{Arc, OnceLock};

use longshore_cluster::claims::{ClaimStore, Count};
use prometheus::{IntCounterVec, Opts, Registry};

use super::add;

/// The counters, and what they count.
#[derive(Debug)]
pub(super) struct ClaimMetrics {
    creates: IntCounterVec,
    writes: IntCounterVec,
    store: OnceLock<Arc<ClaimStore>>,
}

impl ClaimMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            add(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        Ok(Self {
            creates: counters(
                "scheduler_resourceclaim_creates_total",
                "[ALPHA] Number of ResourceClaims creation requests within scheduler",
                &["status"],
            )?,
            writes: counters(
                "longshore_resourceclaim_writes_total",
                "Claims that were given to a pod, and what was taken back of claims",
                &["write", "status"],
            )?,
            store: OnceLock::new(),
        })
    }

    pub(super) fn read_from(&self, store: Arc<ClaimStore>) {
        // There is one in a process.
        _ = self.store.set(store);
    }

    /// Brings the counters up to date. What never happened is not there, as it is not on kube-scheduler's page.
    pub(super) fn read(&self) {
        let Some(store) = self.store.get() else { return };
        let counts = &store.counts;
        follow(&self.creates, &[], &counts.made);
        follow(&self.writes, &["given"], &counts.given);
        follow(&self.writes, &["taken_back"], &counts.taken_back);
    }
}

fn follow(counters: &IntCounterVec, labels: &[&str], count: &Count) {
    for (status, now) in [("success", count.done()), ("failure", count.failed())] {
        if now > 0 {
            let labels: Vec<&str> = labels.iter().copied().chain([status]).collect();
            let counter = counters.with_label_values(&labels);
            counter.inc_by(now.saturating_sub(counter.get()));
        }
    }
}
