//! A simulation that stops before the turn of one pod, so that the pod can be looked at in that state.

use std::sync::Arc;

use longshore_engine::{Engine, Options};
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::profile::Profile;
use longshore_manifest::Manifests;
use rustc_hash::FxHashSet;

use super::{Observer, Record, Simulation, uid};

/// Keeps records as they are.
struct KeepAll;

impl Observer for KeepAll {
    fn tried(&mut self, _: &mut Record) {}
}

/// The simulation.
#[derive(Debug)]
pub struct Paused {
    simulation: Simulation,
    pod: Arc<Pod>,
    /// Pods that were tried before.
    pub before: usize,
}

impl Paused {
    /// Stops at once, before any pod is tried.
    pub fn now(cluster: &Manifests, profiles: Vec<Profile>, options: Options, pod: &Arc<Pod>) -> Self {
        let mut simulation = Simulation::new(profiles, options);
        simulation.load(cluster);
        Self { simulation, pod: Arc::clone(pod), before: 0 }
    }

    /// Tries every pod that comes before `pod`, or its group, in the queue: by priority, creation and input.
    pub fn at_turn(cluster: &Manifests, profiles: Vec<Profile>, options: Options, pod: &Arc<Pod>) -> Self {
        // The pods before it are of no interest, and traces of large clusters are large.
        let mut simulation = Simulation::new(profiles, Options { trace: false, ..options });
        let pending = simulation.load(cluster);
        let aside: FxHashSet<Str> = simulation.aside.iter().map(|r| uid(r.pod())).collect();
        let place = pending.iter().position(|p| p.meta.uid == pod.meta.uid).unwrap_or(0);
        let earlier = |(at, p): (usize, &Arc<Pod>)| {
            let (theirs, own) = (p.spec.priority, pod.spec.priority);
            theirs > own || (theirs == own && at < place)
        };
        let queue = pending.iter().enumerate().filter(|(at, p)| earlier((*at, p)));
        let before = queue.filter(|(_, p)| !aside.contains(&p.meta.uid)).count();
        let mut tried = 0;
        while tried < before && !simulation.engine.is_next(&pod.meta.uid) {
            let Some(attempt) = simulation.engine.step() else { break };
            tried += 1 + attempt.others.len();
            simulation.finish(attempt, &mut KeepAll);
            simulation.records.clear();
        }
        simulation.evicted.clear();
        let before = if simulation.engine.is_next(&pod.meta.uid) { tried } else { before };
        Self { simulation, pod: Arc::clone(pod), before }
    }

    /// The cluster as it stands before the pod is tried.
    pub fn engine(&self) -> &Engine {
        &self.simulation.engine
    }

    /// The same, for trying what would be if nodes were otherwise.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.simulation.engine
    }

    /// What keeps the pod out of the queue, if anything does.
    pub fn aside(&self) -> Option<&Record> {
        if self.simulation.engine.may_be_tried(&self.pod.meta.uid) {
            return None;
        }
        self.simulation.aside.iter().find(|r| r.pod().meta.uid == self.pod.meta.uid)
    }

    /// Tries the pod with a trace, and once more after a preemption. Returns its records: none when it does not wait.
    pub fn proceed(&mut self) -> Vec<Record> {
        self.simulation.engine.set_trace(true);
        if let Some(attempt) = self.simulation.engine.step_pod(&self.pod.meta.uid) {
            self.simulation.finish(attempt, &mut KeepAll);
        }
        self.simulation.records.retain(|record| record.pod().meta.uid == self.pod.meta.uid);
        std::mem::take(&mut self.simulation.records)
    }
}
