//! Decisions kept from pod to pod.
//!
//! Pods that share what plugins may read of them are of one class, and a thousand replicas cost two evaluations of all nodes
//! and then a look at the nodes that changed. A class sorts the nodes into groups that no plugin tells apart, so that
//! what depends on more than a node — the topology domains, the extremes that scores are normalised by — is asked of one
//! node per group and decision.
//!
//! The [literal evaluator](crate::cycle) stays the measure: a decision here is one that it could have made. It also does what
//! is not done here: pods whose plugins keep nothing, restricted searches, extenders, traces, and the first pod of a class.

mod alike;
mod audit;
mod class;
mod decide;
mod groups;
mod plan;
mod rejected_nodes;
mod unfit;

use std::sync::Arc;

use longshore_framework::snapshot::{Slot, Snapshot};
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, Stopped};
use crate::trace::Trace;
use alike::{Alike, ClassKey};
use class::Class;

/// Classes that are remembered at the most, with or without columns.
const MAX_CLASSES: usize = 4096;

/// Nodes times classes with columns at the most; each takes some thirty bytes, and twelve more for every constraint over
/// topology domains.
const MAX_CELLS: usize = 16 << 20;

/// Nodes times classes at the most for which it is kept what evictions could do; each takes some two hundred bytes.
const MAX_RUNS: usize = 1 << 19;

/// The classes that pods of late belonged to.
#[derive(Debug)]
pub(crate) struct Classes {
    alike: Alike,
    /// Columns are made for the second pod: many classes have only one.
    entries: LruCache<Arc<ClassKey>, Option<Box<Class>>, FxBuildHasher>,
    with_columns: usize,
    /// The classes for which it is kept what evictions could do, the one asked last at the end.
    with_runs: Vec<Arc<ClassKey>>,
    scratch: decide::Scratch,
}

impl Default for Classes {
    fn default() -> Self {
        Self {
            alike: Alike::default(),
            entries: LruCache::unbounded_with_hasher(FxBuildHasher),
            with_columns: 0,
            with_runs: Vec::new(),
            scratch: decide::Scratch::default(),
        }
    }
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
        let key = self.alike.class_of(evaluator, profile);
        let kept = self.take(evaluator.snapshot, &key);
        let is_kept = kept.is_some();
        let mut class = kept.or_else(|| audit.is_some().then(Box::default))?;
        let mut decided = class.decide(evaluator, chooser, &mut self.scratch);
        if let (Some(trace), Some(decided)) = (audit, &mut decided) {
            let best = self.scratch.best(&class);
            if let Some(difference) = class.audit(evaluator, decided, &best, trace) {
                decided.outcome = Err(Stopped::Broken(format!("audit: {difference}")));
            }
        }
        if let (true, Some(place)) = (is_kept, self.entries.peek_mut(&key)) {
            let keeps_runs = class.rejected_nodes.keeps_runs();
            *place = Some(class);
            if keeps_runs && !self.with_runs.last().is_some_and(|last| Arc::ptr_eq(last, &key)) {
                self.limit_runs(evaluator.snapshot, key);
            }
        }
        decided
    }

    /// It is kept for this class what evictions could do; others forget it when that is too much in all.
    fn limit_runs(&mut self, snapshot: &Snapshot, key: Arc<ClassKey>) {
        self.with_runs.retain(|other| *other != key);
        let most = (MAX_RUNS / snapshot.slots().max(1)).max(1);
        let surplus = (self.with_runs.len() + 1).saturating_sub(most);
        for oldest in self.with_runs.drain(..surplus) {
            if let Some(Some(class)) = self.entries.peek_mut(&oldest) {
                class.rejected_nodes.forget_runs();
            }
        }
        self.with_runs.push(key);
    }

    /// Takes the class out of its place; `None` when the pod is the first of it.
    fn take(&mut self, snapshot: &Snapshot, key: &Arc<ClassKey>) -> Option<Box<Class>> {
        let Some(place) = self.entries.get_mut(key) else {
            self.enter(Arc::clone(key));
            return None;
        };
        let kept = place.take();
        if kept.is_none() {
            self.with_columns += 1;
            self.make_room(snapshot, key);
        }
        Some(kept.unwrap_or_default())
    }

    fn enter(&mut self, key: Arc<ClassKey>) {
        while self.entries.len() >= MAX_CLASSES {
            self.forget_oldest();
        }
        self.entries.push(key, None);
    }

    /// Forgets the classes that were asked longest ago while there are too many columns, but not the one with this key.
    fn make_room(&mut self, snapshot: &Snapshot, key: &Arc<ClassKey>) {
        let most = (MAX_CELLS / snapshot.slots().max(1)).max(1);
        while self.with_columns > most && self.entries.peek_lru().is_some_and(|(oldest, _)| oldest != key) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((key, class)) = self.entries.pop_lru() {
            self.with_columns -= usize::from(class.is_some());
            self.with_runs.retain(|other| *other != key);
        }
    }
}
