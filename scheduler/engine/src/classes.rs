//! Decisions kept from pod to pod.
//!
//! Pods that share what plugins may read of them are of one class, and a thousand replicas cost two evaluations of all nodes
//! and then a look at the nodes that changed. A class sorts the nodes into groups that no plugin tells apart, so that
//! what depends on more than a node — the topology domains, the extremes that scores are normalised by — is asked of one
//! node per group and decision.
//!
//! The [literal evaluator](crate::cycle) stays the measure: a decision here is one that it could have made. It also does what
//! is not done here, and [`Literal`] says why.

mod alike;
mod ask;
mod audit;
mod changes;
mod class;
mod decide;
mod evaluate;
mod groups;
mod kin;
mod kinds;
mod moment;
mod panel;
mod panels;
mod plan;
mod rejected_nodes;
mod repeat;
mod scratch;
mod seated;
mod seating;
mod unfit;

use std::sync::Arc;

use longshore_framework::snapshot::{Slot, Snapshot};
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, Stopped};
use crate::known_failure::KnownFailure;
use crate::path::Literal;
use crate::trace::Trace;
use alike::{Alike, ClassKey};
use audit::Chosen;
use class::Class;
pub(crate) use moment::Moment;
use panels::{Panels, Seat};

/// Classes that are remembered at the most, with or without columns.
const MAX_CLASSES: usize = 8192;

/// Nodes times classes with columns at the most; each takes some thirty bytes, and twelve more for every constraint over
/// topology domains.
const MAX_CELLS: usize = 16 << 20;

/// Nodes times classes at the most for which it is kept what evictions could do; each takes some two hundred bytes.
const MAX_RUNS: usize = 1 << 19;

/// Where there is no room, so many decisions are literal before a class takes the place of another: if more classes are in
/// use than there is room for, to let each in would be to look at all nodes each time.
const CROWDED_FOR: u32 = 16;

/// A class that was not asked for so many decisions, times those there is room for, gives its place at once.
const STALE_AFTER: u64 = 4;

/// The classes that pods of late belonged to.
#[derive(Debug)]
pub(crate) struct Classes {
    alike: Alike,
    entries: LruCache<Arc<ClassKey>, KnownClass, FxBuildHasher>,
    panels: Panels,
    with_columns: usize,
    /// [`MAX_CELLS`], and less in tests.
    cells: usize,
    /// The classes for which it is kept what evictions could do, the one asked last at the end.
    with_runs: Vec<Arc<ClassKey>>,
    /// How many decisions were asked for.
    decisions: u64,
    /// How often of late other classes were asked before a class was asked again.
    turns: seating::Turns,
    families: seating::Families,
    /// How many decisions have been literal for want of room since a class was let in.
    crowded: u32,
    scratch: scratch::Scratch,
    /// The class of the pod that was decided last, when it fits nowhere.
    unfit: Option<Arc<ClassKey>>,
}

/// A class that is known.
#[derive(Debug, Default)]
struct KnownClass {
    /// Columns are made for the second pod: many classes have only one.
    class: Option<Box<Class>>,
    /// Its place in a panel.
    seat: Option<Seat>,
    /// The decision it was last asked for.
    asked: u64,
}

