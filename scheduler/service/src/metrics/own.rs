//! `longshore_*`: what kube-scheduler lacks. Base units, bounded labels, no pod and node names.

use std::time::Duration;

use longshore_cluster::kinds::KINDS;
use longshore_engine::GroupOutcome;
use longshore_framework::Timestamp;
use longshore_framework::features::Minor;
use longshore_framework::node_metrics::MetricsSource;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::{add, exponential};
use crate::built;

/// The families; whoever knows feeds them.
#[derive(Debug)]
pub struct OwnMetrics {
    /// This program.
    build: IntGaugeVec,
    /// Pods that were bound.
    pub binds: IntCounter,
    /// The same per second, over the last seconds.
    pub binds_per_second: Gauge,
    /// Decisions by `path`: Kept, from what is kept of pods that are alike, or why every node was looked at; with the
    /// `plugin` that is the cause, if one is.
    pub decisions: IntCounterVec,
    /// Groups that were decided, by `outcome`.
    pub groups: IntCounterVec,
    /// How long that took.
    pub group_seconds: Histogram,
    /// Since when the oldest pending pod was made, in seconds; gated pods apart.
    pub oldest_pending: Gauge,
    /// Time that calls to the API server took, by `operation`.
    pub api_wait: HistogramVec,
    /// Pods that a kubelet turned away because another scheduler had taken the room, by that scheduler's name and the
    /// kubelet's reason.
    pub lost_races: IntCounterVec,
    /// Decisions that were dropped from the ring to make room.
    pub ring_dropped: IntCounter,
    /// For how many seconds a watch has been interrupted, 0 while it works, by `resource`.
    pub watch_lag: GaugeVec,
    /// 1 while a watch has told all there is, by `resource`.
    pub watch_synced: IntGaugeVec,
    /// Objects that could not be read, by `resource`.
    pub unreadable_objects: IntCounterVec,
    /// Questions to sources of what is measured on nodes, by `source` and `result`: success or error.
    metrics_fetches: IntCounterVec,
    /// Time that they took, by `source`.
    metrics_fetch_seconds: HistogramVec,
    /// When the newest value was measured, in seconds since the Unix epoch, by `source`.
    metrics_newest: GaugeVec,
    /// Reloads of the configuration, by `result`: success or error.
    pub config_reloads: IntCounterVec,
    /// Which configuration is in force: 1 for the first.
    pub config_generation: IntGauge,
}

