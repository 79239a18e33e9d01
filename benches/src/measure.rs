//! What is measured of a run.

use std::time::{Duration, Instant};

use longshore_engine::{Attempt, Outcome};
use longshore_framework::port::Effect;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::stats;

/// Wall time and processor time of the whole process, all threads, and allocations; may be paused.
#[derive(Debug, Default)]
pub struct Stopwatch {
    wall: Duration,
    processor: Duration,
    allocations: u64,
    counted: Option<fn() -> u64>,
    running: Option<(Instant, Duration, u64)>,
}

impl Stopwatch {
    /// A stopwatch that is not running; `counted` says how many allocations there were so far.
    pub fn new(counted: Option<fn() -> u64>) -> Self {
        Self { counted, ..Self::default() }
    }

    /// Starts, or goes on.
    pub fn start(&mut self) {
        let allocations = self.counted.map_or(0, |counted| counted());
        let processor = processor_time();
        self.running = Some((Instant::now(), processor, allocations));
    }

    /// Stops.
    pub fn stop(&mut self) {
        if let Some((instant, processor, allocations)) = self.running.take() {
            self.wall += instant.elapsed();
            self.processor += processor_time().saturating_sub(processor);
            self.allocations += self.counted.map_or(0, |counted| counted()).saturating_sub(allocations);
        }
    }

    /// Does something that is not measured.
    pub fn pause<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let was_running = self.running.is_some();
        self.stop();
        let done = work();
        if was_running {
            self.start();
        }
        done
    }
}

/// User and system time of this process so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// How long decisions took, in nanoseconds, by what came of them.
#[derive(Debug, Default)]
pub struct Latencies {
    placed: Vec<u32>,
    preempting: Vec<u32>,
    unfit: Vec<u32>,
    broken: usize,
}

impl Latencies {
    /// Room is made beforehand, so that none has to be made while pods are timed.
    pub fn with_room_for(pods: usize) -> Self {
        Self { placed: Vec::with_capacity(pods), ..Self::default() }
    }

    /// Adds an attempt.
    pub fn add(&mut self, attempt: &Attempt, took: Duration) {
        let evicts = || attempt.effects.iter().any(|e| matches!(e, Effect::Evict { .. }));
        let list = match &attempt.outcome {
            Outcome::Assumed { .. } => &mut self.placed,
            Outcome::Unschedulable { .. } if evicts() => &mut self.preempting,
            Outcome::Unschedulable { .. } => &mut self.unfit,
            Outcome::Broken { .. } => {
                self.broken += 1;
                return;
            }
            Outcome::Terminating => return,
        };
        list.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }
}

/// Times of decisions of one kind.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Decisions {
    /// How many there were.
    pub count: usize,
    /// Median, in microseconds.
    pub p50_us: f64,
    /// 99th percentile, in microseconds.
    pub p99_us: f64,
}

impl Decisions {
    fn of(mut nanoseconds: Vec<u32>) -> Option<Self> {
        nanoseconds.sort_unstable();
        let at = |q| Some(f64::from(*stats::quantile(&nanoseconds, q)?) / 1000.0);
        Some(Self { count: nanoseconds.len(), p50_us: at(0.5)?, p99_us: at(0.99)? })
    }
}

/// What came of a run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Measured {
    /// Measured pods that are bound: all of them, or the run is an error.
    pub pods: usize,
    /// Pods that were evicted.
    pub evicted: usize,
    /// Attempts that broke.
    pub broken: usize,
    /// From the first measured pod's arrival to the last one's binding.
    pub seconds: f64,
    /// Processor time in it, of all threads.
    pub cpu_seconds: f64,
    /// Decisions that placed a pod.
    pub placed: Option<Decisions>,
    /// Decisions that evicted pods to make room.
    pub preempting: Option<Decisions>,
    /// Decisions that found no node and nothing to evict.
    pub unfit: Option<Decisions>,
    /// Allocations in it, where they were counted.
    pub allocations: Option<u64>,
    /// Time in it that a plugin in WebAssembly took, where there is one.
    pub guest_seconds: Option<f64>,
}

impl Measured {
    pub(crate) fn new(pods: usize, evicted: usize, stopwatch: Stopwatch, latencies: Latencies) -> Self {
        Self {
            pods,
            evicted,
            broken: latencies.broken,
            seconds: stopwatch.wall.as_secs_f64(),
            cpu_seconds: stopwatch.processor.as_secs_f64(),
            placed: Decisions::of(latencies.placed),
            preempting: Decisions::of(latencies.preempting),
            unfit: Decisions::of(latencies.unfit),
            allocations: stopwatch.counted.map(|_| stopwatch.allocations),
            guest_seconds: None,
        }
    }

    /// Pods a second.
    pub fn pods_per_second(&self) -> f64 {
        self.pods as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// Processor time for each pod, in microseconds.
    pub fn cpu_us_per_pod(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.pods.max(1)) as f64
    }
}
