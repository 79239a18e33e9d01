//! Decisions kept from pod to pod.
//!
//! Pods that share what plugins may read of them are of one class, and a thousand replicas cost two evaluations of all nodes
//! and then a look at the nodes that changed. A class sorts the nodes into groups that no plugin tells apart, so that
//! what depends on more than a node — the topology domains, the extremes that scores are normalised by — is asked of one
//! node per group and decision.
//!
//! The [literal evaluator](crate::cycle) stays the measure: a decision here is one that it could have made. It also does what
//! is not done here: pods whose plugins keep nothing, restricted searches, extenders, traces, and the first pod of a class.

mod audit;
mod class;
mod decide;
mod groups;
mod plan;
mod rejected_nodes;
mod unfit;

use std::hash::BuildHasher;
use std::sync::Arc;

use longshore_framework::keyed::KeyedState;
use longshore_framework::labels::Labels;
use longshore_framework::pod::{Owner, Pod, PodSpec};
use longshore_framework::snapshot::Slot;
use longshore_framework::{Str, snapshot::Snapshot};
use rustc_hash::FxHashMap;

use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, Stopped};
use crate::trace::Trace;
use class::Class;

/// Classes that are remembered at the most, with or without columns.
const MAX_CLASSES: usize = 4096;

/// Nodes times classes with columns at the most; each takes some thirty bytes, and twelve more for every constraint over
/// topology domains.
const MAX_CELLS: usize = 16 << 20;

/// Nodes times classes at the most for which it is kept what evictions could do; each takes some two hundred bytes.
const MAX_RUNS: usize = 1 << 19;

/// What pods of a class share: all that an answer which is kept may depend on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ClassKey {
    profile: usize,
    namespace: Str,
    labels: Labels,
    owner: Option<Owner>,
    spec: Arc<PodSpec>,
}

impl ClassKey {
    fn of(profile: usize, pod: &Pod) -> Self {
        Self {
            profile,
            namespace: Arc::clone(&pod.meta.namespace),
            labels: pod.meta.labels.clone(),
            owner: pod.meta.owner.clone(),
            spec: Arc::clone(&pod.spec),
        }
    }

    fn is_of(&self, profile: usize, pod: &Pod) -> bool {
        self.profile == profile
            && (Arc::ptr_eq(&self.spec, &pod.spec) || self.spec == pod.spec)
            && self.namespace == pod.meta.namespace
            && self.labels == pod.meta.labels
            && self.owner == pod.meta.owner
    }
}

fn hash_of(profile: usize, pod: &Pod) -> u64 {
    let meta = &pod.meta;
    KeyedState.hash_one((profile, &meta.namespace, &meta.labels, &meta.owner, pod.resources.spec_hash))
}

#[derive(Debug)]
struct Entry {
    key: ClassKey,
    /// When it was last asked, by [`Classes::clock`].
    used: u64,
    /// Columns are made for the second pod: many classes have only one.
    class: Option<Box<Class>>,
}

/// The classes that pods of late belonged to.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    entries: FxHashMap<u64, Entry>,
    clock: u64,
    with_columns: usize,
    /// Hashes of the classes for which it is kept what evictions could do, the one asked last at the end.
    with_runs: Vec<u64>,
    scratch: decide::Scratch,
}

/// A decision of a class.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The node, or why there is none.
    pub(crate) outcome: Result<Slot, Stopped>,
    /// How many nodes the search is over; where the next restricted search begins is moved on by it.
    pub(crate) searched: usize,
    /// What plugins remember that have a say after the decision; when there is no node, what all of them do.
    pub(crate) state: CycleState,
}

impl Classes {
    /// Forgets everything, as when the profiles change.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Decides as the literal evaluator would; `None` leaves it to that one. With `audit` the literal evaluator is asked
    /// as well, what it says is written there, and a decision that it would not have made is an error.
    pub(crate) fn decide(
        &mut self,
        evaluator: &Evaluator<'_>,
        profile: usize,
        chooser: &mut Chooser,
        audit: Option<&mut Trace>,
    ) -> Option<Decided> {
        if !plan::is_plain(evaluator) {
            return None;
        }
        let hash = hash_of(profile, evaluator.pod);
        let kept = self.class(evaluator.snapshot, hash, profile, evaluator.pod);
        let is_kept = kept.is_some();
        let mut class = kept.or_else(|| audit.is_some().then(Box::default))?;
        let mut decided = class.decide(evaluator, chooser, &mut self.scratch);
        if let (Some(trace), Some(decided)) = (audit, &mut decided) {
            let best = self.scratch.best(&class);
            if let Some(difference) = class.audit(evaluator, decided, &best, trace) {
                decided.outcome = Err(Stopped::Broken(format!("audit: {difference}")));
            }
        }
        if let (true, Some(entry)) = (is_kept, self.entries.get_mut(&hash)) {
            let keeps_runs = class.rejected_nodes.keeps_runs();
            entry.class = Some(class);
            if keeps_runs && self.with_runs.last() != Some(&hash) {
                self.limit_runs(evaluator.snapshot, hash);
            }
        }
        decided
    }

    /// It is kept for this class what evictions could do; others forget it when that is too much in all.
    fn limit_runs(&mut self, snapshot: &Snapshot, hash: u64) {
        self.with_runs.retain(|other| *other != hash);
        let most = (MAX_RUNS / snapshot.slots().max(1)).max(1);
        let surplus = (self.with_runs.len() + 1).saturating_sub(most);
        for oldest in self.with_runs.drain(..surplus) {
            if let Some(class) = self.entries.get_mut(&oldest).and_then(|entry| entry.class.as_mut()) {
                class.rejected_nodes.forget_runs();
            }
        }
        self.with_runs.push(hash);
    }

    /// Takes the pod's class out; `None` when the pod is the first of it.
    fn class(&mut self, snapshot: &Snapshot, hash: u64, profile: usize, pod: &Pod) -> Option<Box<Class>> {
        self.clock += 1;
        if !self.entries.contains_key(&hash) {
            self.make_room(snapshot);
            let key = ClassKey::of(profile, pod);
            self.entries.insert(hash, Entry { key, used: self.clock, class: None });
            return None;
        }
        let entry = self.entries.get_mut(&hash)?;
        if !entry.key.is_of(profile, pod) {
            // Two classes with one hash, which nobody can bring about: whoever came first has the place.
            return None;
        }
        entry.used = self.clock;
        if let Some(class) = entry.class.take() {
            return Some(class);
        }
        self.make_room(snapshot);
        self.with_columns += 1;
        Some(Box::default())
    }

    /// Drops the half that was asked longest ago when there are too many.
    fn make_room(&mut self, snapshot: &Snapshot) {
        let cells = self.with_columns.saturating_mul(snapshot.slots());
        if self.entries.len() < MAX_CLASSES && cells < MAX_CELLS {
            return;
        }
        let mut used: Vec<u64> = self.entries.values().map(|entry| entry.used).collect();
        let middle = used.len() / 2;
        let (_, median, _) = used.select_nth_unstable(middle);
        let median = *median;
        self.entries.retain(|_, entry| entry.used > median);
        self.with_columns = self.entries.values().filter(|entry| entry.class.is_some()).count();
        let entries = &self.entries;
        self.with_runs.retain(|hash| entries.contains_key(hash));
    }
}
