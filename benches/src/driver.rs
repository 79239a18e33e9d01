//! Runs a workload: tells the engine what a cluster would tell it, and does what it wants done, at once.
//!
//! The driver does on one thread what `longshore run` does around the engine: every attempt goes to the metrics and to the
//! ring of decisions, a binding is looked at once more before it counts as written ([`Engine::still_fits`]), its answer
//! comes back as [`Input::Bound`], and the pod is seen on its node by the watch ([`Input::Pod`]) a little later. The
//! engine is told the time ten times a second. There is no API server, so whatever is written is accepted at once,
//! and victims vanish at once.

mod agenda;
mod beside;
mod claims;
mod clock;
mod effects;
mod known;
mod manner;
mod setup;
mod wait;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_engine::{Attempt, Engine, Options, Outcome};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::{Str, Timestamp};

use crate::deciders::{Deciders, GuestTime};
use crate::measure::{Latencies, Measured, Stopwatch};
use crate::objects::Mark;
use crate::workload::{Size, Workload};
use agenda::Agenda;
use beside::What;
use clock::Clock;
use known::KnownPods;

/// How often the engine is told the time when nothing else is due, as the live scheduler's thread does.
const TICK: Duration = Duration::from_millis(100);
/// How often gauges are read, likewise.
const GAUGES: Duration = Duration::from_millis(250);

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
    /// Who decides.
    pub deciders: Deciders,
    /// Options of the engine; the extenders are those of `deciders`.
    pub options: Options,
    /// Leave out what goes on beside the measured pods, such as churn.
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
    driver.clock = Clock::paced(size.pace.or(size.threshold));
    for operation in workload.operations(size)? {
        driver.perform_operation(workload, &operation)?;
    }
    driver.finish()?;
    Ok(driver.measured())
}

struct Driver<'o> {
    engine: Engine,
    observer: &'o mut dyn Observer,
    clock: Clock,
    calm: bool,
    /// Names of the nodes, in the order of their creation.
    nodes: Vec<Str>,
    /// How many nodes of each name there were.
    numbered: BTreeMap<String, usize>,
    /// Groups of pods so far.
    batches: u32,
    /// Pods that an operation created, by namespace, oldest first; for operations that delete them.
    created: BTreeMap<String, VecDeque<Str>>,
    known: KnownPods,
    /// Pods that are bound, with their nodes, and that the watch has not delivered yet.
    unseen: Vec<(Arc<Pod>, Str)>,
    agenda: Agenda<What>,
    /// What follows does not wait for the pods that are there.
    hurried: bool,
    /// Pods come a few at a time, so that there is nothing to do in between.
    idles: bool,
    ticked: Instant,
    reported: Instant,
    stopwatch: Stopwatch,
    latencies: Latencies,
    guest: Option<GuestTime>,
    /// What `guest` had taken when the clock was started.
    guest_before: Duration,
    /// The first measured pod has come.
    measuring: bool,
    /// Pods that are not measured and stay without a node: those that fit nowhere, and those that wait for victims.
    left_over: usize,
    /// How many of the latter are promised a node.
    nominated: usize,
    /// Measured pods in all.
    expected: usize,
    /// Measured pods that are bound.
    placed: usize,
    /// Measured pods that were to fit nowhere, and did not.
    unfit: usize,
    /// The same that did.
    misplaced: usize,
    evicted: usize,
    /// Something that an effect asked for could not be done.
    problem: Option<anyhow::Error>,
}

impl<'o> Driver<'o> {
    fn new(setting: Setting, observer: &'o mut dyn Observer) -> Self {
        let Deciders { profiles, extenders, guest, requests } = setting.deciders;
        let mut engine = Engine::new(profiles, Options { extenders, requests, ..setting.options });
        engine.hold_bindings();
        let now = Instant::now();
        Self {
            engine,
            observer,
            clock: Clock::paced(None),
            calm: setting.calm,
            nodes: Vec::new(),
            numbered: BTreeMap::new(),
            batches: 0,
            created: BTreeMap::new(),
            known: KnownPods::default(),
            unseen: Vec::new(),
            agenda: Agenda::new(),
            hurried: false,
            idles: false,
            ticked: now,
            reported: now,
            stopwatch: Stopwatch::new(setting.allocations),
            latencies: Latencies::default(),
            guest,
            guest_before: Duration::ZERO,
            measuring: false,
            left_over: 0,
            nominated: 0,
            expected: 0,
            placed: 0,
            unfit: 0,
            misplaced: 0,
            evicted: 0,
            problem: None,
        }
    }

    /// Does what is due, then tries one pod. Returns when that was over; `None` when no pod waits.
    fn step(&mut self, now: Instant) -> anyhow::Result<Option<Instant>> {
        self.attend(now)?;
        let began = Instant::now();
        let Some(mut attempt) = self.engine.step() else { return Ok(None) };
        let after = Instant::now();
        self.latencies.add(&attempt, after - began);
        let effects = std::mem::take(&mut attempt.effects);
        for one in std::iter::once(&attempt).chain(&attempt.others) {
            let is_first_failure = one.number == 1 && matches!(one.outcome, Outcome::Unschedulable { .. });
            self.unfit += usize::from(is_first_failure && Mark::of(&one.pod.meta.uid) == Mark::Unfit);
            self.observer.attempted(one, self.clock.timestamp(after, self.placed));
        }
        self.perform(effects);
        Ok(Some(after))
    }

    /// Does what is due by the simulated clock, and by the real one what the live scheduler's thread does now and then.
    fn attend(&mut self, now: Instant) -> anyhow::Result<()> {
        if now - self.ticked < TICK && self.clock.now(now, self.placed) < self.agenda.next() {
            return Ok(());
        }
        self.tell_time(now);
        self.turn(now)?;
        if now - self.reported >= GAUGES {
            self.reported = now;
            self.observer.now_and_then(&self.engine);
        }
        Ok(())
    }

    fn tell_time(&mut self, now: Instant) {
        self.ticked = now;
        let effects = self.engine.apply(Input::Time(self.clock.timestamp(now, self.placed)));
        self.perform(effects);
    }

    fn measured(self) -> Measured {
        let guest = self.guest.map(|guest| guest.so_far().saturating_sub(self.guest_before));
        let measured = Measured::new(self.placed + self.unfit, self.evicted, self.stopwatch, self.latencies);
        Measured { guest_seconds: guest.map(|time| time.as_secs_f64()), ..measured }
    }
}

#[cfg(test)]
mod tests;
