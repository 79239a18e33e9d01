//! What the scheduler counts and times, in Prometheus' text format.
//!
//! | part | names |
//! | --- | --- |
//! | `scheduler`, `entities` | kube-scheduler's, with its labels, types and buckets |
//! | `meter`, `times` | how the engine feeds them |
//! | `claims` | `scheduler_resourceclaim_creates_total` and `longshore_resourceclaim_writes_total` |
//! | `own` | `longshore_*`: what kube-scheduler lacks |
//! | `plugins` | `longshore_plugin_*`: plugins in WebAssembly |
//! | `kubernetes` | `kubernetes_build_info`, `kubernetes_feature_enabled` |
//! | `workqueue` | `workqueue_*` |
//! | `requests` | `rest_client_*`, the calls to the API server |
//! | `health` | `kubernetes_healthcheck*`, on a page of their own |
//! | `recording` | `longshore_recording_*`: what is recorded, where something is |
//! | `process` | `process_*`, from `/proc` |
//! | `pods` | `kube_pod_resource_*`, on a page of their own |
//!
//! Families that kube-scheduler registers and that only parts feed which this scheduler does not have (opportunistic
//! batching, the volume binder's cache) are absent, as they are from kube-scheduler's page
//! until they are first fed.

mod claims;
mod entities;
mod event_names;
mod health;
mod kubernetes;
mod meter;
mod own;
mod plugins;
mod pods;
mod process;
mod recording;
mod requests;
mod scheduler;
mod times;
mod workqueue;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use longshore_cluster::claims::ClaimStore;
use longshore_engine::Engine;
use longshore_framework::Timestamp;
use longshore_framework::features::{Features, Rule};
use longshore_framework::profile::Profile;
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

use crate::clock::Clock;

pub use health::HealthMetrics;
pub use meter::EngineMeter;
pub use own::OwnMetrics;
pub use plugins::PluginMetrics;
pub use pods::pod_resources;
pub use requests::RequestMetrics;
pub use scheduler::SchedulerMetrics;
pub use workqueue::{WorkQueue, WorkQueueMetrics};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    began: Instant,
    clock: Clock,
    /// kube-scheduler's.
    pub scheduler: Arc<SchedulerMetrics>,
    /// `longshore_*`.
    pub own: Arc<OwnMetrics>,
    /// `longshore_plugin_*`.
    pub plugins: Arc<PluginMetrics>,
    /// `rest_client_*`.
    pub requests: Arc<RequestMetrics>,
    /// `workqueue_*`.
    pub queues: WorkQueueMetrics,
    /// `kubernetes_healthcheck*`.
    pub health: Arc<HealthMetrics>,
    kubernetes: kubernetes::KubernetesMetrics,
    entities: entities::EntityMetrics,
    claims: claims::ClaimMetrics,
    recording: recording::RecordingMetrics,
    /// The rules that are followed.
    features: Mutex<Features>,
    rate: Mutex<Rate>,
}

impl Metrics {
    /// All of them, at zero.
    ///
    /// # Errors
    /// When two families have one name: a defect of this module.
    pub fn new() -> prometheus::Result<Arc<Self>> {
        let registry = Registry::new();
        let metrics = Self {
            scheduler: Arc::new(SchedulerMetrics::new(&registry)?),
            own: Arc::new(OwnMetrics::new(&registry)?),
            plugins: Arc::new(PluginMetrics::new(&registry)?),
            requests: Arc::new(RequestMetrics::new(&registry)?),
            queues: WorkQueueMetrics::new(&registry)?,
            health: Arc::new(HealthMetrics::new()?),
            kubernetes: kubernetes::KubernetesMetrics::new(&registry)?,
            entities: entities::EntityMetrics::default(),
            claims: claims::ClaimMetrics::new(&registry)?,
            recording: recording::RecordingMetrics::default(),
            features: Mutex::default(),
            began: Instant::now(),
            clock: Clock::new(),
            rate: Mutex::default(),
            registry,
        };
        metrics.follow(Features::default())?;
        metrics.registry.register(Box::new(process::ProcessMetrics::new()?))?;
        Ok(Arc::new(metrics))
    }

