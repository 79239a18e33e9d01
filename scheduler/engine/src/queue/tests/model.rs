//! The queue against a plain list that is sorted whenever somebody asks.

use std::cmp::Reverse;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Active,
    /// Whether an event that wakes came meanwhile.
    InFlight(bool),
    /// Kept by this plugin.
    Parked(PluginId),
    Gated,
}

#[derive(Clone, Debug)]
struct Known {
    name: String,
    priority: i32,
    since: i64,
    entry: usize,
    at: At,
}

/// What the queue is to do, told in the plainest way.
#[derive(Debug, Default)]
struct Model {
    pods: Vec<Known>,
    now: i64,
    entries: usize,
}

impl Model {
    fn activate(&mut self, index: usize) {
        self.entries += 1;
        (self.pods[index].at, self.pods[index].entry) = (At::Active, self.entries);
    }

    fn next(&self) -> Option<usize> {
        let active = (0..self.pods.len()).filter(|i| self.pods[*i].at == At::Active);
        active.min_by_key(|i| {
            let pod = &self.pods[*i];
            (Reverse(pod.priority), pod.since, pod.entry)
        })
    }

    fn node_added(&mut self) {
        let mut order: Vec<usize> = (0..self.pods.len()).collect();
        order.sort_by_key(|i| self.pods[*i].name.clone());
        for index in order {
            match self.pods[index].at {
                At::Parked(WAKES_ON_NODE) => self.activate(index),
                At::InFlight(_) => self.pods[index].at = At::InFlight(true),
                _ => {}
            }
        }
    }

    fn count(&self, is: impl Fn(At) -> bool) -> usize {
        self.pods.iter().filter(|p| is(p.at)).count()
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts {
            active: self.count(|at| at == At::Active),
            backoff: 0,
            unschedulable: self.count(|at| matches!(at, At::Parked(_))),
            gated: self.count(|at| at == At::Gated),
            in_flight: self.count(|at| matches!(at, At::InFlight(_))),
        }
    }
}

/// Both, and the pods that are in flight.
struct Pair {
    queue: Line,
    model: Model,
    flying: Vec<QueuedPod>,
}

fn build(name: &str, priority: i32, gated: bool) -> Arc<Pod> {
    let pod = pod(name).priority(priority);
    if gated { pod.label("gate", "").build() } else { pod.build() }
}

impl Pair {
    fn add(&mut self, name: String, priority: i32, gated: bool) {
        if self.model.pods.iter().any(|p| p.name == name) {
            return;
        }
        self.queue.add(build(&name, priority, gated));
        self.model.pods.push(Known { name, priority, since: self.model.now, entry: 0, at: At::Gated });
        if !gated {
            self.model.activate(self.model.pods.len() - 1);
        }
    }

    #[track_caller]
    fn pop(&mut self) {
        let next = self.model.next();
        let popped = self.queue.pop();
        let name = popped.as_ref().map(|p| p.pod.meta.name.to_string());
        assert_eq!(name, next.map(|i| self.model.pods[i].name.clone()));
        if let Some(index) = next {
            self.model.pods[index].at = At::InFlight(false);
        }
        self.flying.extend(popped.map(|popped| *popped));
    }

    fn give_back(&mut self, draw: usize, by: PluginId) {
        if self.flying.is_empty() {
            return;
        }
        let mut back = self.flying.swap_remove(draw % self.flying.len());
        let Some(index) = self.model.pods.iter().position(|p| *p.name == *back.pod.meta.name) else { return };
        let known = &mut self.model.pods[index];
        known.since = self.model.now;
        let woken = known.at == At::InFlight(true) && by == WAKES_ON_NODE;
        known.at = At::Parked(by);
        if woken {
            self.model.activate(index);
        }
        back.rejected_by = [by].into_iter().collect();
        self.queue.give_back(Box::new(back));
    }

    /// Takes a pod out of the queue, or ends its flight.
    fn remove(&mut self, draw: usize) {
        if self.model.pods.is_empty() {
            return;
        }
        let known = self.model.pods.swap_remove(draw % self.model.pods.len());
        self.flying.retain(|p| *p.pod.meta.name != *known.name);
        let removed = self.queue.remove(&known.name);
        assert_eq!(removed.is_none(), matches!(known.at, At::InFlight(_)));
        self.queue.done(&known.name);
    }

    /// Changes the priority of a waiting pod; no event that wakes.
    fn update(&mut self, draw: usize, priority: i32) {
        let count = self.model.pods.len().max(1);
        let Some(known) = self.model.pods.get_mut(draw % count) else { return };
        if !matches!(known.at, At::InFlight(_)) {
            known.priority = priority;
            let pod = build(&known.name, priority, known.at == At::Gated);
            self.queue.update(pod, &[]);
        }
    }

    #[track_caller]
    fn step(&mut self, mut draw: impl FnMut(usize) -> usize) {
        let priority = i32::try_from(draw(3)).unwrap();
        match draw(9) {
            0..3 => self.add(format!("p{}", draw(40)), priority, draw(5) == 0),
            3..5 => self.pop(),
            5 => self.give_back(draw(100), [WAKES_ON_NODE, NEVER_WAKES][draw(2)]),
            6 => self.remove(draw(100)),
            7 => self.update(draw(100), priority),
            _ if draw(2) == 0 => {
                self.queue.on_event(node_added());
                self.model.node_added();
            }
            _ => {
                self.model.now += 1;
                self.queue.advance(Timestamp(self.model.now));
            }
        }
        assert_eq!(self.queue.counts(&Pods::default()), self.model.counts());
    }
}

#[track_caller]
fn check(seed: u64, steps: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let options = Options { max_backoff: Duration::ZERO, ..Options::default() };
    let mut pair = Pair { queue: Line::new(&options), model: Model::default(), flying: Vec::new() };
    for _ in 0..steps {
        pair.step(|bound| usize::try_from(rng.next_u64() % bound as u64).unwrap());
    }
    while pair.model.next().is_some() {
        pair.pop();
    }
    pair.pop();
}

#[test]
fn whatever_happens_pods_leave_in_the_order_of_a_sorted_list() {
    for seed in 0..200 {
        check(seed, 500);
    }
}
