//! What the thread does, for metrics, the ring of decisions and the log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_cluster::declared::DeclaredWatches;
use longshore_cluster::race::Races;
use longshore_cluster::record::{Event, Recorder};
use longshore_cluster::told::Told;
use longshore_cluster::watch::{Sync, WatchState};
use longshore_engine::{Attempt, Engine, Outcome};
use longshore_framework::Timestamp;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason};

use super::rivals::{self, Rivals};
use super::tally::Tally;
use super::thread::Observe;
use crate::decisions::Decisions;
use crate::logging;
use crate::metrics::Metrics;
use crate::serve::Flag;

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
    /// The watches of kinds that plugins declare, which come and go, and the names of those that were counted.
    pub(crate) declared: (DeclaredWatches, BTreeSet<&'static str>),
    /// Who else puts pods on nodes.
    pub(crate) races: SharedRaces,
    /// Those of them that races were lost to.
    pub(crate) rivals: Rivals,
    /// Where events are recorded.
    pub(crate) recorder: Recorder,
    /// What was begun and done.
    pub(crate) tally: Tally,
    /// Passes once every kind is known.
    pub(crate) synced: Flag,
}

/// Who else puts pods on nodes: the watch sees it, the thread asks.
pub(crate) type SharedRaces = Arc<Mutex<Races>>;

impl Observe for Observer {
    fn attempted(&mut self, attempt: &Attempt, now: Timestamp) {
        self.decisions.lock().add(attempt, now);
        match &attempt.outcome {
            Outcome::Unschedulable { message, .. } => logging::unschedulable(&attempt.pod, message),
            Outcome::Terminating => {
                let note = format!("skip schedule deleting pod: {}", attempt.pod.key());
                self.recorder.record(Event::failed_scheduling(&attempt.pod, &note));
            }
            // What broke is told by its effect, whether it broke now or while the pod was being bound.
            Outcome::Broken { .. } | Outcome::Assumed { .. } => {}
        }
    }

    fn effect(&mut self, effect: &Effect) {
        self.tally.effect(effect);
        match effect {
            Effect::Scheduled { pod, node, evaluated_nodes, feasible_nodes } => {
                logging::bound(pod, node, *evaluated_nodes, *feasible_nodes);
            }
            Effect::Failed { pod, reason: FailureReason::SchedulerError, message, .. } => {
                logging::broken(pod, message);
            }
            Effect::PluginEvent { pod, plugin, reason, note, .. } => {
                tracing::debug!(pod = %logging::PodKey(pod), plugin = &**plugin, reason = &**reason, "{note}");
            }
            Effect::Gated { pod, plugin, rejection } => logging::gated(pod, plugin, &rejection.message()),
            _ => {}
        }
    }

    fn told(&mut self, told: &Told, _: &Engine) {
        match told {
            Told::Input(input) => self.tally.input(input),
            Told::Rejected { pod, reason } => self.rejected(pod, reason),
            Told::Synced(_) | Told::Fatal(_) => {}
        }
    }

    fn withheld(&mut self) {
        self.tally.withheld();
    }

    fn synced(&mut self) {
        tracing::info!("Every kind that decisions read is known");
        self.synced.pass();
    }

    fn now_and_then(&mut self, engine: &Engine, _binding: usize) {
        self.metrics.observe(engine);
        self.count_watches();
    }
}

impl Observer {
    fn count_watches(&mut self) {
        let own = &self.metrics.own;
        let declared = self.declared.0.states();
        for watch in self.watches.iter().chain(&declared) {
            let resource = [watch.kind.plural];
            let synced = watch.sync() == Sync::Complete && watch.last_error().is_empty();
            own.watch_synced.with_label_values(&resource).set(i64::from(synced));
            own.watch_lag.with_label_values(&resource).set(watch.lag().as_secs_f64());
        }
        let now: BTreeSet<&str> = declared.iter().map(|watch| watch.kind.plural).collect();
        let stays = |name: &str| now.contains(name) || self.watches.iter().any(|w| w.kind.plural == name);
        for gone in self.declared.1.iter().filter(|name| !stays(name)) {
            own.forget_watch(gone);
        }
        self.declared.1 = now;
    }

    /// A kubelet turned away what we bound.
    fn rejected(&mut self, pod: &Pod, reason: &str) {
        let races = self.races.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(scheduler) = races.lost(pod, reason) else { return };
        drop(races);
        let node = pod.meta.node_name.as_deref().unwrap_or_default();
        let labels = [self.rivals.label(&scheduler), rivals::reason(reason)];
        self.metrics.own.lost_races.with_label_values(&labels).inc();
        tracing::warn!(
            pod = %logging::PodKey(pod),
            node,
            reason,
            scheduler = &*scheduler,
            "Lost a race: the kubelet turned the pod away because another scheduler had taken the room"
        );
    }
}
