//! What the queue holds, counted by entity: a pod, or a group of pods. Here every entity is a pod, so these numbers are those of
//! `pending_pods` and `queue_incoming_pods_total` under the names that newer minors have for them.

use std::sync::{Mutex, PoisonError};

use longshore_engine::Engine;
use longshore_framework::features::{Features, Rule};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use super::add;

/// The kind of all entities here.
const POD: &str = "pod";

/// The families of one minor; none where it has none.
#[derive(Debug, Default)]
pub(super) struct EntityMetrics(Mutex<Option<Families>>);

#[derive(Clone, Debug)]
struct Families {
    /// A registry of their own: one that has had a family does not take it with other labels.
    registry: Registry,
    queued: IntGaugeVec,
    incoming: IntCounterVec,
}

impl EntityMetrics {
    /// Puts the families of this minor in the place of those before.
    ///
    /// # Errors
    /// When two families have one name: a defect of this module.
    pub(super) fn follow(&self, features: Features) -> prometheus::Result<()> {
        let label = if features.follow(Rule::EntityLabel) { "entity" } else { "type" };
        let has_some = features.follow(Rule::EntityMetrics);
        let families = has_some.then(|| Families::new(label)).transpose()?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = families;
        Ok(())
    }

    /// What stands on the page.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        families.as_ref().map(|families| families.registry.gather()).unwrap_or_default()
    }

    /// Reads the numbers. `incoming_pods` has the labels `queue` and `event`.
    pub(super) fn observe(&self, engine: &Engine, incoming_pods: &IntCounterVec) {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(Families { queued, incoming, .. }) = families else { return };
        let queue = engine.queue_counts();
        let parts = [
            ("active", queue.active),
            ("backoff", queue.backoff),
            ("unschedulable", queue.unschedulable),
            ("gated", queue.gated),
        ];
        for (part, pods) in parts {
            queued.with_label_values(&[part, POD]).set(i64::try_from(pods).unwrap_or(i64::MAX));
        }
        for metric in incoming_pods.collect().iter().flat_map(|family| family.get_metric()) {
            let label = |name: &str| {
                let found = metric.get_label().iter().find(|label| label.name() == name);
                found.map_or("", |label| label.value()).to_string()
            };
            let counter = incoming.with_label_values(&[&label("queue"), &label("event"), POD]);
            let pods = metric.get_counter().get_value() as u64;
            counter.inc_by(pods.saturating_sub(counter.get()));
        }
    }
}

impl Families {
    fn new(label: &str) -> prometheus::Result<Self> {
        let queued = "Pods and groups of pods in the queue, by the part they are in.";
        let incoming = "Pods and groups of pods that entered a part of the queue, by event.";
        let registry = Registry::new();
        let queued = IntGaugeVec::new(Opts::new("scheduler_queued_entities", queued), &["queue", label])?;
        let incoming = Opts::new("scheduler_queue_incoming_entities_total", incoming);
        let incoming = IntCounterVec::new(incoming, &["queue", "event", label])?;
        let (queued, incoming) = (add(&registry, queued)?, add(&registry, incoming)?);
        Ok(Self { registry, queued, incoming })
    }
}
