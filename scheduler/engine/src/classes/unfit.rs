//! Why pods of a class fit nowhere.

use std::sync::Arc;

use super::Decided;
use super::class::{Class, Rejected};
use crate::cycle::rejections::{RejectedGroup, Rejections};
use crate::cycle::{Diagnosis, Evaluator, NodeStatus, Stopped};
use crate::path::Literal;

impl Class {
    /// Why no node is feasible: the first word on each.
    pub(super) fn unfit(&mut self, evaluator: &Evaluator<'_>) -> Result<Decided, Literal> {
        // Extenders are not asked where no node is left over.
        if let Some(plugin) = self.plan.asked.first() {
            return Err(Literal::Uncacheable(*plugin));
        }
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
        let mut state = self.states.all.clone();
        (state.evaluated, state.feasible) = (evaluator.snapshot.len(), 0);
        Ok(Decided {
            outcome: Err(Stopped::Unfit(Box::new(diagnosis))),
            searched: evaluator.snapshot.len(),
            state,
            asks: false,
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

    fn add_first_words(&self, evaluator: &Evaluator<'_>, diagnosis: &mut Diagnosis) -> Result<(), Literal> {
        let mut rejections = Rejections::default();
        for group in self.groups.iter() {
            let Some(Rejected { plugin, rejection, .. }) = self.first_word(evaluator, group)? else {
                continue;
            };
            for slot in group.slots() {
                rejections.add(NodeStatus { slot: *slot, plugin, rejection: rejection.clone() });
            }
        }
        diagnosis.rejected = rejections;
        Ok(())
    }
}