impl Default for Classes {
    fn default() -> Self {
        Self {
            alike: Alike::default(),
            entries: LruCache::unbounded_with_hasher(FxBuildHasher),
            panels: Panels::default(),
            with_columns: 0,
            cells: MAX_CELLS,
            with_runs: Vec::new(),
            decisions: 0,
            turns: seating::Turns::default(),
            families: seating::Families::default(),
            crowded: 0,
            scratch: scratch::Scratch::default(),
            unfit: None,
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
    /// Whether plugins were asked that are asked every time: they are not asked twice about one pod.
    pub(crate) asks: bool,
}

impl Classes {
    /// Forgets everything, as when the profiles change.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Decides as the literal evaluator would, or says why that one has to. With `audit` the literal evaluator is asked
    /// as well, what it says is written there, and a decision that it would not have made is an error.
    pub(crate) fn decide(
        &mut self,
        evaluator: &Evaluator<'_>,
        profile: usize,
        chooser: &mut Chooser,
        mut audit: Option<&mut Trace>,
    ) -> Result<Decided, Literal> {
        self.unfit = None;
        if let Some(why) = plan::has_to_be_literal(evaluator) {
            return Err(why);
        }
        self.decisions += 1;
        let key = self.alike.class_of(evaluator, profile)?;
        self.count_turn(&key);
        let may_sit = !evaluator.asks_extenders();
        if may_sit
            && let Some(decided) =
                self.decide_seated(evaluator, (profile, &key), chooser, audit.as_deref_mut())?
        {
            return Ok(decided);
        }
        let mut kept = self.take(evaluator.snapshot, &key);
        if matches!(kept, Err(Literal::FirstOfClass))
            && may_sit
            && self.seats_new(audit.is_some())
            && self.begins_at_once(evaluator, profile, &key)
        {
            kept = self.take(evaluator.snapshot, &key);
        }
        if matches!(kept, Err(Literal::FirstOfClass)) {
            self.families.add(key.kin());
        }
        let is_kept = kept.is_ok();
        let mut class = match kept {
            Ok(class) => class,
            Err(_) if audit.is_some() => Box::default(),
            Err(why) => return Err(why),
        };
        let audits = audit.is_some();
        if may_sit && is_kept && class.is_new() && self.seats_new(audits) {
            if class.prepare(evaluator).is_ok() {
                self.seat(evaluator, (profile, &key), &mut class);
                self.put_back(&key, class);
                if let Some(decided) =
                    self.decide_seated(evaluator, (profile, &key), chooser, audit.as_deref_mut())?
                {
                    return Ok(decided);
                }
                class = self.take(evaluator.snapshot, &key)?;
            }
            if self.entries.peek(&key).is_some_and(|entry| entry.seat.is_none()) {
                self.families.note_standing(key.kin());
            }
        }
        let mut decided = class.decide(evaluator, chooser, &mut self.scratch, audits);
        if let (Some(trace), Ok(decided)) = (audit, &mut decided) {
            let best = self.scratch.best(&class);
            let chosen = Chosen { best: &best, turned_down: self.scratch.turned_down(), by_groups: true };
            class.audit(evaluator, decided, chosen, trace);
        }
        if may_sit && is_kept && decided.is_ok() && (audits || class.is_behind()) {
            self.seat(evaluator, (profile, &key), &mut class);
        }
        if let (true, Some(entry)) = (is_kept, self.entries.peek_mut(&key)) {
            let is_unfit = matches!(decided, Ok(Decided { outcome: Err(Stopped::Unfit(_)), .. }));
            if is_unfit && !evaluator.has_extenders() {
                self.unfit = Some(Arc::clone(&key));
            }
            let keeps_runs = class.rejected_nodes.keeps_runs();
            entry.class = Some(class);
            if keeps_runs && !self.with_runs.last().is_some_and(|last| Arc::ptr_eq(last, &key)) {
                self.limit_runs(evaluator.snapshot, key);
            }
        }
        decided
    }

    fn put_back(&mut self, key: &Arc<ClassKey>, class: Box<Class>) {
        if let Some(entry) = self.entries.peek_mut(key) {
            entry.class = Some(class);
        }
    }

    /// Whether what comes of the pod that was decided last is of use to others of its class.
    pub(crate) fn notes_failures(&self) -> bool {
        self.unfit.is_some()
    }

    /// What came of the pod that was decided last, and for which nothing could be done. How that differs from what is known
    /// of its class, if it does.
    pub(crate) fn note_failure(&mut self, moment: Moment, failure: KnownFailure) -> Option<String> {
        let key = self.unfit.take()?;
        let class = self.entries.peek_mut(&key).and_then(|entry| entry.class.as_mut())?;
        class.note_failure(moment, failure)
    }

    /// It is kept for this class what evictions could do; others forget it when that is too much in all.
    fn limit_runs(&mut self, snapshot: &Snapshot, key: Arc<ClassKey>) {
        self.with_runs.retain(|other| *other != key);
        let most = (MAX_RUNS / snapshot.slots().max(1)).max(1);
        let surplus = (self.with_runs.len() + 1).saturating_sub(most);
        for oldest in self.with_runs.drain(..surplus) {
            if let Some(class) = self.entries.peek_mut(&oldest).and_then(|entry| entry.class.as_mut()) {
                class.rejected_nodes.forget_runs();
            }
        }
        self.with_runs.push(key);
    }

    /// Takes the class out of its place.
    fn take(&mut self, snapshot: &Snapshot, key: &Arc<ClassKey>) -> Result<Box<Class>, Literal> {
        let Some(entry) = self.entries.get_mut(key) else {
            self.enter(Arc::clone(key));
            return Err(Literal::FirstOfClass);
        };
        entry.asked = self.decisions;
        if let Some(class) = entry.class.take() {
            return Ok(class);
        }
        self.make_room(snapshot, key)?;
        self.with_columns += 1;
        Ok(Box::default())
    }

    fn enter(&mut self, key: Arc<ClassKey>) {
        while self.entries.len() >= MAX_CLASSES {
            self.forget_oldest();
        }
        self.entries.push(key, KnownClass { class: None, seat: None, asked: self.decisions });
    }

    /// Makes room for the columns of one more class, with this key, if its turn has come.
    fn make_room(&mut self, snapshot: &Snapshot, key: &Arc<ClassKey>) -> Result<(), Literal> {
        let most = self.most_classes(snapshot);
        if self.with_columns < most {
            return Ok(());
        }
        self.crowded += 1;
        let stale = self.decisions.saturating_sub(most as u64 * STALE_AFTER);
        while self.with_columns >= most
            && let Some((oldest, entry)) = self.entries.peek_lru()
            && oldest != key
        {
            if entry.class.is_some() && entry.asked >= stale && self.crowded <= CROWDED_FOR {
                return Err(Literal::Crowded);
            }
            self.forget_oldest();
        }
        self.crowded = 0;
        Ok(())
    }

    /// How many classes there is room for.
    fn most_classes(&self, snapshot: &Snapshot) -> usize {
        (self.cells / snapshot.slots().max(1)).max(1)
    }

    fn forget_oldest(&mut self) {
        if let Some((key, entry)) = self.entries.pop_lru() {
            self.with_columns -= usize::from(entry.class.is_some());
            entry.seat.into_iter().for_each(|seat| self.panels.leave(seat));
            self.with_runs.retain(|other| *other != key);
        }
    }
}

#[cfg(test)]
mod tests;
