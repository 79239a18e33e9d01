//! What a plugin derives from single nodes, kept as long as the nodes stay as they are.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Slot, Snapshot};

/// One number for each node, derived from the node and its own pods and from nothing else: not from the pod that is to be
/// placed either. A plugin has one for each thing that it derives.
#[derive(Debug, Default)]
pub struct Derived(RwLock<Kept>);

/// The numbers by slot, and which snapshot they are from.
#[derive(Debug, Default)]
struct Kept {
    lineage: u64,
    epoch: u64,
    generation: u64,
    numbers: Vec<i64>,
}

impl Derived {
    /// Gives `read` the number of every node by slot. `derive`, the same every time, is asked about nodes that are new or
    /// have changed. The number of a slot that no node has means nothing.
    pub fn read<R>(
        &self,
        snapshot: &Snapshot,
        derive: impl Fn(Slot) -> i64,
        read: impl FnOnce(&[i64]) -> R,
    ) -> R {
        read(&self.current(snapshot, derive).numbers)
    }

    fn current(&self, snapshot: &Snapshot, derive: impl Fn(Slot) -> i64) -> RwLockReadGuard<'_, Kept> {
        // A reader cannot leave anything half done, and a writer that panics leaves what is marked as out of date.
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if kept.is_current(snapshot) {
            return kept;
        }
        drop(kept);
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_current(snapshot) {
            kept.catch_up(snapshot, derive);
        }
        RwLockWriteGuard::downgrade(kept)
    }
}

impl Kept {
    fn is_of(&self, snapshot: &Snapshot) -> bool {
        (self.lineage, self.epoch) == (snapshot.lineage(), snapshot.epoch())
    }

    fn is_current(&self, snapshot: &Snapshot) -> bool {
        self.is_of(snapshot) && self.generation == snapshot.generation()
    }

    fn catch_up(&mut self, snapshot: &Snapshot, derive: impl Fn(Slot) -> i64) {
        let changed = if self.is_of(snapshot) { snapshot.changed_since(self.generation) } else { None };
        self.numbers.resize(snapshot.slots(), 0);
        let mut derive = |slot: Slot| self.numbers[slot.index()] = derive(slot);
        let live = snapshot.live();
        match changed {
            Some(changed) => changed.filter(|slot| live.contains(slot.index())).for_each(&mut derive),
            None => live.iter().map(Slot::from).for_each(&mut derive),
        }
        (self.lineage, self.epoch) = (snapshot.lineage(), snapshot.epoch());
        self.generation = snapshot.generation();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::fixture::{node, pod};

    /// How many nodes are asked about; the numbers are those of pods.
    #[track_caller]
    fn check(derived: &Derived, snapshot: &Snapshot, asked: usize) {
        let count = Cell::new(0);
        let derive = |slot: Slot| {
            count.set(count.get() + 1);
            snapshot.pods(slot).len() as i64
        };
        derived.read(snapshot, derive, |numbers| {
            assert_eq!(numbers.len(), snapshot.slots());
            for slot in snapshot.live().iter() {
                assert_eq!(numbers[slot], snapshot.pod_counts()[slot]);
            }
        });
        assert_eq!(count.get(), asked);
    }

    #[test]
    fn who_has_not_changed_is_not_asked_about_again() {
        let (derived, mut snapshot) = (Derived::default(), Snapshot::default());
        check(&derived, &snapshot, 0);
        let slots: Vec<Slot> = (0..10).map(|at| snapshot.set_node(node(&format!("n{at}")).build())).collect();
        check(&derived, &snapshot, 10);
        check(&derived, &snapshot, 0);
        snapshot.add_pod(slots[3], pod("a").build());
        check(&derived, &snapshot, 1);
        snapshot.remove_node("n4");
        check(&derived, &snapshot, 0);
        snapshot.set_node(node("another").build());
        check(&derived, &snapshot, 1);
        // A copy goes its own way.
        let mut copy = snapshot.clone();
        copy.add_pod(slots[5], pod("b").build());
        check(&derived, &copy, 10);
        check(&derived, &snapshot, 10);
    }
}
