//! kube-scheduler's metrics: the same names, labels, types and buckets.

use longshore_engine::{AttemptResult, Engine, ExtensionPoint, Status};
use longshore_framework::features::Features;
use longshore_framework::profile::Profile;
use longshore_framework::registry::Stage;
use prometheus::{HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};

use super::event_names::heard;
use super::times::{Times, TimesVec, times};
use super::{add, exponential};

/// The families. The field names are the metrics' names without `scheduler_` and the unit.
#[derive(Debug)]
pub struct SchedulerMetrics {
    pub(super) schedule_attempts: IntCounterVec,
    pub(super) scheduling_attempt_duration: TimesVec,
    pub(super) scheduling_algorithm_duration: Times,
    pub(super) extension_point_duration: TimesVec,
    pub(super) plugin_execution_duration: TimesVec,
    pub(super) plugin_evaluation: IntCounterVec,
    pub(super) pod_scheduling_sli_duration: TimesVec,
    pub(super) pod_scheduling_attempts: Times,
    pub(super) pod_scheduled_after_flush: IntCounter,
    pub(super) pending_pods: IntGaugeVec,
    pub(super) queue_incoming_pods: IntCounterVec,
    pub(super) unschedulable_pods: IntGaugeVec,
    pub(super) preemption_attempts: IntCounter,
    pub(super) preemption_victims: Times,
    pub(super) preemption_goroutines_duration: TimesVec,
    pub(super) preemption_goroutines_execution: IntCounterVec,
    pub(super) permit_wait_duration: TimesVec,
    /// `operation`: here the number of tasks.
    pub goroutines: IntGaugeVec,
    pub(super) cache_size: IntGaugeVec,
    pub(super) event_handling_duration: TimesVec,
    pub(super) inflight_events: IntGaugeVec,
    pub(super) queueing_hint_execution_duration: TimesVec,
    /// `leader_election_master_status`: 1 while this process leads, by the name of the lease.
    pub leader: IntGaugeVec,
}

/// The family that [`Rule::EvictionTimesHidden`](longshore_framework::features::Rule) is about.
pub(super) const EVICTION_TIMES: &str = "scheduler_preemption_goroutines_duration_seconds";

/// Makes families in one registry.
struct Maker<'r>(&'r Registry);

impl Maker<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        add(self.0, IntCounterVec::new(Opts::new(format!("scheduler_{name}"), help), labels)?)
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        add(self.0, IntCounter::with_opts(Opts::new(format!("scheduler_{name}"), help))?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        add(self.0, IntGaugeVec::new(Opts::new(format!("scheduler_{name}"), help), labels)?)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        (start, factor, count): (f64, f64, usize),
    ) -> prometheus::Result<TimesVec> {
        let opts = HistogramOpts::new(format!("scheduler_{name}"), help);
        add(self.0, times(opts.buckets(exponential(start, factor, count)), labels)?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: (f64, f64, usize)) -> prometheus::Result<Times> {
        let none: [&str; 0] = [];
        Ok(self.histograms(name, help, &none, buckets)?.with_label_values(&none))
    }
}

/// From a millisecond on.
const ATTEMPT: (f64, f64, usize) = (0.001, 2.0, 15);
/// From a tenth of a millisecond on.
const STAGE: (f64, f64, usize) = (0.0001, 2.0, 12);
/// From ten microseconds on, finer.
const PLUGIN: (f64, f64, usize) = (0.000_01, 1.5, 20);
/// From ten milliseconds to more than an hour.
const LONG: (f64, f64, usize) = (0.01, 2.0, 20);

