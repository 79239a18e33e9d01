//! Memory that decisions use one after the other.

use longshore_framework::snapshot::Slot;

use super::changes::Changes;

/// Memory that decisions use one after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) changes: Changes,
    /// The feasible groups: a node of each, and how many nodes there are.
    pub(super) feasible: Vec<(Slot, usize)>,
    pub(super) slots: Vec<Slot>,
    pub(super) scores: Vec<i64>,
    /// What each feasible group scores beside what its nodes do.
    pub(super) totals: Vec<i64>,
    pub(super) found: Found,
    /// By number, where groups stand among others.
    pub(super) places: Vec<usize>,
}

/// The place of a group that has none.
pub(super) const NO_PLACE: usize = usize::MAX;

/// What is found by asking.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The nodes that are left over by what is kept, in ascending order; then those that the plugins passed as well.
    pub(super) slots: Vec<Slot>,
    /// Those that they rejected.
    pub(super) rejected: Vec<Slot>,
    /// The total score of each node that passed.
    pub(super) totals: Vec<i64>,
    /// Those among which chance decided.
    pub(super) best: Vec<Slot>,
}

impl Found {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.rejected.clear();
        self.totals.clear();
        self.best.clear();
    }
}
