//! When it was that a pod fitted nowhere.

use longshore_framework::registry::Stage;

use crate::asking::PostFilters;
use crate::cycle::Evaluator;

/// All that a failure depends on beside the class of the pod: while it is the same, nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    lineage: u64,
    generation: u64,
    objects: [u64; 5],
    /// What PostFilter says depends on whom of them is asked.
    post_filters: PostFilters,
}

impl Moment {
    /// Now; `None` when what comes of the pod need not come of others of its class.
    pub(crate) fn of(evaluator: &Evaluator<'_>) -> Option<Self> {
        let (snapshot, objects, pod) = (evaluator.snapshot, evaluator.objects, evaluator.pod);
        let promised =
            pod.meta.nominated_node.is_some() || evaluator.nominator.node_of(&pod.meta.uid).is_some();
        let mut asked = evaluator.profile.at(Stage::PostFilter, |i| i.post_filter.as_ref());
        if promised || !asked.all(|(_, plugin)| plugin.repeats(pod)) {
            return None;
        }
        Some(Self {
            lineage: snapshot.lineage(),
            generation: snapshot.generation(),
            objects: [
                objects.anywhere_revision(),
                objects.selecting_revision(),
                objects.budgets_revision(),
                objects.declared.revision(),
                objects.metrics.revision(),
            ],
            post_filters: evaluator.asking.post_filters,
        })
    }
}
