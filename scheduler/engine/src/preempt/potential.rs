//! The pods that a preemptor may evict from a node.

use std::cmp::Ordering;
use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;

use super::budgets;
use crate::cycle::Evaluator;

/// The pods of a node that may have to go: those of lower priority, most important first.
pub(super) struct Potential<'p> {
    /// Those that a PodDisruptionBudget protects.
    pub(super) protected: Vec<&'p Arc<Pod>>,
    /// All others.
    pub(super) others: Vec<&'p Arc<Pod>>,
}

impl<'p> Potential<'p> {
    /// `None` when nobody may have to go.
    pub(super) fn of(evaluator: &Evaluator<'p>, slot: Slot) -> Option<Self> {
        let priority = evaluator.pod.spec.priority;
        let pods = evaluator.snapshot.pods(slot).iter().zip(evaluator.snapshot.briefs(slot));
        let potential: Vec<&Arc<Pod>> =
            pods.filter(|(_, brief)| brief.priority < priority).map(|(pod, _)| pod).collect();
        if potential.is_empty() {
            return None;
        }
        Some(Self::sorted(evaluator, potential))
    }

    /// The same of these pods, whatever their priority.
    pub(super) fn of_pods(evaluator: &Evaluator<'_>, pods: &'p [Arc<Pod>]) -> Self {
        Self::sorted(evaluator, pods.iter().collect())
    }

    fn sorted(evaluator: &Evaluator<'_>, mut pods: Vec<&'p Arc<Pod>>) -> Self {
        pods.sort_by(|a, b| importance(a, b));
        let (protected, others) = budgets::split(evaluator.objects, pods, evaluator.features);
        Self { protected, others }
    }

    /// Victims, those among them that a budget protects first, in the order of their importance.
    pub(super) fn in_order(&self, mut victims: Vec<&Arc<Pod>>) -> Vec<Arc<Pod>> {
        if !self.protected.is_empty() && !self.others.is_empty() {
            victims.sort_by(|a, b| importance(a, b));
        }
        victims.into_iter().map(Arc::clone).collect()
    }
}

/// The more important first: the higher priority, then the earlier start. A pod that has not started counts as
/// starting now.
fn importance(a: &Pod, b: &Pod) -> Ordering {
    let start = |p: &Pod| p.meta.started.map_or(i64::MAX, |t| t.0);
    b.spec.priority.cmp(&a.spec.priority).then_with(|| start(a).cmp(&start(b)))
}
