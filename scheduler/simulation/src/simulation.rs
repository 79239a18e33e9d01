//! The engine over a cluster that stands still: every pending pod is tried once, in queue order, and what the engine
//! wants done is done at once.
//!
//! A pod that is given a node is on it for all later pods. The victims of a preemption vanish at once and the preemptor
//! is tried again at once. A pod that does not fit stays pending and is not tried again. No time passes and nothing else
//! happens, until every pod was tried: then pods that still wait for a Permit plugin wait in vain, and are turned away.

mod claims;
mod paused;
mod said;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_engine::{Attempt, Engine, Options, Outcome};
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason, Input, PreBindWrite, ReleasedClaim};
use longshore_framework::profile::Profile;
use longshore_framework::verdict::Rejection;
use longshore_manifest::Manifests;
use rustc_hash::{FxHashMap, FxHashSet};

use claims::Writer;
pub use claims::Written;
pub use paused::Paused;
pub use said::Said;

/// How often a pod is tried again because devices were given back.
const MOST_ROUNDS: usize = 2;

/// What became of a pending pod, one record for each try.
#[derive(Debug)]
pub enum Record {
    /// It was tried.
    Tried {
        /// What came of it.
        attempt: Box<Attempt>,
        /// The second try, after a preemption, or after devices were given back.
        retry: bool,
        /// What it did to claims for devices.
        written: Box<Written>,
    },
    /// A PreEnqueue plugin keeps it out of the queue.
    Gated {
        /// The pod.
        pod: Arc<Pod>,
        /// The plugin.
        plugin: Str,
        /// What it said.
        rejection: Rejection,
    },
    /// No profile has its scheduler name.
    NoProfile {
        /// The pod.
        pod: Arc<Pod>,
    },
}

impl Record {
    /// The pod.
    pub fn pod(&self) -> &Arc<Pod> {
        match self {
            Self::Tried { attempt, .. } => &attempt.pod,
            Self::Gated { pod, .. } | Self::NoProfile { pod } => pod,
        }
    }

