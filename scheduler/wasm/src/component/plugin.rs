//! Instances of a plugin, and what becomes of failures.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::Instant;

use longshore_framework::objects::declared::Declarations;
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use rustc_hash::FxHashMap;

use super::bindings::exports::longshore::scheduler::pre_filter::PreFiltered;
use super::cluster::Cluster;
use super::convert::CycleKey;
use super::hint_time::HintTime;
use super::imports::locked;
use super::live::{Live, Role};
use super::loaded::Loaded;
use super::pure::{Kept, class_hash};
use super::reading::declarations;
use crate::failure::Failure;
use crate::trust::Trust;

/// The place of one instance, empty until it is needed and after it failed.
#[derive(Default)]
pub(crate) struct Cell {
    pub(super) live: Option<Live>,
    /// The instance knows what is set aside.
    pub(super) told: bool,
    pub(super) kept: Kept,
}

/// What PreFilter left, in the cycle's state.
#[derive(Clone, Debug)]
pub(crate) struct Carried(pub(crate) Arc<Vec<u8>>);

/// The plugin failed at PreFilter and is ignored for the rest of the cycle.
#[derive(Clone, Debug)]
pub(crate) struct Absent;

/// PreFilter's answers of a pure plugin, by class, each with what was seen of objects.
type PreFilteredClasses = FxHashMap<u64, (CycleKey, Option<u64>, PreFiltered, Arc<Vec<u8>>)>;

/// Classes of PreFilter that are kept at the most.
const MOST_CLASSES: usize = 256;

