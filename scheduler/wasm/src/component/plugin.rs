//! Instances of a plugin, and what becomes of failures.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use rustc_hash::FxHashMap;

use super::bindings::exports::longshore::scheduler::permit::Outcome;
use super::bindings::exports::longshore::scheduler::pre_filter::PreFiltered;
use super::convert::CycleKey;
use super::imports::locked;
use super::live::{Live, Role};
use super::load::Loaded;
use super::pure::{Kept, class_hash};
use crate::args::FailurePolicy;
use crate::breaker::{Breaker, Change};
use crate::failure::{Failure, FailureKind};
use crate::ledger::Entry;

/// The place of one instance, empty until it is needed and after it failed.
#[derive(Default)]
pub(crate) struct Cell {
    live: Option<Live>,
    pub(super) kept: Kept,
}

/// What PreFilter left, in the cycle's state.
#[derive(Clone, Debug)]
pub(crate) struct Carried(pub(crate) Arc<Vec<u8>>);

/// PreFilter's answers of a pure plugin, by class.
type PreFilteredClasses = FxHashMap<u64, (CycleKey, PreFiltered, Arc<Vec<u8>>)>;

/// Classes of PreFilter that are kept at the most.
const MOST_CLASSES: usize = 256;

/// A loaded component behind the framework's traits.
pub(crate) struct ComponentPlugin {
    pub(super) loaded: Loaded,
    breaker: Mutex<Breaker>,
    /// The instance that answers what is not about a range of nodes.
    control: Mutex<Cell>,
    /// One instance for each range of nodes; none when one instance holds all.
    shards: RwLock<Vec<Arc<Mutex<Cell>>>>,
    pub(super) pre_filtered: Mutex<PreFilteredClasses>,
    /// State of a predecessor, for the next control instance.
    inherited: Mutex<Option<Vec<u8>>>,
    failures: AtomicU64,
}

/// Slots that lie in the range of one instance.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'s> {
    /// The number of the range.
    shard: usize,
    /// Its first slot.
    pub(super) base: usize,
    /// The slots, ascending.
    pub(super) slots: &'s [Slot],
}