    /// The node it was given.
    pub fn node(&self) -> Option<&Str> {
        match self {
            Self::Tried { attempt, .. } => match &attempt.outcome {
                Outcome::Assumed { node } => Some(node),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The end of a simulation.
#[derive(Debug)]
pub struct Simulated {
    /// The engine with the cluster as it ended.
    pub engine: Engine,
    /// Every try, in order; pods that were never tried stand where their turn would have been.
    pub records: Vec<Record>,
    /// Pods that were evicted, in order, each with the pod it made room for.
    pub evicted: Vec<(Arc<Pod>, Arc<Pod>)>,
    /// What plugins had to say of pods, in order.
    pub said: Vec<Said>,
    /// Pending pods there were at the start.
    pub pending_at_start: usize,
    /// Time spent on deciding: without telling the engine of the cluster.
    pub deciding: Duration,
}

/// Sees every record before it is kept.
pub trait Observer {
    /// A pod was tried. What is taken out of the record here is not kept.
    fn tried(&mut self, record: &mut Record);
}

/// Counts the pods that are done.
struct Counter<'a> {
    done: usize,
    progress: &'a mut dyn FnMut(usize),
}

impl Observer for Counter<'_> {
    fn tried(&mut self, record: &mut Record) {
        if let Record::Tried { retry: false, .. } = record {
            self.done += 1;
            (self.progress)(self.done);
        }
    }
}

/// Runs every pending pod of `cluster` through an engine. `progress` is told of pods done.
pub fn run(
    cluster: &Manifests,
    profiles: Vec<Profile>,
    options: Options,
    progress: &mut dyn FnMut(usize),
) -> Simulated {
    run_watched(cluster, profiles, options, &mut Counter { done: 0, progress })
}

/// The same with an observer, which may drop what it does not need of each record.
pub fn run_watched(
    cluster: &Manifests,
    profiles: Vec<Profile>,
    options: Options,
    observer: &mut dyn Observer,
) -> Simulated {
    let mut simulation = Simulation::new(profiles, options);
    let pending = simulation.load(cluster);
    let began = Instant::now();
    simulation.schedule(observer);
    simulation.run_out(observer);
    let deciding = began.elapsed();
    simulation.merge(&pending);
    Simulated {
        engine: simulation.engine,
        records: simulation.records,
        evicted: simulation.evicted,
        said: simulation.said,
        pending_at_start: pending.len(),
        deciding,
    }
}

/// An engine with the cluster in it and every pending pod in its queue, none of them tried.
pub fn load(cluster: &Manifests, profiles: Vec<Profile>, options: Options) -> Engine {
    let mut simulation = Simulation::new(profiles, options);
    simulation.load(cluster);
    simulation.engine
}

#[derive(Debug)]
struct Simulation {
    engine: Engine,
    records: Vec<Record>,
    /// Records of pods that never entered the queue.
    aside: Vec<Record>,
    evicted: Vec<(Arc<Pod>, Arc<Pod>)>,
    said: Vec<Said>,
    /// Of every pod that was given a node, by UID, which record says so: the last one.
    given: FxHashMap<Str, usize>,
    /// Pods that got no node or lost the one they had been given, and why; not yet in their records.
    lost: Vec<(Str, FailureReason, String)>,
    /// How often the pod at hand was tried again because devices were given back.
    rounds: usize,
    /// What the attempt at hand does to claims for devices.
    written: Written,
}

impl Simulation {
    fn new(profiles: Vec<Profile>, options: Options) -> Self {
        Self {
            engine: Engine::new(profiles, Options { retry: false, ..options }),
            records: Vec::new(),
            aside: Vec::new(),
            evicted: Vec::new(),
            said: Vec::new(),
            given: FxHashMap::default(),
            lost: Vec::new(),
            rounds: 0,
            written: Written::default(),
        }
    }

    /// Tells the engine of everything; the pending pods in the order of their creation, then of the input.
    fn load(&mut self, cluster: &Manifests) -> Vec<Arc<Pod>> {
        for object in &cluster.objects {
            self.engine.apply(Input::Object(object.clone()));
        }
        for node in &cluster.nodes {
            self.engine.apply(Input::Node(Arc::clone(node)));
        }
        for (source, sample) in &cluster.measured {
            let sources =
                source.as_ref().map_or_else(|| self.engine.metrics_sources(), |s| vec![Arc::clone(s)]);
            for source in sources {
                self.engine.apply(Input::Metrics { source, sample: Arc::clone(sample) });
            }
        }
        let (running, mut pending): (Vec<_>, Vec<_>) =
            cluster.pods.iter().cloned().partition(|p| p.meta.node_name.is_some());
        for pod in running {
            self.engine.apply(Input::Pod(pod));
        }
        pending.sort_by_key(|p| p.meta.created);
        for pod in &pending {
            self.enqueue(pod);
        }
        self.ask_groups_again();
        pending
    }

    fn enqueue(&mut self, pod: &Arc<Pod>) {
        if self.engine.profile_of(pod).is_none() {
            self.aside.push(Record::NoProfile { pod: Arc::clone(pod) });
            return;
        }
        for effect in self.engine.apply(Input::Pod(Arc::clone(pod))) {
            if let Effect::Gated { pod, plugin, rejection } = effect {
                self.aside.push(Record::Gated { pod, plugin, rejection });
            }
        }
    }

    fn schedule(&mut self, observer: &mut dyn Observer) {
        while let Some(attempt) = self.engine.step() {
            self.finish(attempt, observer);
        }
    }

    /// Lets time pass until no pod waits for Permit. It ends: a pod waits for a bounded time, and only plugins let pods be
    /// tried again, each a bounded number of times.
    fn run_out(&mut self, observer: &mut dyn Observer) {
        while let Some(until) = self.engine.next_time() {
            let effects = self.engine.apply(Input::Time(until));
            self.perform(&effects);
            self.amend();
            self.schedule(observer);
        }
    }

    /// Writes into their records what became of pods after they had been given a node.
    fn amend(&mut self) {
        for (uid, reason, message) in std::mem::take(&mut self.lost) {
            let record = self.given.remove(&uid).and_then(|at| self.records.get_mut(at));
            if let Some(Record::Tried { attempt, .. }) = record {
                attempt.outcome = match reason {
                    FailureReason::Unschedulable => Outcome::Unschedulable { message, nominated: None },
                    FailureReason::SchedulerError => Outcome::Broken { message },
                };
            }
        }
    }

    /// Does what came of an attempt; after each preemption, and when devices were given back, the pod is tried again at
    /// once. It ends, because every round evicts a pod, and for devices there are but a few.
    fn finish(&mut self, attempt: Attempt, observer: &mut dyn Observer) {
        self.rounds = 0;
        let mut again = self.perform(&attempt.effects);
        // A plugin may have woken it.
        let retry = attempt.number > 1;
        self.keep_each(attempt, retry, observer);
        while let Some(attempt) = again.take().and_then(|uid| self.engine.step_pod(&uid)) {
            again = self.perform(&attempt.effects);
            self.keep_each(attempt, true, observer);
        }
    }

    /// Keeps an attempt, and those at the other pods of the group.
    fn keep_each(&mut self, attempt: Attempt, retry: bool, observer: &mut dyn Observer) {
        for attempt in attempt.into_each() {
            self.keep(attempt, retry, observer);
        }
    }

    fn keep(&mut self, attempt: Attempt, retry: bool, observer: &mut dyn Observer) {
        let written = Box::new(std::mem::take(&mut self.written));
        let mut record = Record::Tried { attempt: Box::new(attempt), retry, written };
        observer.tried(&mut record);
        if record.node().is_some() {
            self.given.insert(uid(record.pod()), self.records.len());
        }
        self.records.push(record);
        self.amend();
    }

    /// Does what the engine wants, and what it then wants. Returns the pod to be tried again, if evictions made room.
    fn perform(&mut self, effects: &[Effect]) -> Option<Str> {
        let mut again = None;
        let mut to_do: VecDeque<Effect> = effects.to_vec().into();
        let mut own = to_do.len();
        while let Some(effect) = to_do.pop_front() {
            // What the attempt itself wants, not what follows from doing it.
            let is_own = own > 0;
            own = own.saturating_sub(1);
            let more = match effect {
                Effect::PreBind { pod, node, writes } => self.pre_bind(&pod, &node, &writes),
                Effect::ReleaseClaims { pod, releases } => {
                    let (helps, more) = self.release(&pod, &releases);
                    if helps && is_own && self.rounds < MOST_ROUNDS {
                        self.rounds += 1;
                        again = Some(uid(&pod));
                    }
                    more
                }
                Effect::Bind { pod, .. } => {
                    self.engine.apply(Input::Bound { uid: uid(&pod), result: Ok(()) })
                }
                Effect::Evict { preemptor, victims, .. } => {
                    self.evict(&preemptor, victims);
                    again = Some(uid(&preemptor));
                    Vec::new()
                }
                Effect::Failed { pod, reason, message, .. } => {
                    self.lost.push((uid(&pod), reason, message));
                    Vec::new()
                }
                Effect::PluginEvent { pod, plugin, warning, reason, note } => {
                    self.say(Said { pod, plugin, warning, reason, note });
                    Vec::new()
                }
                _ => Vec::new(),
            };
            to_do.extend(more);
        }
        again
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer { engine: &mut self.engine, written: &mut self.written, effects: Vec::new() }
    }

    fn pre_bind(&mut self, pod: &Pod, node: &Str, writes: &[PreBindWrite]) -> Vec<Effect> {
        let mut writer = self.writer();
        let result = writer.pre_bind(pod, node, writes);
        let mut effects = writer.effects;
        let result =
            result.map_err(|why| format!("running PreBind plugin \"DynamicResources\": {why}").into());
        effects.extend(self.engine.apply(Input::PreBound { uid: uid(pod), result }));
        effects
    }

    fn release(&mut self, pod: &Pod, releases: &[ReleasedClaim]) -> (bool, Vec<Effect>) {
        let mut writer = self.writer();
        let helps = writer.release(pod, releases);
        (helps, writer.effects)
    }

    fn say(&mut self, said: Said) {
        if self.said.len() < said::MOST {
            self.said.push(said);
        }
    }

    fn evict(&mut self, preemptor: &Arc<Pod>, victims: Vec<Arc<Pod>>) {
        for victim in victims {
            self.engine.apply(Input::PodDeleted { uid: uid(&victim) });
            self.evicted.push((victim, Arc::clone(preemptor)));
        }
        self.engine.apply(Input::Evicted { uid: uid(preemptor), result: Ok(()) });
    }

    /// The records of pods that were never tried. A pod that came before the others of its group was tried with them, or waits
    /// for fewer now than it did then.
    fn still_aside(&mut self) -> Vec<Record> {
        let tried: FxHashSet<&Str> = self.records.iter().map(|record| &record.pod().meta.uid).collect();
        let mut aside = std::mem::take(&mut self.aside);
        aside.retain(|record| !tried.contains(&record.pod().meta.uid));
        self.aside = aside;
        self.ask_groups_again();
        std::mem::take(&mut self.aside)
    }

    /// Groups have other pods now than when their first ones came.
    fn ask_groups_again(&mut self) {
        for record in &mut self.aside {
            if let Record::Gated { pod, plugin, rejection } = record
                && let Some(now) = self.engine.gate_of_group(&pod.meta.uid)
            {
                (*plugin, *rejection) = now;
            }
        }
    }

    /// Puts the records of pods that were never tried where their turn would have been: by priority, creation and input.
    fn merge(&mut self, pending: &[Arc<Pod>]) {
        let mut rank: FxHashMap<Str, (i64, usize)> = FxHashMap::default();
        rank.extend(pending.iter().enumerate().map(|(at, p)| (uid(p), (-i64::from(p.spec.priority), at))));
        let rank_of = |record: &Record| rank.get(&record.pod().meta.uid).copied();
        let mut aside = self.still_aside();
        aside.sort_by_key(&rank_of);
        let mut aside = aside.into_iter().peekable();
        let mut merged = Vec::with_capacity(self.records.len() + aside.len());
        for record in self.records.drain(..) {
            let first = matches!(record, Record::Tried { retry: false, .. });
            while let Some(next) = aside.next_if(|a| first && rank_of(a) < rank_of(&record)) {
                merged.push(next);
            }
            merged.push(record);
        }
        merged.extend(aside);
        self.records = merged;
    }
}

fn uid(pod: &Pod) -> Str {
    Arc::clone(&pod.meta.uid)
}
