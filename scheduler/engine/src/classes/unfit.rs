//! Why pods of a class fit nowhere: the nodes by what was said of them, kept up to date.

use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::RejectCode;

use super::Decided;
use super::class::{Class, Rejected};
use crate::cycle::rejections::{RejectedGroup, Rejections};
use crate::cycle::{Diagnosis, Evaluator, NodeStatus, Stopped};
use crate::preempt::KeptRuns;

/// The nodes that filters rejected which are asked about every node alone. What is handed out is given back before the next
/// change, so that nothing has to be copied.
#[derive(Debug, Default)]
pub(super) struct RejectedNodes {
    /// By the number of the rejection, from 1 on.
    by_number: Vec<Arc<BitSet>>,
    /// Those that evictions may help.
    resolvable: Arc<BitSet>,
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

    /// A node changed; `number` is that of its rejection, 0 when it was not rejected.
    pub(super) fn remove(&mut self, slot: Slot, number: usize) {
        if let Some(nodes) = number.checked_sub(1).and_then(|at| self.by_number.get_mut(at)) {
            Arc::make_mut(nodes).remove(slot.index());
            Arc::make_mut(&mut self.resolvable).remove(slot.index());
        }
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

    fn runs(&mut self, evaluator: &Evaluator<'_>) -> Arc<KeptRuns> {
        let (slots, budgets) = (evaluator.snapshot.slots(), evaluator.objects.budgets_revision());
        match &self.runs {
            Some(runs) if runs.is_of(slots, budgets) => Arc::clone(runs),
            _ => Arc::clone(self.runs.insert(Arc::new(KeptRuns::new(slots.next_power_of_two(), budgets)))),
        }
    }
}

impl Class {
    /// Why no node is feasible: the first word on each.
    pub(super) fn unfit(&mut self, evaluator: &Evaluator<'_>) -> Option<Decided> {
        let mut diagnosis = Diagnosis::default();
        if self.plan.group_filters.is_empty() {
            self.add_rejected(&mut diagnosis);
            diagnosis.resolvable = Some(Arc::clone(&self.rejected_nodes.resolvable));
            if !self.rejected_nodes.resolvable.is_empty() {
                diagnosis.kept = Some(self.rejected_nodes.runs(evaluator));
            }
        } else {
            self.add_first_words(evaluator, &mut diagnosis)?;
        }
        diagnosis.blame_all();
        let mut state = self.state.clone()?;
        (state.evaluated, state.feasible) = (evaluator.snapshot.len(), 0);
        Some(Decided {
            outcome: Err(Stopped::Unfit(Box::new(diagnosis))),
            searched: evaluator.snapshot.len(),
            state,
        })
    }

    fn add_rejected(&self, diagnosis: &mut Diagnosis) {
        for (at, nodes) in self.rejected_nodes.by_number.iter().enumerate() {
            if let (Some(rejected), false) = (self.rejection(at + 1), nodes.is_empty()) {
                let (plugin, rejection) = (rejected.plugin, rejected.rejection.clone());
                let nodes = Arc::clone(nodes);
                diagnosis.rejected.add_group(RejectedGroup { plugin, rejection, nodes });
            }
        }
    }

    fn add_first_words(&self, evaluator: &Evaluator<'_>, diagnosis: &mut Diagnosis) -> Option<()> {
        let mut rejections = Rejections::default();
        for group in self.groups.iter() {
            let Rejected { plugin, rejection, .. } = self.first_word(evaluator, group)??;
            for slot in group.slots() {
                rejections.add(NodeStatus { slot, plugin, rejection: rejection.clone() });
            }
        }
        diagnosis.rejected = rejections;
        Some(())
    }
}
