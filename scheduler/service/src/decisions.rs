//! What was decided lately: a ring of the last attempts, bounded by their number and by the memory they take.
//!
//! An entry of a successful attempt holds names and numbers: the node, how many were equal, and what the best of them scored, where
//! the engine [had the time](longshore_engine::Options::described_nodes) to say. Why nodes were rejected is kept of failed attempts,
//! grouped, and what a preemption weighed.

mod entry;
mod group;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use longshore_engine::Attempt;
use longshore_framework::{Str, Timestamp};
use prometheus::IntCounter;
use rustc_hash::{FxHashMap, FxHashSet};

pub use entry::{Decision, DecisionGroup, DecisionList, Outcome, ScoresFrom};
pub use group::{DecidedGroup, Domain};

/// How much a ring holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts.
    pub count: usize,
    /// Bytes, by estimate.
    pub bytes: usize,
    /// Attempts at one pod; older ones make room for newer.
    pub per_pod: usize,
    /// Scored nodes that are kept of a traced attempt, the best.
    pub scored_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { count: 20_000, bytes: 24 << 20, per_pod: 10, scored_nodes: 10 }
    }
}

/// The names of nodes that are kept with each group of rejected nodes: the
/// [`example_nodes`](longshore_engine::Options::example_nodes) to run the engine with.
pub const EXAMPLE_NODES: usize = 5;

/// The best nodes that are kept of a choice: the [`described_nodes`](longshore_engine::Options::described_nodes) to run the engine
/// with.
pub const DESCRIBED_NODES: usize = 4;

/// Names of plugins that entries share, at the most. There are no more plugins than that in a profile.
const MOST_NAMES: usize = 256;

/// The last attempts. It belongs to the scheduling thread.
#[derive(Debug)]
pub struct Decisions {
    limits: Limits,
    entries: VecDeque<KeptDecision>,
    /// Number of the oldest entry.
    first: u64,
    bytes: usize,
    dropped: u64,
    /// The newest entry of each pod, by namespace and name.
    newest: FxHashMap<(Str, Str), u64>,
    counter: Option<IntCounter>,
    /// Names of plugins: thousands of entries have the same few.
    names: FxHashSet<Str>,
}

#[derive(Debug)]
struct KeptDecision {
    decision: Decision,
    bytes: usize,
    /// The entry before this one of the same pod.
    previous: Option<u64>,
}

impl Decisions {
    /// An empty ring. `dropped` counts the attempts that make room for newer ones.
    pub fn new(limits: Limits, dropped: Option<IntCounter>) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            first: 0,
            bytes: 0,
            dropped: 0,
            newest: FxHashMap::default(),
            counter: dropped,
            names: FxHashSet::default(),
        }
    }

    /// Adds an attempt that was made at `time`.
    pub fn add(&mut self, attempt: &Attempt, time: Timestamp) {
        let mut decision = Decision::of(attempt, time, self.limits.scored_nodes);
        for score in decision.scores.iter_mut().flat_map(|node| &mut node.scores) {
            score.plugin = self.shared(&score.plugin);
        }
        self.push(decision);
    }

    /// The same name, in memory that other entries use too.
    fn shared(&mut self, name: &Str) -> Str {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() >= MOST_NAMES {
            self.names.clear();
        }
        self.names.insert(Arc::clone(name));
        Arc::clone(name)
    }

    fn push(&mut self, decision: Decision) {
        let key = (Arc::clone(&decision.namespace), Arc::clone(&decision.name));
        let number = self.first + self.entries.len() as u64;
        let bytes = decision.bytes();
        let previous = self.newest.insert(key, number);
        self.bytes += bytes;
        self.entries.push_back(KeptDecision { decision, bytes, previous });
        while self.entries.len() > self.limits.count.max(1)
            || (self.bytes > self.limits.bytes && self.entries.len() > 1)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else { return };
        let key = (oldest.decision.namespace, oldest.decision.name);
        if self.newest.get(&key) == Some(&self.first) {
            self.newest.remove(&key);
        }
        self.first += 1;
        self.bytes = self.bytes.saturating_sub(oldest.bytes);
        self.dropped += 1;
        if let Some(counter) = &self.counter {
            counter.inc();
        }
    }

    /// The attempts at a pod, newest first, no more than the [limit](Limits::per_pod).
    pub fn for_pod(&self, namespace: &str, name: &str) -> Vec<&Decision> {
        let mut found = Vec::new();
        let mut next = self.newest.get(&(Str::from(namespace), Str::from(name))).copied();
        while let Some(entry) = next.and_then(|number| self.entry(number)) {
            if found.len() == self.limits.per_pod {
                break;
            }
            found.push(&entry.decision);
            next = entry.previous;
        }
        found
    }

    /// The newest attempt at a pod.
    pub fn newest(&self, namespace: &Str, name: &Str) -> Option<&Decision> {
        let number = *self.newest.get(&(Arc::clone(namespace), Arc::clone(name)))?;
        self.entry(number).map(|entry| &entry.decision)
    }

    /// The document of `/debug/decisions/NAMESPACE/POD`; `None` when nothing is known of the pod.
    pub fn document(&self, namespace: &str, name: &str) -> Option<DecisionList> {
        let decisions: Vec<Decision> = self.for_pod(namespace, name).into_iter().cloned().collect();
        (!decisions.is_empty()).then(|| DecisionList::new(namespace, name, decisions))
    }

    /// Attempts in the ring.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Attempts that made room for newer ones.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn entry(&self, number: u64) -> Option<&KeptDecision> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}