/// A loaded component behind the framework's traits.
pub(crate) struct ComponentPlugin {
    pub(super) loaded: Loaded,
    pub(super) trust: Mutex<Trust>,
    /// The instance that answers what is not about a range of nodes.
    control: Mutex<Cell>,
    /// One instance for each range of nodes; none when one instance holds all.
    shards: RwLock<Vec<Arc<Mutex<Cell>>>>,
    pub(super) pre_filtered: Mutex<PreFilteredClasses>,
    /// State of a predecessor, for the next control instance.
    pub(super) inherited: Mutex<Option<Vec<u8>>>,
    pub(super) failures: AtomicU64,
    /// Questions about nodes so far.
    pub(super) asked: AtomicU64,
    /// Answers that were given in place of those that failed.
    pub(super) excuses: AtomicU64,
    /// Ticks that failed in a row.
    pub(super) tick_failures: AtomicU32,
    /// How long hints take.
    pub(super) hint_time: Mutex<HintTime>,
    /// It asks the engine: its own Filter is not asked meanwhile.
    asking: AtomicBool,
    /// The control instance missed something.
    pub(super) stale: AtomicBool,
    /// The last of those that took each other's place, which all of them share.
    line: Mutex<Arc<Mutex<Weak<Self>>>>,
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
            trust: Mutex::new(Trust::new(loaded.runtime.patience())),
            loaded,
            control: Mutex::default(),
            shards: RwLock::default(),
            pre_filtered: Mutex::default(),
            inherited: Mutex::default(),
            failures: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            excuses: AtomicU64::new(0),
            tick_failures: AtomicU32::new(0),
            hint_time: Mutex::default(),
            asking: AtomicBool::new(false),
            stale: AtomicBool::new(false),
            line: Mutex::default(),
        }
    }

    /// Makes the first instance, so that what is wrong shows now.
    pub(crate) fn rehearse(&self) -> Result<(), Failure> {
        locked(&self.control).live = Some(Live::start(&self.loaded, self.control_role())?);
        if !self.loaded.single() && self.loaded.indices.judges() {
            locked(&self.shard(0)).live = Some(Live::start(&self.loaded, Role::Shard(0))?);
        }
        Ok(())
    }

    fn control_role(&self) -> Role {
        if self.loaded.single() { Role::Single } else { Role::Control }
    }

    /// The objects it reads.
    pub(crate) fn declarations(&self) -> Declarations {
        declarations(&self.loaded.readings)
    }

    /// How often it failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How many answers stood for a failure.
    pub(crate) fn excuses(&self) -> u64 {
        self.excuses.load(Ordering::Relaxed)
    }

    /// Why it is not called, if it is not.
    pub(crate) fn switched_off(&self) -> Option<String> {
        let trust = locked(&self.trust);
        let (why, left) = trust.switched_off(Instant::now())?;
        Some(format!(
            "it failed too often and is tried again in {} s; the last failure: {why}",
            left.as_secs() + 1
        ))
    }

    /// Another number when pods that were turned away for want of an answer are worth another try.
    pub(super) fn recoveries(&self) -> u64 {
        locked(&self.trust).recoveries(Instant::now())
    }

    /// How many instances there are.
    pub(crate) fn instances(&self) -> usize {
        let shards = self.shards.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let live = |cell: &Mutex<Cell>| usize::from(locked(cell).live.is_some());
        live(&self.control) + shards.iter().map(|cell| live(cell)).sum::<usize>()
    }

    /// Asks the control instance about a pod. `retry`: a fresh instance is asked once more after the first broke, which is right for
    /// questions that change nothing.
    pub(super) fn control<T>(
        &self,
        (stage, pod): (&'static str, Option<&Pod>),
        cluster: Cluster<'_>,
        retry: bool,
        ask: impl FnMut(&mut Live) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut cell = locked(&self.control);
        self.see(cluster);
        self.guarded(&mut cell, (self.control_role(), 0), (stage, pod), (cluster, retry), ask)
    }

    /// Asks the instance that holds a piece about the cycle's pod. `ask` is given what is kept of pure answers, and a way to the instance.
    pub(super) fn piece<T>(
        &self,
        piece: Piece<'_>,
        stage: &'static str,
        cx: Cycle<'_>,
        ask: impl FnOnce(&mut Kept, &mut dyn FnMut(Asking<'_>) -> Result<(), Failure>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.see(cx.into());
        let with = |cell: &mut Cell, role: Role| {
            let mut kept = std::mem::take(&mut cell.kept);
            let mut way = |asking: Asking<'_>| {
                let (about, from) = ((stage, Some(cx.pod)), (cx.into(), true));
                self.guarded(cell, (role, piece.base), about, from, |live| asking(live))
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
        if let Some(cell) = self.shards.read().unwrap_or_else(poisoned).get(at) {
            return Arc::clone(cell);
        }
        let mut shards = self.shards.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        while shards.len() <= at {
            shards.push(Arc::default());
        }
        Arc::clone(&shards[at])
    }

    /// It asks the engine until what is returned is dropped.
    pub(super) fn asking_engine(&self) -> WhileAsking<'_> {
        self.asking.store(true, Ordering::Relaxed);
        WhileAsking(&self.asking)
    }

    /// Whether it asks the engine. What it thinks of a node itself it knows: it is busy, and cannot be asked.
    pub(super) fn is_asking(&self) -> bool {
        self.asking.load(Ordering::Relaxed)
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
    fn see(&self, cluster: Cluster<'_>) {
        if let Some(snapshot) = cluster.snapshot.filter(|_| self.loaded.sees_pods) {
            locked(&self.loaded.common.mirror).sync(snapshot);
        }
    }

    /// Takes the place of another plugin: what that one set aside and whom it keeps waiting is this one's from now on.
    pub(crate) fn take_over(self: &Arc<Self>, before: &Self) {
        let line = Arc::clone(&locked(&before.line));
        *locked(&line) = Arc::downgrade(self);
        *locked(&self.line) = line;
        let taken = locked(&before.loaded.common.ledger).take();
        *locked(&self.loaded.common.ledger) = taken;
        *locked(&self.inherited) = before.save();
        // The next question makes an instance that is told everything.
        locked(&self.control).live = None;
    }

    /// Who is to be told what becomes of pods that were decided with this one: itself, or whoever holds now what it
    /// had set aside.
    pub(super) fn heir(self: &Arc<Self>) -> Arc<Self> {
        let line = Arc::clone(&locked(&self.line));
        let last = locked(&line).upgrade();
        last.unwrap_or_else(|| Arc::clone(self))
    }

    fn save(&self) -> Option<Vec<u8>> {
        if !self.loaded.indices.hands_over() {
            return None;
        }
        // One that was never asked anything has nothing but what it was to inherit itself.
        if let Some(inherited) = locked(&self.inherited).take() {
            return Some(inherited);
        }
        let saved = locked(&self.control).live.as_mut()?.save();
        saved.inspect_err(|failure| self.failed(failure, "Handover", None)).ok()
    }
}

/// A plugin asks the engine as long as this is there.
pub(super) struct WhileAsking<'a>(&'a AtomicBool);

impl Drop for WhileAsking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
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
