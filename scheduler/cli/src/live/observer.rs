//! What the thread does, for metrics, the ring of decisions and the log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_cluster::race::Races;
use longshore_cluster::watch::{Sync, Told, WatchState};
use longshore_engine::{Attempt, Engine, Outcome};
use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};

use super::thread::Observe;
use crate::decisions::Decisions;
use crate::metrics::Metrics;

/// The last decisions, for the thread that makes them and the server that tells of them.
#[derive(Clone, Debug)]
pub(crate) struct SharedDecisions(Arc<Mutex<Decisions>>);

impl SharedDecisions {
    /// Shares `decisions`.
    pub(crate) fn new(decisions: Decisions) -> Self {
        Self(Arc::new(Mutex::new(decisions)))
    }

    /// The decisions.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Decisions> {
        // Whoever panicked while holding it left a whole ring behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees everything.
pub(crate) struct Observer {
    /// Where it is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Where it is kept.
    pub(crate) decisions: SharedDecisions,
    /// The watches, whose state is counted too.
    pub(crate) watches: Vec<Arc<WatchState>>,
    /// Who else puts pods on nodes.
    pub(crate) races: Races,
}

impl Observe for Observer {
    fn attempted(&mut self, attempt: &Attempt, now: Timestamp) {
        self.decisions.lock().add(attempt, now);
        match &attempt.outcome {
            Outcome::Unschedulable { message, .. } => tracing::debug!(
                pod = %pod_key(&attempt.pod),
                err = %message,
                "Unable to schedule pod; no fit; waiting"
            ),
            Outcome::Broken { message } => {
                tracing::error!(pod = %pod_key(&attempt.pod), err = %message, "Error scheduling pod; retrying");
            }
            Outcome::Assumed { node } => tracing::trace!(
                pod = %pod_key(&attempt.pod),
                node = %node,
                evaluatedNodes = attempt.evaluated_nodes,
                feasibleNodes = attempt.feasible_nodes,
                "Attempting to bind pod to node"
            ),
            Outcome::Terminating | Outcome::Placed => {}
        }
    }

    fn effect(&mut self, effect: &Effect) {
        if let Effect::Scheduled { pod, node } = effect {
            tracing::debug!(pod = %pod_key(pod), node = %node, "Successfully bound pod to node");
        }
    }

    fn told(&mut self, told: &Told, engine: &Engine) {
        match told {
            Told::Input(Input::Pod(pod)) if engine.profile_of(pod).is_none() => self.races.saw(pod),
            Told::Rejected { pod, reason } if engine.profile_of(pod).is_some() => self.rejected(pod, reason),
            _ => {}
        }
    }

    fn every_second(&mut self, engine: &Engine, _binding: usize) {
        self.metrics.observe(engine);
        for watch in &self.watches {
            let resource = [watch.kind.plural];
            let own = &self.metrics.own;
            let synced = watch.sync() == Sync::Complete && watch.last_error().is_empty();
            own.watch_synced.with_label_values(&resource).set(i64::from(synced));
            own.watch_lag.with_label_values(&resource).set(watch.silence().as_secs_f64());
        }
    }
}

impl Observer {
    /// A kubelet turned away what we bound.
    fn rejected(&mut self, pod: &Pod, reason: &str) {
        let Some(lost) = self.races.lost(pod, reason) else { return };
        let node = pod.spec.node_name.as_deref().unwrap_or_default();
        self.metrics.own.lost_races.with_label_values(&[&*lost.scheduler, reason]).inc();
        tracing::warn!(
            pod = %pod_key(pod),
            node,
            reason,
            scheduler = &*lost.scheduler,
            "Lost a race: the kubelet turned the pod away because another scheduler had taken the room"
        );
    }
}

fn pod_key(pod: &Pod) -> String {
    pod.key()
}