    /// From now on decisions follow these rules, and the page is that of their minor.
    ///
    /// # Errors
    /// When two families have one name: a defect of this module.
    pub fn follow(&self, features: Features) -> prometheus::Result<()> {
        *self.features.lock().unwrap_or_else(PoisonError::into_inner) = features;
        self.kubernetes.follow(features);
        self.own.follow(features.minor());
        self.entities.follow(features)
    }

    /// What is written of claims is read from here from now on.
    pub fn read_claims(&self, store: Arc<ClaimStore>) {
        self.claims.read_from(store);
    }

    /// A recording is begun, and counted from now on.
    ///
    /// # Errors
    /// There is one already: a defect of the caller.
    pub fn record(&self, status: Arc<longshore_recording::Status>) -> prometheus::Result<()> {
        self.recording.begin(&self.registry, status)
    }

    /// A meter for an engine with these profiles.
    pub fn meter(&self, profiles: &[Profile]) -> Arc<EngineMeter> {
        self.scheduler.seed(profiles);
        let (scheduler, own) = (Arc::clone(&self.scheduler), Arc::clone(&self.own));
        Arc::new(EngineMeter::new(self.began, profiles, scheduler, own, self.features()))
    }

    fn features(&self) -> Features {
        *self.features.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the gauges from the engine; to be called about once a second. Walks over the waiting pods.
    pub fn observe(&self, engine: &Engine) {
        self.scheduler.observe(engine, self.features());
        self.entities.observe(engine, &self.scheduler.queue_incoming_pods);
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let per_second = rate.per_second(self.began.elapsed(), self.own.binds.get());
        self.own.binds_per_second.set(per_second);
        self.own.oldest_pending.set(oldest_pending(engine, self.clock.now()));
    }

    /// The page `/metrics`.
    ///
    /// # Errors
    /// When a family is malformed: a defect of this module.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.gather())
    }
}

impl Metrics {
    /// All families that have a value, by name.
    fn gather(&self) -> Vec<MetricFamily> {
        self.claims.read();
        self.recording.read();
        let mut families = self.registry.gather();
        if self.features().follow(Rule::EvictionTimesHidden) {
            families.retain(|family| family.name() != scheduler::EVICTION_TIMES);
        }
        families.extend(self.entities.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        families
    }
}

/// For how many seconds the oldest pod has been pending, of those that no gate keeps out of the queue.
fn oldest_pending(engine: &Engine, now: Timestamp) -> f64 {
    let queued = engine.queued_pods().filter(|queued| queued.gated_by.is_none());
    let Some(oldest) = queued.filter_map(|queued| queued.pod.meta.created).min() else { return 0.0 };
    now.0.saturating_sub(oldest.0).max(0) as f64 / 1000.0
}

/// How fast a counter grew over the last seconds.
#[derive(Debug, Default)]
struct Rate(std::collections::VecDeque<(Duration, u64)>);

impl Rate {
    /// How far it looks back.
    const WINDOW: Duration = Duration::from_secs(5);

    fn per_second(&mut self, now: Duration, count: u64) -> f64 {
        while self.0.len() > 1 && self.0[1].0 + Self::WINDOW <= now {
            self.0.pop_front();
        }
        let then = self.0.front().copied();
        self.0.push_back((now, count));
        let Some((before, from)) = then else { return 0.0 };
        let seconds = now.saturating_sub(before).as_secs_f64();
        if seconds > 0.0 { count.saturating_sub(from) as f64 / seconds } else { 0.0 }
    }
}

/// `count` buckets from `start` on, each `factor` times as wide as the one before.
fn exponential(start: f64, factor: f64, count: usize) -> Vec<f64> {
    let mut next = start;
    let mut buckets = Vec::with_capacity(count);
    for _ in 0..count {
        buckets.push(next);
        next *= factor;
    }
    buckets
}

/// Adds a family to the page.
fn add<C: Collector + Clone + 'static>(registry: &Registry, family: C) -> prometheus::Result<C> {
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}