impl OwnMetrics {
    #[rustfmt::skip]
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("longshore_{name}"), help);
        let build = IntGaugeVec::new(opts("build_info", "This program; always 1."), &["version", "commit", "rust", "kube_scheduler"])?;
        let wait = HistogramOpts::new("longshore_api_wait_seconds", "Time of calls to the API server, by what they were for.");
        let fetch = HistogramOpts::new("longshore_node_metrics_fetch_seconds", "Time of questions to sources of what is measured on nodes.");
        let group_seconds = HistogramOpts::new("longshore_group_decision_seconds", "Time from taking a group from the queue to the end of its decision.");
        let own = Self {
            build: add(registry, build)?,
            binds: add(registry, IntCounter::with_opts(opts("binds_total", "Pods that were bound."))?)?,
            decisions: add(registry, IntCounterVec::new(opts("decisions_total", "Decisions, by path: from what is kept of pods that are alike (Kept), or why every node was looked at."), &["path", "plugin"])?)?,
            groups: add(registry, IntCounterVec::new(opts("group_decisions_total", "Groups of pods that were decided as a whole, by outcome: Started, Preempting, Unschedulable or Broken."), &["outcome"])?)?,
            group_seconds: add(registry, Histogram::with_opts(group_seconds.buckets(exponential(0.0001, 2.0, 16)))?)?,
            binds_per_second: add(registry, Gauge::with_opts(opts("binds_per_second", "Pods bound per second, over the last seconds."))?)?,
            oldest_pending: add(registry, Gauge::with_opts(opts("oldest_pending_pod_seconds", "Age of the oldest pending pod; gated pods apart."))?)?,
            api_wait: add(registry, HistogramVec::new(wait.buckets(exponential(0.0005, 2.0, 16)), &["operation"])?)?,
            lost_races: add(registry, IntCounterVec::new(opts("lost_races_total", "Pods that a kubelet turned away because another scheduler had taken the room."), &["scheduler", "reason"])?)?,
            ring_dropped: add(registry, IntCounter::with_opts(opts("decision_ring_dropped_total", "Decisions dropped from the ring to make room."))?)?,
            watch_lag: add(registry, GaugeVec::new(opts("watch_lag_seconds", "How long a watch has been interrupted; 0 while it works."), &["resource"])?)?,
            watch_synced: add(registry, IntGaugeVec::new(opts("watch_synced", "Whether the first list of a watch is complete."), &["resource"])?)?,
            unreadable_objects: add(registry, IntCounterVec::new(opts("unreadable_objects_total", "Objects that could not be read."), &["resource"])?)?,
            metrics_fetches: add(registry, IntCounterVec::new(opts("node_metrics_fetches_total", "Questions to sources of what is measured on nodes."), &["source", "result"])?)?,
            metrics_fetch_seconds: add(registry, HistogramVec::new(fetch.buckets(exponential(0.005, 2.0, 12)), &["source"])?)?,
            metrics_newest: add(registry, GaugeVec::new(opts("node_metrics_newest_timestamp_seconds", "When the newest value of a source was measured; its age is time() less this."), &["source"])?)?,
            config_reloads: add(registry, IntCounterVec::new(opts("config_reloads_total", "Reloads of the configuration."), &["result"])?)?,
            config_generation: add(registry, IntGauge::with_opts(opts("config_generation", "Which configuration is in force; the first is 1."))?)?,
        };
        own.seed();
        Ok(own)
    }

    /// Tells whose decisions are made.
    pub(super) fn follow(&self, minor: Minor) {
        self.build.reset();
        let labels = [built::VERSION, built::COMMIT, built::RUST, minor.release()];
        self.build.with_label_values(&labels).set(1);
    }

    /// A source said what is measured on nodes.
    pub(crate) fn fetched(&self, source: &MetricsSource, newest: Option<Timestamp>, took: Duration) {
        self.asked(source, "success", took);
        if let Some(newest) = newest {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age")]
            self.metrics_newest.with_label_values(&[&source.to_string()]).set(newest.0 as f64 / 1000.0);
        }
    }

    /// A source did not.
    pub(crate) fn fetch_failed(&self, source: &MetricsSource, took: Duration) {
        self.asked(source, "error", took);
    }

    fn asked(&self, source: &MetricsSource, result: &str, took: Duration) {
        let source = source.to_string();
        for other in ["success", "error"] {
            self.metrics_fetches.with_label_values(&[source.as_str(), other]);
        }
        self.metrics_fetches.with_label_values(&[source.as_str(), result]).inc();
        self.metrics_fetch_seconds.with_label_values(&[&source]).observe(took.as_secs_f64());
    }

    /// A kind is not watched any more.
    pub(crate) fn forget_watch(&self, resource: &str) {
        let _ = self.watch_synced.remove_label_values(&[resource]);
        let _ = self.watch_lag.remove_label_values(&[resource]);
    }

    /// A source is not asked any more.
    pub(crate) fn forget_source(&self, source: &MetricsSource) {
        let source = source.to_string();
        // A family that never had it is as good as one that lost it.
        let _ = self.metrics_newest.remove_label_values(&[&source]);
        let _ = self.metrics_fetch_seconds.remove_label_values(&[&source]);
        for result in ["success", "error"] {
            let _ = self.metrics_fetches.remove_label_values(&[source.as_str(), result]);
        }
    }

    /// What can be counted is there at 0: a counter whose first value is 1 has not grown.
    fn seed(&self) {
        for kind in &KINDS {
            self.unreadable_objects.with_label_values(&[kind.plural]);
        }
        self.decisions.with_label_values(&["Kept", ""]);
        for outcome in GroupOutcome::ALL {
            self.groups.with_label_values(&[outcome.name()]);
        }
        for result in ["success", "error"] {
            self.config_reloads.with_label_values(&[result]);
        }
    }
}
