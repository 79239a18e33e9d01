//! What a class with a seat tells nodes apart by.

use rustc_hash::FxHashMap;

use super::groups::GroupKey;

/// What a class tells nodes apart by at its seat.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// By part, what its nodes have in common that are not apart.
    common: Vec<Option<GroupKey>>,
    numbers: FxHashMap<GroupKey, u32>,
    /// As of which generation of the snapshot.
    pub(super) generation: u64,
}

impl Kinds {
    /// Without any kind yet.
    pub(super) fn as_of(generation: u64) -> Self {
        Self { generation, ..Self::default() }
    }

    /// Whether nodes are told apart at all.
    pub(super) fn are_there(&self) -> bool {
        !self.common.is_empty()
    }

    /// The number of a node's kind; `None` when it is as the others of its part.
    pub(super) fn number(&mut self, part: u32, kind: &[i64]) -> Option<u32> {
        if self.common.len() <= part as usize {
            self.common.resize(part as usize + 1, None);
        }
        let common = &mut self.common[part as usize];
        if common.get_or_insert_with(|| kind.into()).as_slice() == kind {
            return None;
        }
        if let Some(number) = self.numbers.get(kind) {
            return Some(*number);
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(kind.into(), number);
        Some(number)
    }

    /// How many kinds there ever were beside those in common.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}
