//! Runs a workload: tells the engine what a cluster would tell it, and does what it wants done, at once.
//!
//! The driver does on one thread what `longshore run` does around the engine: every attempt goes to the metrics and to the
//! ring of decisions, a binding is looked at once more before it counts as written ([`Engine::still_fits`]), its answer
//! comes back as [`Input::Bound`], and the pod is seen on its node by the watch ([`Input::Pod`]) a little later. The
//! engine is told the time ten times a second. There is no API server, so whatever is written is accepted at once,
//! and victims vanish at once.

mod beside;
mod clock;
mod effects;
mod setup;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use longshore_engine::{Attempt, Engine, Options};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::profile::Profile;
use longshore_framework::{Str, Timestamp};

use crate::measure::{Latencies, Measured, Stopwatch};
use crate::workload::{Size, Workload};
use beside::Beside;
use clock::Clock;

/// How often the engine is told the time when nothing else is due, as the live scheduler's thread does.
const TICK: Duration = Duration::from_millis(100);
/// How often gauges are read, likewise.
const GAUGES: Duration = Duration::from_millis(250);
/// Simulated time without a placement after which a run is given up: longer than pods stay parked without an event.
const PATIENCE: Duration = Duration::from_secs(400);

/// Sees what happens, as the live scheduler's metrics and decisions do.
pub trait Observer {
    /// A pod was tried.
    fn attempted(&mut self, _attempt: &Attempt, _now: Timestamp) {}
    /// Several times a second.
    fn now_and_then(&mut self, _engine: &Engine) {}
}

impl Observer for () {}

/// How a workload is run.
#[derive(Debug)]
pub struct Setting {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// Options of the engine.
    pub options: Options,
    /// Leave out what goes on beside the measured pods: churn and deletions.
    pub calm: bool,
    /// Says how many allocations there were so far, when they are counted.
    pub allocations: Option<fn() -> u64>,
}

/// Runs a size of a workload and measures it.
///
/// # Errors
/// Objects that cannot be read, and a run that does not place every measured pod.
pub fn run(
    workload: &Workload,
    size: &Size,
    setting: Setting,
    observer: &mut dyn Observer,
) -> anyhow::Result<Measured> {
    let mut driver = Driver::new(setting, observer);
    driver.clock = Clock::paced(size.threshold);
    for operation in workload.operations(size)? {
        driver.perform_operation(workload, &operation)?;
    }
    Ok(driver.measured())
}

struct Driver<'o> {
    engine: Engine,
    observer: &'o mut dyn Observer,
    clock: Clock,
    calm: bool,
    /// Names of the nodes, in the order of their creation.
    nodes: Vec<Str>,
    /// Groups of pods so far.
    batches: u32,
    /// Pods that an operation created, by namespace, oldest first; for operations that delete them.
    created: BTreeMap<String, VecDeque<Str>>,
    /// Pods that are bound, with their nodes, and that the watch has not delivered yet.
    unseen: Vec<(Arc<Pod>, Str)>,
    besides: Vec<Beside>,
    /// When the next of `besides` is due.
    due: Duration,
    ticked: Instant,
    reported: Instant,
    stopwatch: Stopwatch,
    latencies: Latencies,
    /// Measured pods that are bound.
    placed: usize,
    evicted: usize,
}

impl<'o> Driver<'o> {
    fn new(setting: Setting, observer: &'o mut dyn Observer) -> Self {
        let mut engine = Engine::new(setting.profiles, setting.options);
        engine.hold_bindings();
        let now = Instant::now();
        Self {
            engine,
            observer,
            clock: Clock::paced(None),
            calm: setting.calm,
            nodes: Vec::new(),
            batches: 0,
            created: BTreeMap::new(),
            unseen: Vec::new(),
            besides: Vec::new(),
            due: Duration::MAX,
            ticked: now,
            reported: now,
            stopwatch: Stopwatch::new(setting.allocations),
            latencies: Latencies::default(),
            placed: 0,
            evicted: 0,
        }
    }

    /// Lets everything be tried until nothing is left that could be placed.
    fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            while self.step(Instant::now()).is_some() {}
            self.show_bound();
            let counts = self.engine.queue_counts();
            if counts.active == 0 && counts.backoff == 0 && self.engine.reserved() == 0 {
                ensure!(
                    counts.unschedulable == 0,
                    "{} pods do not fit before the measurement",
                    counts.unschedulable
                );
                return Ok(());
            }
            self.wait();
        }
    }

    /// Puts `pods` into the queue, all at once, and times them from there to the last one's binding.
    fn measure(&mut self, pods: Vec<Arc<Pod>>) -> anyhow::Result<()> {
        let expected = pods.len();
        self.latencies = Latencies::with_room_for(expected);
        self.stopwatch.start();
        self.clock.start_pacing();
        for pod in pods {
            let effects = self.engine.apply(Input::Pod(pod));
            self.perform(effects);
        }
        let (mut now, mut waited) = (Instant::now(), (0, Duration::ZERO));
        while self.placed < expected {
            if let Some(after) = self.step(now) {
                now = after;
                continue;
            }
            self.show_bound();
            if waited.0 != self.placed {
                waited = (self.placed, Duration::ZERO);
            }
            waited.1 += self.wait();
            ensure!(
                waited.1 < PATIENCE,
                "{} of {expected} pods are placed; {:?}",
                self.placed,
                self.engine.queue_counts()
            );
            now = Instant::now();
        }
        self.show_bound();
        self.stopwatch.stop();
        Ok(())
    }

    /// Does what is due, then tries one pod. Returns when that was over; `None` when no pod waits.
    fn step(&mut self, now: Instant) -> Option<Instant> {
        self.attend(now);
        let began = Instant::now();
        let mut attempt = self.engine.step()?;
        let after = Instant::now();
        self.latencies.add(&attempt, after - began);
        let effects = std::mem::take(&mut attempt.effects);
        self.observer.attempted(&attempt, self.clock.timestamp(after, self.placed));
        self.perform(effects);
        Some(after)
    }

    /// Does what is due by the simulated clock, and by the real one what the live scheduler's thread does now and then.
    fn attend(&mut self, now: Instant) {
        if now - self.ticked < TICK && self.clock.now(now, self.placed) < self.due {
            return;
        }
        self.tell_time(now);
        self.turn(now);
        if now - self.reported >= GAUGES {
            self.reported = now;
            self.observer.now_and_then(&self.engine);
        }
    }

    fn tell_time(&mut self, now: Instant) {
        self.ticked = now;
        let effects = self.engine.apply(Input::Time(self.clock.timestamp(now, self.placed)));
        self.perform(effects);
    }

    /// Nothing is left to do: simulated time goes on to the next thing due, in steps of a tick.
    fn wait(&mut self) -> Duration {
        let now = Instant::now();
        let until_due = self.due.saturating_sub(self.clock.now(now, self.placed));
        let step = TICK.min(until_due);
        self.clock.skip(step);
        self.tell_time(now);
        self.turn(now);
        step.max(Duration::from_millis(1))
    }

    fn measured(self) -> Measured {
        Measured::new(self.placed, self.evicted, self.stopwatch, self.latencies)
    }
}

#[cfg(test)]
mod tests;
