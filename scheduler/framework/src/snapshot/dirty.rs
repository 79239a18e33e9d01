//! The log of changed slots.

use std::collections::VecDeque;

use super::Slot;

/// Changes remembered at the most, unless there are more nodes; a reader that is further behind looks at everything.
const MAX_LOG: usize = 1 << 16;

/// Change number g (counting from 1) touched `log[g − first]`.
#[derive(Clone, Debug, Default)]
pub(super) struct DirtyLog {
    log: VecDeque<Slot>,
    dropped: u64,
}

impl DirtyLog {
    /// `slots`: how long the columns are. A log longer than that tells a reader nothing that looking at everything would not.
    pub(super) fn push(&mut self, slot: Slot, slots: usize) {
        if self.log.len() >= MAX_LOG.max(slots) {
            self.log.pop_front();
            self.dropped += 1;
        }
        self.log.push_back(slot);
    }

    pub(super) fn generation(&self) -> u64 {
        self.dropped + self.log.len() as u64
    }

    pub(super) fn since(&self, generation: u64) -> Option<impl Iterator<Item = Slot> + '_> {
        let skip = generation.checked_sub(self.dropped)?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.log.len());
        Some(self.log.iter().skip(skip).copied())
    }
}
