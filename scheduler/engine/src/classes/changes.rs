//! Which nodes changed since a class was last asked.

use longshore_framework::bitset::BitSet;
use longshore_framework::snapshot::{Changed, Slot, Snapshot};

/// So many entries of the log, or fewer, are sorted; of more a set is made.
const FEW_ENTRIES: usize = 32;

/// The nodes that changed, each once. Memory that decisions use one after the other.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// All of them, in ascending order.
    pub(super) slots: Vec<Slot>,
    /// Those of which more changed than their pods.
    anything: BitSet,
    any: BitSet,
}

impl Changes {
    /// Reads the log from this generation on; false when it does not reach back that far.
    pub(super) fn read(&mut self, snapshot: &Snapshot, generation: u64) -> bool {
        self.slots.clear();
        self.anything.clear();
        let Some(log) = snapshot.changes_since(generation) else { return false };
        let mut log = log.inspect(|(slot, changed)| {
            if *changed == Changed::Anything {
                self.anything.insert(slot.index());
            }
        });
        let first = log.by_ref().take(FEW_ENTRIES).map(|(slot, _)| slot);
        self.slots.extend(first);
        let mut rest = log.map(|(slot, _)| slot).peekable();
        if rest.peek().is_none() {
            drop(rest);
            self.sort();
            return true;
        }
        self.any.clear();
        for slot in self.slots.drain(..).chain(rest) {
            self.any.insert(slot.index());
        }
        self.slots.extend(self.any.iter().map(Slot::from));
        true
    }

    /// Counts these as changed as well.
    pub(super) fn add(&mut self, slots: impl Iterator<Item = Slot>) {
        let before = self.slots.len();
        self.slots.extend(slots);
        for slot in &self.slots[before..] {
            self.anything.insert(slot.index());
        }
        if self.slots.len() > before {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.slots.sort_unstable();
        self.slots.dedup();
    }

    /// Whether more changed of the node than its pods.
    pub(super) fn is_anything(&self, slot: Slot) -> bool {
        self.anything.contains(slot.index())
    }

    /// The nodes of which more changed than their pods.
    pub(super) fn with_anything(&self) -> impl Iterator<Item = Slot> + '_ {
        self.anything.iter().map(Slot::from)
    }

    /// Of how many nodes more changed than their pods.
    pub(super) fn count_anything(&self) -> usize {
        self.anything.len()
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    #[test]
    fn each_node_once_with_what_changed() {
        let mut snapshot = Snapshot::default();
        let slots: Vec<Slot> =
            (0..100).map(|at| snapshot.set_node(node(&format!("n{at}")).build())).collect();
        let mut changes = Changes::default();
        for count in [0, 3, 32, 33, 90] {
            let from = snapshot.generation();
            for at in (0..count).rev() {
                snapshot.add_pod(slots[at], pod(&format!("p{count}-{at}")).build());
                snapshot.add_pod(slots[at], pod(&format!("q{count}-{at}")).build());
            }
            if count > 0 {
                snapshot.touch(slots[1]);
            }
            assert!(changes.read(&snapshot, from));
            assert_eq!(changes.slots, slots[..count], "{count}");
            let want = if count > 0 { vec![slots[1]] } else { Vec::new() };
            let anything =
                |c: &Changes| slots.iter().copied().filter(|s| c.is_anything(*s)).collect::<Vec<_>>();
            assert_eq!((anything(&changes), changes.count_anything()), (want.clone(), want.len()));
            changes.add([slots[99], slots[0]].into_iter());
            assert_eq!(changes.slots.last(), Some(&slots[99]));
            assert!(changes.is_anything(slots[0]) && changes.slots.is_sorted());
        }
    }
}
