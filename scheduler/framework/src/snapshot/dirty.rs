//! The log of changed slots.

use std::collections::VecDeque;

use super::Slot;

/// Changes remembered at the most, unless there are more nodes; a reader that is further behind looks at everything.
const MAX_LOG: usize = 1 << 16;

/// What changed of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// A pod came to it or left it, or what its pods use of storage is another, or what it can reach. The node object is as
    /// it was.
    Pods,
    /// Anything: it came, went, or is another; or what lies outside the snapshot is.
    Anything,
}

/// A slot and what changed of it, in one word: a reader that keeps many answers reads many entries.
#[derive(Clone, Copy, Debug)]
struct ChangedSlot(u32);

impl ChangedSlot {
    fn new(slot: Slot, changed: Changed) -> Self {
        Self(slot.0 << 1 | u32::from(changed == Changed::Anything))
    }

    fn read(self) -> (Slot, Changed) {
        (Slot(self.0 >> 1), if self.0 & 1 == 1 { Changed::Anything } else { Changed::Pods })
    }
}

/// A generation for each slot; 0 for those that nothing was said of.
#[derive(Clone, Debug, Default)]
pub(super) struct Generations(Vec<u64>);

impl Generations {
    pub(super) fn get(&self, slot: Slot) -> u64 {
        self.0.get(slot.index()).copied().unwrap_or(0)
    }

    pub(super) fn set(&mut self, slot: Slot, generation: u64) {
        if self.0.len() <= slot.index() {
            self.0.resize(slot.index() + 1, 0);
        }
        self.0[slot.index()] = generation;
    }
}

/// Change number g (counting from 1) touched `log[g − first]`.
#[derive(Clone, Debug, Default)]
pub(super) struct DirtyLog {
    log: VecDeque<ChangedSlot>,
    dropped: u64,
    last: Generations,
    /// When more than the pods of a node changed last.
    anything_at: u64,
}

impl DirtyLog {
    /// `slots`: how long the columns are. A log longer than that tells a reader nothing that looking at everything would not.
    pub(super) fn push(&mut self, slot: Slot, changed: Changed, slots: usize) {
        if self.log.len() >= MAX_LOG.max(slots) {
            self.log.pop_front();
            self.dropped += 1;
        }
        self.log.push_back(ChangedSlot::new(slot, changed));
        self.last.set(slot, self.generation());
        if changed == Changed::Anything {
            self.anything_at = self.generation();
        }
    }

    /// The generation of the last change that was more than one of pods.
    pub(super) fn anything_changed_at(&self) -> u64 {
        self.anything_at
    }

    /// The generation of the last change of the slot.
    pub(super) fn changed_at(&self, slot: Slot) -> u64 {
        self.last.get(slot)
    }

    pub(super) fn generation(&self) -> u64 {
        self.dropped + self.log.len() as u64
    }

    pub(super) fn since(&self, generation: u64) -> Option<impl Iterator<Item = (Slot, Changed)> + '_> {
        let skip = generation.checked_sub(self.dropped)?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.log.len());
        Some(self.log.range(skip..).map(|entry| entry.read()))
    }
}