impl ComponentPlugin {
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self {
            loaded,
            breaker: Mutex::default(),
            control: Mutex::default(),
            shards: RwLock::default(),
            pre_filtered: Mutex::default(),
            inherited: Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// Makes the first instance, so that what is wrong shows now.
    pub(crate) fn rehearse(&self) -> Result<(), Failure> {
        locked(&self.control).live = Some(Live::start(&self.loaded, self.control_role())?);
        Ok(())
    }

    fn control_role(&self) -> Role {
        if self.loaded.single() { Role::Single } else { Role::Control }
    }

    /// How often it failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Why it is not called, if it is not.
    pub(crate) fn switched_off(&self) -> Option<String> {
        let breaker = locked(&self.breaker);
        let (why, left) = breaker.open_for(Instant::now())?;
        Some(format!(
            "it failed too often and is tried again in {} s; the last failure: {why}",
            left.as_secs() + 1
        ))
    }

    /// How many instances there are.
    pub(crate) fn instances(&self) -> usize {
        let shards = self.shards.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let live = |cell: &Mutex<Cell>| usize::from(locked(cell).live.is_some());
        live(&self.control) + shards.iter().map(|cell| live(cell)).sum::<usize>()
    }

    /// Asks the control instance. `retry`: a fresh instance is asked once more after the first broke, which is right for
    /// questions that change nothing.
    pub(super) fn control<T>(
        &self,
        stage: &'static str,
        snapshot: Option<&Snapshot>,
        retry: bool,
        ask: impl FnMut(&mut Live) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut cell = locked(&self.control);
        if let Some(snapshot) = snapshot {
            self.see(snapshot);
        }
        self.guarded(&mut cell, (self.control_role(), 0), stage, (snapshot, retry), ask)
    }

    /// Asks the instance that holds a piece. `ask` is given what is kept of pure answers, and a way to the instance.
    pub(super) fn piece<T>(
        &self,
        piece: Piece<'_>,
        stage: &'static str,
        snapshot: &Snapshot,
        ask: impl FnOnce(&mut Kept, &mut dyn FnMut(Asking<'_>) -> Result<(), Failure>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.see(snapshot);
        let with = |cell: &mut Cell, role: Role| {
            let mut kept = std::mem::take(&mut cell.kept);
            let mut way = |asking: Asking<'_>| {
                self.guarded(cell, (role, piece.base), stage, (Some(snapshot), true), |live| asking(live))
            };
            let done = ask(&mut kept, &mut way);
            cell.kept = kept;
            done
        };
        if self.loaded.single() {
            return with(&mut locked(&self.control), Role::Single);
        }
        let cell = self.shard(piece.shard);
        let role = Role::Shard(u32::try_from(piece.shard).unwrap_or(u32::MAX));
        with(&mut locked(&cell), role)
    }

    fn shard(&self, at: usize) -> Arc<Mutex<Cell>> {
        let poisoned = std::sync::PoisonError::into_inner;
        if let Some(cell) = self.shards.read().unwrap_or_else(|e| poisoned(e)).get(at) {
            return Arc::clone(cell);
        }
        let mut shards = self.shards.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        while shards.len() <= at {
            shards.push(Arc::default());
        }
        Arc::clone(&shards[at])
    }

    /// Splits ascending slots by the instances that hold them.
    pub(super) fn pieces<'s>(&self, slots: &'s [Slot]) -> impl Iterator<Item = Piece<'s>> + use<'s> {
        let rows = self.loaded.rows;
        let mut left = slots;
        std::iter::from_fn(move || {
            let first = left.first()?.index();
            let range: Range<usize> = (first / rows * rows)..(first / rows * rows).saturating_add(rows);
            let (own, rest) = left.split_at(left.partition_point(|slot| slot.index() < range.end));
            left = rest;
            Some(Piece { shard: first / rows, base: range.start, slots: own })
        })
    }

    /// Guests that may read pods see them as of this snapshot.
    fn see(&self, snapshot: &Snapshot) {
        if self.loaded.sees_pods {
            locked(&self.loaded.common.mirror).sync(snapshot);
        }
    }

    fn guarded<T>(
        &self,
        cell: &mut Cell,
        (role, base): (Role, usize),
        stage: &'static str,
        (snapshot, retry): (Option<&Snapshot>, bool),
        mut ask: impl FnMut(&mut Live) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.may_ask(stage)?;
        let mut tries = 1 + usize::from(retry);
        loop {
            let answer = self.ready(cell, role, base, snapshot).and_then(&mut ask);
            tries -= 1;
            match answer {
                Ok(answer) => {
                    self.tell(|breaker| breaker.succeeded(), "");
                    return Ok(answer);
                }
                Err(failure) => {
                    self.failed(&failure);
                    if failure.kind.spoils() {
                        cell.live = None;
                    }
                    // A second try after a timeout would keep the pods behind this one waiting twice.
                    let broke = matches!(failure.kind, FailureKind::Trap | FailureKind::Memory);
                    if tries == 0 || !broke || self.may_ask(stage).is_err() {
                        return Err(failure);
                    }
                }
            }
        }
    }

    /// The instance, made if there is none, its table up to date.
    fn ready<'c>(
        &self,
        cell: &'c mut Cell,
        role: Role,
        base: usize,
        snapshot: Option<&Snapshot>,
    ) -> Result<&'c mut Live, Failure> {
        let new = cell.live.is_none();
        let mut live = match cell.live.take() {
            Some(live) => live,
            None => Live::start(&self.loaded, role)?,
        };
        if let Some(snapshot) = snapshot.filter(|_| role.has_table()) {
            live.sync(&self.loaded, snapshot, base)?;
        }
        let answers_reserve = !matches!(role, Role::Shard(_));
        if answers_reserve {
            self.inherit(&mut live)?;
            if new {
                self.replay(&mut live, snapshot)?;
            }
        }
        Ok(cell.live.insert(live))
    }

    /// A new control instance is told what an older one knew.
    fn inherit(&self, live: &mut Live) -> Result<(), Failure> {
        let saved = locked(&self.inherited).take();
        saved.map_or(Ok(()), |saved| live.restore(&saved))
    }

    /// And what is set aside, in the order in which it was. What it says of pods that wait is heard.
    fn replay(&self, live: &mut Live, snapshot: Option<&Snapshot>) -> Result<(), Failure> {
        let entries: Vec<Entry> = {
            let mut ledger = locked(&self.loaded.common.ledger);
            if let Some(snapshot) = snapshot {
                ledger.sweep(snapshot);
            }
            ledger.entries().cloned().collect()
        };
        for entry in &entries {
            let said = self.loaded.pod(&entry.pod);
            live.ask("Reserve", |exports, store| match &exports.reserve {
                Some(reserve) => reserve.call_reserve(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(None)),
            })?;
        }
        for entry in entries.iter().filter(|e| e.waiting) {
            let said = self.loaded.pod(&entry.pod);
            let outcome = live.ask("Permit", |exports, store| match &exports.permit {
                Some(permit) => permit.call_permit(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(Outcome::Allow)),
            })?;
            self.hear(entry, outcome);
        }
        Ok(())
    }

    fn may_ask(&self, stage: &'static str) -> Result<(), Failure> {
        let mut breaker = locked(&self.breaker);
        if breaker.allows(Instant::now()) {
            return Ok(());
        }
        let last = breaker.open_for(Instant::now()).map_or("", |(why, _)| why).to_string();
        drop(breaker);
        let failure = Failure::new(
            stage,
            FailureKind::Breaker,
            format!("it is switched off after failing too often; the last failure: {last}"),
        );
        self.loaded.common.observer.failed(self.loaded.name(), stage, failure.kind, &failure.message);
        Err(failure)
    }

    fn failed(&self, failure: &Failure) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        observer.failed(name, failure.stage, failure.kind, &failure.message);
        tracing::warn!(plugin = &**name, stage = failure.stage, kind = failure.kind.as_str(), "{failure}");
        let why = failure.to_string();
        self.tell(|breaker| breaker.failed(Instant::now(), &why), &why);
    }

    fn tell(&self, change: impl FnOnce(&mut Breaker) -> Change, why: &str) {
        let change = change(&mut locked(&self.breaker));
        let (name, observer) = (self.loaded.name(), &self.loaded.common.observer);
        match change {
            Change::None => {}
            Change::Opened(pause) => {
                tracing::error!(
                    plugin = &**name,
                    pause_s = pause.as_secs(),
                    "the plugin is switched off: {why}"
                );
                observer.breaker(name, true, why);
            }
            Change::Closed => {
                tracing::info!(plugin = &**name, "the plugin is called again");
                observer.breaker(name, false, "");
            }
        }
    }

    /// What takes the place of an answer: an error, or nothing when failures are ignored.
    pub(super) fn excused<T>(&self, answer: Result<T, Failure>, instead: T) -> Result<T, Failure> {
        match answer {
            Err(_) if self.loaded.settings.failure_policy == FailurePolicy::Ignore => Ok(instead),
            other => other,
        }
    }

    /// Takes the place of another plugin: what that one set aside and whom it keeps waiting is this one's from now on.
    pub(crate) fn take_over(&self, before: &Self) {
        let taken = locked(&before.loaded.common.ledger).take();
        *locked(&self.loaded.common.ledger) = taken;
        *locked(&self.inherited) = before.save();
        // The next question makes an instance that is told everything.
        locked(&self.control).live = None;
    }

    fn save(&self) -> Option<Vec<u8>> {
        if !self.loaded.indices.hands_over() {
            return None;
        }
        let saved = locked(&self.control).live.as_mut()?.save();
        saved.inspect_err(|failure| self.failed(failure)).ok()
    }
}

/// A question to an instance.
pub(super) type Asking<'a> = &'a mut dyn FnMut(&mut Live) -> Result<(), Failure>;

/// What earlier stages left for later ones.
pub(super) fn shared_of(state: &PluginState) -> Arc<Vec<u8>> {
    state.get::<Carried>().map_or_else(|_| Arc::default(), |carried| Arc::clone(&carried.0))
}

/// The class of a pod, before anything is shared.
pub(super) fn class_of(pod: &Pod) -> u64 {
    class_hash(pod, &[])
}

/// The most PreFilter's answers grow to.
pub(super) fn full(classes: &PreFilteredClasses) -> bool {
    classes.len() >= MOST_CLASSES
}