impl SchedulerMetrics {
    #[rustfmt::skip]
    #[allow(clippy::too_many_lines, reason = "a table")]
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let make = Maker(registry);
        let leader = Opts::new("leader_election_master_status", "Whether this process leads: 1 yes, 0 no, by the name of the lease.");
        let metrics = Self {
            schedule_attempts: make.counters("schedule_attempts_total", "Attempts to schedule pods, by result: unschedulable means that the pod does not fit, error that something failed.", &["result", "profile"])?,
            scheduling_attempt_duration: make.histograms("scheduling_attempt_duration_seconds", "Time of an attempt, from the queue to the end of the binding.", &["result", "profile"], ATTEMPT)?,
            scheduling_algorithm_duration: make.histogram("scheduling_algorithm_duration_seconds", "Time of the search for a node.", ATTEMPT)?,
            extension_point_duration: make.histograms("framework_extension_point_duration_seconds", "Time of all plugins of an extension point.", &["extension_point", "status", "profile"], STAGE)?,
            plugin_execution_duration: make.histograms("plugin_execution_duration_seconds", "Time of one plugin at an extension point, over all nodes; every tenth cycle.", &["plugin", "extension_point", "status"], PLUGIN)?,
            plugin_evaluation: make.counters("plugin_evaluation_total", "How often a plugin was asked at PreFilter, Filter, PreScore and Score.", &["plugin", "extension_point", "profile"])?,
            pod_scheduling_sli_duration: make.histograms("pod_scheduling_sli_duration_seconds", "Time from entering the queue to being bound, over all attempts.", &["attempts"], LONG)?,
            pod_scheduling_attempts: make.histogram("pod_scheduling_attempts", "Attempts until a pod was bound.", (1.0, 2.0, 5))?,
            pod_scheduled_after_flush: make.counter("pod_scheduled_after_flush_total", "Pods that were bound after no event had woken them for long.")?,
            pending_pods: make.gauges("pending_pods", "Pending pods, by the part of the queue they are in.", &["queue"])?,
            queue_incoming_pods: make.counters("queue_incoming_pods_total", "Pods that entered a part of the queue, by event.", &["queue", "event"])?,
            unschedulable_pods: make.gauges("unschedulable_pods", "Pending pods by the plugin that rejected them; a pod counts for each.", &["plugin", "profile"])?,
            preemption_attempts: make.counter("preemption_attempts_total", "How often preemption was tried.")?,
            preemption_victims: make.histogram("preemption_victims", "Victims of a preemption.", (1.0, 2.0, 7))?,
            preemption_goroutines_duration: make.histograms("preemption_goroutines_duration_seconds", "Time of the evictions for one preemptor.", &["result"], LONG)?,
            preemption_goroutines_execution: make.counters("preemption_goroutines_execution_total", "How often victims were evicted for a preemptor.", &["result"])?,
            permit_wait_duration: make.histograms("permit_wait_duration_seconds", "Time that pods waited for Permit plugins.", &["result"], ATTEMPT)?,
            goroutines: make.gauges("goroutines", "Tasks under way, by what they do.", &["operation"])?,
            cache_size: make.gauges("cache_size", "Nodes, pods and assumed pods in the cache.", &["type"])?,
            event_handling_duration: make.histograms("event_handling_duration_seconds", "Time to take in an event.", &["event"], STAGE)?,
            inflight_events: make.gauges("inflight_events", "Events that are remembered for pods being decided.", &["event"])?,
            queueing_hint_execution_duration: make.histograms("queueing_hint_execution_duration_seconds", "Time of a plugin to say what an event means for a pod.", &["plugin", "event", "hint"], PLUGIN)?,
            leader: add(registry, IntGaugeVec::new(leader, &["name"])?)?,
        };
        for result in ["success", "error"] {
            metrics.preemption_goroutines_execution.with_label_values(&[result]);
        }
        Ok(metrics)
    }

    /// What can be counted of these profiles is there at 0: a counter whose first value is 1 has not grown.
    pub(super) fn seed(&self, profiles: &[Profile]) {
        for profile in profiles {
            for result in AttemptResult::ALL {
                self.schedule_attempts.with_label_values(&[result.as_str(), name_of(profile)]);
            }
            let used = |point: &ExtensionPoint| {
                Stage::ALL.iter().any(|s| s.name() == point.as_str() && !profile.stage(*s).is_empty())
            };
            for point in ExtensionPoint::ALL.iter().filter(|point| used(point)) {
                let labels = [point.as_str(), Status::Error.as_str(), name_of(profile)];
                self.extension_point_duration.with_label_values(&labels);
            }
        }
    }

    /// Reads the gauges.
    pub(super) fn observe(&self, engine: &Engine, features: Features) {
        let queue = engine.queue_counts();
        let set = |family: &IntGaugeVec, label: &str, value: usize| {
            family.with_label_values(&[label]).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.pending_pods, "active", queue.active);
        set(&self.pending_pods, "backoff", queue.backoff);
        set(&self.pending_pods, "unschedulable", queue.unschedulable);
        set(&self.pending_pods, "gated", queue.gated);
        let (pods, assumed) = engine.cache().pod_counts();
        set(&self.cache_size, "nodes", engine.snapshot().len());
        set(&self.cache_size, "pods", pods);
        set(&self.cache_size, "assumed_pods", assumed);
        set(&self.goroutines, "binding", engine.reserved());
        self.inflight_events.reset();
        set(&self.inflight_events, "PodPopped", queue.in_flight);
        for (event, count) in engine.remembered_events() {
            set(&self.inflight_events, &heard(event, features), count);
        }
        self.unschedulable_pods.reset();
        for ((profile, plugin), count) in engine.rejections() {
            let Some(profile) = engine.profiles().get(profile) else { continue };
            let gauge = self.unschedulable_pods.with_label_values(&[profile.name(plugin), name_of(profile)]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

/// The label `profile`.
pub(super) fn name_of(profile: &Profile) -> &str {
    &profile.scheduler_name
}
