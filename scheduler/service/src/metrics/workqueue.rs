//! `workqueue_*`: queues of work that waits to be done, with the names and buckets of client-go. Ours are `bindings`: pods
//! that were given a node and are to be bound. kube-scheduler's own are those that follow its certificate files, which are
//! no queues here, so they are absent.

use std::time::Duration;

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::{add, exponential};

/// The families.
#[derive(Debug)]
pub struct WorkQueueMetrics {
    depth: IntGaugeVec,
    adds: IntCounterVec,
    retries: IntCounterVec,
    queue_duration: HistogramVec,
    work_duration: HistogramVec,
    unfinished: GaugeVec,
    longest_running: GaugeVec,
}

impl WorkQueueMetrics {
    #[rustfmt::skip]
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("workqueue_{name}"), help);
        let histogram = |name: &str, help: &str| {
            HistogramVec::new(HistogramOpts::new(format!("workqueue_{name}"), help).buckets(exponential(1e-8, 10.0, 10)), &["name"])
        };
        Ok(Self {
            depth: add(registry, IntGaugeVec::new(opts("depth", "What waits in a work queue."), &["name"])?)?,
            adds: add(registry, IntCounterVec::new(opts("adds_total", "What was put into a work queue."), &["name"])?)?,
            retries: add(registry, IntCounterVec::new(opts("retries_total", "What was put into a work queue once more."), &["name"])?)?,
            queue_duration: add(registry, histogram("queue_duration_seconds", "Time in a work queue.")?)?,
            work_duration: add(registry, histogram("work_duration_seconds", "Time from leaving a work queue until it was done.")?)?,
            unfinished: add(registry, GaugeVec::new(opts("unfinished_work_seconds", "Seconds that all work under way has taken so far."), &["name"])?)?,
            longest_running: add(registry, GaugeVec::new(opts("longest_running_processor_seconds", "Seconds that the oldest work under way has taken so far."), &["name"])?)?,
        })
    }

    /// One queue.
    pub fn queue(&self, name: &str) -> WorkQueue {
        let name = &[name];
        // There is always a value.
        self.retries.with_label_values(name);
        WorkQueue {
            depth: self.depth.with_label_values(name),
            adds: self.adds.with_label_values(name),
            queue_duration: self.queue_duration.with_label_values(name),
            work_duration: self.work_duration.with_label_values(name),
            unfinished: self.unfinished.with_label_values(name),
            longest_running: self.longest_running.with_label_values(name),
        }
    }
}

/// The metrics of one queue.
#[derive(Clone, Debug)]
pub struct WorkQueue {
    depth: IntGauge,
    adds: IntCounter,
    queue_duration: Histogram,
    work_duration: Histogram,
    unfinished: Gauge,
    longest_running: Gauge,
}

impl WorkQueue {
    /// Something was put in.
    pub fn added(&self) {
        self.adds.inc();
        self.depth.inc();
    }

    /// It was taken out after so long.
    pub fn taken(&self, waited: Duration) {
        self.depth.dec();
        self.queue_duration.observe(waited.as_secs_f64());
    }

    /// It was done after so long.
    pub fn done(&self, worked: Duration) {
        self.work_duration.observe(worked.as_secs_f64());
    }

    /// For how long each thing under way has been so.
    pub fn under_way(&self, ages: impl Iterator<Item = Duration>) {
        let (mut sum, mut longest) = (Duration::ZERO, Duration::ZERO);
        for age in ages {
            sum += age;
            longest = longest.max(age);
        }
        self.unfinished.set(sum.as_secs_f64());
        self.longest_running.set(longest.as_secs_f64());
    }
}
