//! Answers of pure plugins, kept per class of pods and row.
//!
//! A pure plugin's verdict is a function of the config, of what the pod has in common with its replicas, and of the row.
//! So a queue of replicas asks once about every node and then about the rows that changed. The engine keeps them as well,
//! where it can, and asks then about the few nodes that changed: these questions go past what is kept here.

use std::hash::BuildHasher;
use std::sync::Arc;

use longshore_framework::keyed::KeyedState;
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::Rejection;
use rustc_hash::FxHashMap;

use super::convert::CycleKey;
use super::verdicts::{FIT, Judged};

/// Classes that are kept; the one asked about longest ago goes first.
const MOST_CLASSES: usize = 64;

/// Rejections of a class beyond which it is begun anew: reasons should be few.
const MOST_REJECTIONS: usize = 256;

/// So many nodes, or fewer, are asked about without a look at what is kept.
pub(crate) const FEW: usize = 16;

/// Not known yet.
const UNKNOWN: u16 = u16::MAX;

/// What is known of one class.
#[derive(Debug)]
struct Class {
    key: CycleKey,
    /// Which snapshot, and up to which generation changes were looked at.
    of: Option<(u64, u64)>,
    /// What was seen of objects that any answer may depend on.
    objects: Option<u64>,
    used: u64,
    /// By row: [`FIT`], one more than a place in `rejections`, or [`UNKNOWN`].
    verdicts: Vec<u16>,
    rejections: Vec<Rejection>,
    scores: Vec<Option<i64>>,
}

/// The classes that one instance was asked about.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    classes: FxHashMap<u64, Class>,
    clock: u64,
}

/// What a class is told apart by, hashed. Pods that share it may still differ; the key tells.
pub(crate) fn class_hash(pod: &Pod, shared: &[u8]) -> u64 {
    KeyedState.hash_one((&pod.meta.namespace, &pod.meta.labels, &pod.meta.owner, &pod.spec, shared))
}

/// What is known of a class, up to date.
pub(crate) struct Known<'k> {
    class: &'k mut Class,
    base: usize,
}

impl Kept {
    /// What is known of the pod's class; rows that changed are not. `objects` says when all rows did.
    pub(crate) fn class(
        &mut self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        objects: Option<u64>,
        (base, rows): (usize, usize),
    ) -> Known<'_> {
        let (pod, snapshot) = (cx.pod, cx.snapshot);
        let hash = class_hash(pod, shared);
        self.clock += 1;
        let stale = self.classes.get(&hash).is_some_and(|c| !c.key.same_class(pod, shared) || c.is_worn());
        if stale {
            self.classes.remove(&hash);
        }
        if self.classes.len() >= MOST_CLASSES && !self.classes.contains_key(&hash) {
            let oldest = self.classes.iter().min_by_key(|(_, c)| c.used).map(|(hash, _)| *hash);
            oldest.map(|hash| self.classes.remove(&hash));
        }
        let class = self.classes.entry(hash).or_insert_with(|| Class::new(pod, shared));
        class.used = self.clock;
        if class.objects != objects {
            (class.of, class.objects) = (None, objects);
        }
        class.forget_changes(snapshot, base, rows);
        Known { class, base }
    }
}

impl Class {
    fn new(pod: &Pod, shared: &Arc<Vec<u8>>) -> Self {
        Self {
            key: CycleKey::new(pod, Arc::clone(shared)),
            of: None,
            objects: None,
            used: 0,
            verdicts: Vec::new(),
            rejections: Vec::new(),
            scores: Vec::new(),
        }
    }

    fn is_worn(&self) -> bool {
        self.rejections.len() > MOST_REJECTIONS
    }

    fn forget_changes(&mut self, snapshot: &Snapshot, base: usize, rows: usize) {
        let now = (snapshot.lineage(), snapshot.generation());
        let known = self.of.filter(|of| of.0 == now.0).and_then(|of| snapshot.changed_since(of.1));
        match known {
            Some(changed) => {
                for slot in changed {
                    let Some(row) = slot.index().checked_sub(base) else { continue };
                    if let (Some(verdict), Some(score)) =
                        (self.verdicts.get_mut(row), self.scores.get_mut(row))
                    {
                        *verdict = UNKNOWN;
                        *score = None;
                    }
                }
            }
            None => {
                self.verdicts.clear();
                self.scores.clear();
                self.rejections.clear();
            }
        }
        let len = snapshot.slots().saturating_sub(base).min(rows);
        self.verdicts.resize(len, UNKNOWN);
        self.scores.resize(len, None);
        self.of = Some(now);
    }

    fn place(&mut self, rejection: Rejection) -> u16 {
        let at = self.rejections.iter().position(|known| *known == rejection).unwrap_or_else(|| {
            self.rejections.push(rejection);
            self.rejections.len() - 1
        });
        u16::try_from(at + 1).unwrap_or(UNKNOWN)
    }
}

impl Known<'_> {
    /// The slots whose verdict is not known.
    pub(crate) fn unjudged(&self, slots: &[Slot]) -> Vec<Slot> {
        let unknown = |slot: &&Slot| self.class.verdicts[slot.index() - self.base] == UNKNOWN;
        slots.iter().filter(unknown).copied().collect()
    }

    /// The slots whose score is not known.
    pub(crate) fn unscored(&self, slots: &[Slot]) -> Vec<Slot> {
        let unknown = |slot: &&Slot| self.class.scores[slot.index() - self.base].is_none();
        slots.iter().filter(unknown).copied().collect()
    }

    /// Keeps verdicts.
    pub(crate) fn judged(&mut self, slots: &[Slot], judged: Judged) {
        match judged {
            Judged::All => {
                for slot in slots {
                    self.class.verdicts[slot.index() - self.base] = FIT;
                }
            }
            Judged::Some { verdicts, rejections } => {
                let places: Vec<u16> = rejections.into_iter().map(|r| self.class.place(r)).collect();
                for (slot, verdict) in slots.iter().zip(verdicts) {
                    let place = verdict.checked_sub(1).map_or(FIT, |at| places[usize::from(at)]);
                    self.class.verdicts[slot.index() - self.base] = place;
                }
            }
        }
    }

    /// Keeps scores.
    pub(crate) fn scored(&mut self, slots: &[Slot], scores: &[i64]) {
        for (slot, score) in slots.iter().zip(scores) {
            self.class.scores[slot.index() - self.base] = Some(*score);
        }
    }

    /// What is known of slots that were all judged.
    pub(crate) fn verdicts(&self, slots: &[Slot]) -> Judged {
        let verdicts: Vec<u16> =
            slots.iter().map(|slot| self.class.verdicts[slot.index() - self.base]).collect();
        if verdicts.iter().all(|v| *v == FIT) {
            return Judged::All;
        }
        Judged::Some { verdicts, rejections: self.class.rejections.clone() }
    }

    /// The scores of slots that were all scored.
    pub(crate) fn scores(&self, slots: &[Slot], out: &mut [i64]) {
        for (slot, score) in slots.iter().zip(out) {
            *score = self.class.scores[slot.index() - self.base].unwrap_or_default();
        }
    }
}
