//! The nodes that were rejected, by what was said of them.

use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::RejectCode;

use crate::cycle::Evaluator;
use crate::kept_runs::KeptRuns;

/// The nodes that filters rejected which are asked about every node alone. What is handed out is given back before the next
/// change, so that nothing has to be copied.
#[derive(Debug, Default)]
pub(super) struct RejectedNodes {
    /// By the number of the rejection, from 1 on.
    pub(super) by_number: Vec<Arc<BitSet>>,
    /// Those that evictions may help.
    pub(super) resolvable: Arc<BitSet>,
    /// What evictions could do, if it was ever asked.
    runs: Option<Arc<KeptRuns>>,
}

impl RejectedNodes {
    /// A node was rejected, with this number and code.
    pub(super) fn insert(&mut self, slot: Slot, number: usize, code: RejectCode) {
        if self.by_number.len() < number {
            self.by_number.resize_with(number, Arc::default);
        }
        if let Some(nodes) = number.checked_sub(1).and_then(|at| self.by_number.get_mut(at)) {
            Arc::make_mut(nodes).insert(slot.index());
        }
        if code == RejectCode::Unschedulable {
            Arc::make_mut(&mut self.resolvable).insert(slot.index());
        }
    }

    /// A node is not rejected any more; `number` is that of its rejection, 0 when it was not rejected.
    pub(super) fn remove(&mut self, slot: Slot, number: usize) {
        if let Some(nodes) = number.checked_sub(1).and_then(|at| self.by_number.get_mut(at)) {
            Arc::make_mut(nodes).remove(slot.index());
            Arc::make_mut(&mut self.resolvable).remove(slot.index());
        }
    }

    /// A node changed: what evictions could do there has to be asked anew.
    pub(super) fn forget_run(&mut self, slot: Slot) {
        match self.runs.as_mut().map(Arc::get_mut) {
            Some(Some(runs)) => runs.forget(slot),
            // Somebody holds what was handed out: it stays as it was.
            Some(None) => self.runs = None,
            None => {}
        }
    }

    /// Whether it is kept what evictions could do.
    pub(super) fn keeps_runs(&self) -> bool {
        self.runs.is_some()
    }

    /// Forgets what evictions could do.
    pub(super) fn forget_runs(&mut self) {
        self.runs = None;
    }

    /// What evictions could do, as far as it was asked.
    pub(super) fn runs(&mut self, evaluator: &Evaluator<'_>) -> Arc<KeptRuns> {
        let (slots, budgets) = (evaluator.snapshot.slots(), evaluator.objects.budgets_revision());
        match &self.runs {
            Some(runs) if runs.is_of(slots, budgets) => Arc::clone(runs),
            _ => Arc::clone(self.runs.insert(Arc::new(KeptRuns::new(slots.next_power_of_two(), budgets)))),
        }
    }
}
