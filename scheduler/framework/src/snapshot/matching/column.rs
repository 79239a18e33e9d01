//! The number of matching pods by slot.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::Slot;
use super::PodQuery;
use crate::pod::Pod;

/// Pods that lie on one node in so many or more are counted in a flat column, of four bytes a node. For fewer a table takes
/// some twelve bytes for each node that has any.
const FLAT_FROM: usize = 8;

/// Changes of a column that are remembered.
const MAX_LOG: usize = 64;

/// The number of matching pods by slot.
#[derive(Clone, Debug)]
pub struct PodColumn {
    counts: Counts,
    /// Where it changed last, each with the generation of the snapshot that it changed with.
    log: VecDeque<(u64, Slot)>,
    /// All that changed after this generation is in the log.
    since: u64,
}

#[derive(Clone, Debug)]
enum Counts {
    Flat(Vec<i32>),
    /// No count is 0.
    Sparse(FxHashMap<Slot, i32>),
}

impl PodColumn {
    /// Counts those of these pods that match, as of this generation; there are so many slots.
    pub(super) fn build<'p>(
        query: &PodQuery,
        pods: impl Iterator<Item = (Slot, &'p Arc<Pod>)>,
        (slots, generation): (usize, u64),
    ) -> Self {
        let counts = Counts::Sparse(FxHashMap::default());
        let mut column = Self { counts, log: VecDeque::new(), since: generation };
        for (slot, _) in pods.filter(|(_, pod)| query.matches(pod)) {
            column.count(slot, 1, slots);
        }
        column
    }

    /// So many more pods match on the node, with this generation; there are so many slots.
    pub(super) fn add(&mut self, slot: Slot, more: i32, (slots, generation): (usize, u64)) {
        self.count(slot, more, slots);
        if self.log.len() >= MAX_LOG
            && let Some((oldest, _)) = self.log.pop_front()
        {
            self.since = oldest;
        }
        self.log.push_back((generation, slot));
    }

    /// The nodes where the number changed after this generation, possibly repeated; `None` when that is not known any more.
    pub fn changed_since(&self, generation: u64) -> Option<impl Iterator<Item = Slot> + '_> {
        let known = self.log.iter().rev().take_while(move |(of, _)| *of > generation);
        (generation >= self.since).then(|| known.map(|(_, slot)| *slot))
    }

    fn count(&mut self, slot: Slot, more: i32, slots: usize) {
        match &mut self.counts {
            Counts::Flat(counts) => {
                if slot.index() >= counts.len() {
                    counts.resize(slot.index() + 1, 0);
                }
                counts[slot.index()] += more;
            }
            Counts::Sparse(counts) => {
                let count = counts.entry(slot).or_default();
                *count += more;
                if *count == 0 {
                    counts.remove(&slot);
                }
                if counts.len().saturating_mul(FLAT_FROM) > slots {
                    self.flatten(slots);
                }
            }
        }
    }

    fn flatten(&mut self, slots: usize) {
        let Counts::Sparse(counts) = &self.counts else { return };
        let mut flat = vec![0; slots];
        for (slot, count) in counts {
            flat[slot.index()] = *count;
        }
        self.counts = Counts::Flat(flat);
    }

    /// Matching pods on a node.
    pub fn get(&self, slot: Slot) -> i64 {
        let count = match &self.counts {
            Counts::Flat(counts) => counts.get(slot.index()),
            Counts::Sparse(counts) => counts.get(&slot),
        };
        count.copied().map_or(0, i64::from)
    }

    /// The nodes that have matching pods, in no particular order.
    pub fn nodes(&self) -> impl Iterator<Item = Slot> + '_ {
        let (flat, sparse) = match &self.counts {
            Counts::Flat(counts) => (&counts[..], None),
            Counts::Sparse(counts) => (&[][..], Some(counts.keys().copied())),
        };
        let flat = flat.iter().enumerate().filter(|(_, count)| **count != 0);
        flat.map(|(slot, _)| Slot::from(slot)).chain(sparse.into_iter().flatten())
    }

    /// Cells there is memory for.
    pub(super) fn allocated(&self) -> usize {
        match &self.counts {
            Counts::Flat(counts) => counts.capacity(),
            Counts::Sparse(counts) => counts.capacity(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(changes: u32) -> PodColumn {
        let mut column = PodColumn { counts: Counts::Flat(Vec::new()), log: VecDeque::new(), since: 10 };
        for at in 0..changes {
            column.add(Slot(at), 1, (1000, 11 + 2 * u64::from(at)));
        }
        column
    }

    #[track_caller]
    fn check(changes: u32, since: u64, want: Option<&[u32]>) {
        let column = column(changes);
        let found = column.changed_since(since).map(|slots| slots.map(|slot| slot.0).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), want);
    }

    #[test]
    fn what_changed_is_known_as_far_back_as_the_log_goes() {
        check(0, 10, Some(&[]));
        check(0, 9, None);
        check(3, 10, Some(&[2, 1, 0]));
        check(3, 11, Some(&[2, 1]));
        check(3, 14, Some(&[2]));
        check(3, 15, Some(&[]));
        check(66, 11, None);
        check(66, 12, None);
        let all: Vec<u32> = (2..66).rev().collect();
        check(66, 13, Some(&all));
    }
}
