//! The number of matching pods by slot.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::Slot;
use super::PodQuery;
use crate::pod::Pod;

/// Pods that lie on one node in so many or more are counted in a flat column, of four bytes a node. For fewer a table takes
/// some twelve bytes for each node that has any.
const FLAT_FROM: usize = 8;

/// The number of matching pods by slot.
#[derive(Clone, Debug)]
pub struct PodColumn(Counts);

#[derive(Clone, Debug)]
enum Counts {
    Flat(Vec<i32>),
    /// No count is 0.
    Sparse(FxHashMap<Slot, i32>),
}

impl PodColumn {
    pub(super) fn build(query: &PodQuery, pods: &[Vec<Arc<Pod>>]) -> Self {
        let mut column = Self(Counts::Sparse(FxHashMap::default()));
        for (at, pods_there) in pods.iter().enumerate() {
            let count = pods_there.iter().filter(|pod| query.matches(pod)).count();
            if count > 0 {
                column.add(Slot::from(at), i32::try_from(count).unwrap_or(i32::MAX), pods.len());
            }
        }
        column
    }

    /// So many more pods match on the node; there are so many slots.
    pub(super) fn add(&mut self, slot: Slot, more: i32, slots: usize) {
        match &mut self.0 {
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
        let Counts::Sparse(counts) = &self.0 else { return };
        let mut flat = vec![0; slots];
        for (slot, count) in counts {
            flat[slot.index()] = *count;
        }
        self.0 = Counts::Flat(flat);
    }

    /// Matching pods on a node.
    pub fn get(&self, slot: Slot) -> i64 {
        let count = match &self.0 {
            Counts::Flat(counts) => counts.get(slot.index()),
            Counts::Sparse(counts) => counts.get(&slot),
        };
        count.copied().map_or(0, i64::from)
    }

    /// Cells there is memory for.
    pub(super) fn allocated(&self) -> usize {
        match &self.0 {
            Counts::Flat(counts) => counts.capacity(),
            Counts::Sparse(counts) => counts.capacity(),
        }
    }
}
