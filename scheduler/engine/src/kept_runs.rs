//! What evictions could do for a node, kept for the pods of a class.

use std::sync::{Arc, OnceLock};

use longshore_framework::plugin::DryRun;
use longshore_framework::snapshot::Slot;

/// What came of trying nodes, by slot. Valid while the node stays as it is, and no PodDisruptionBudget changes.
#[derive(Debug)]
pub(crate) struct KeptRuns {
    /// Which PodDisruptionBudgets there were.
    budgets: u64,
    runs: Vec<OnceLock<Arc<DryRun>>>,
}

impl KeptRuns {
    /// Nothing is kept yet; `slots` is the length of the columns, `budgets` the revision of the PodDisruptionBudgets.
    pub(crate) fn new(slots: usize, budgets: u64) -> Self {
        Self { budgets, runs: (0..slots).map(|_| OnceLock::new()).collect() }
    }

    /// Whether the PodDisruptionBudgets are those of this revision, and there is room for every slot.
    pub(crate) fn is_of(&self, slots: usize, budgets: u64) -> bool {
        self.budgets == budgets && self.runs.len() >= slots
    }

    /// What came of trying the node, if it was tried.
    pub(crate) fn get(&self, slot: Slot) -> Option<&Arc<DryRun>> {
        self.runs.get(slot.index())?.get()
    }

    /// Keeps what came of trying the node.
    pub(crate) fn keep(&self, slot: Slot, run: DryRun) {
        if let Some(place) = self.runs.get(slot.index()) {
            // Whoever was first said the same.
            let _ = place.set(Arc::new(run));
        }
    }

    /// The node changed.
    pub(crate) fn forget(&mut self, slot: Slot) {
        if let Some(place) = self.runs.get_mut(slot.index()) {
            place.take();
        }
    }
}
