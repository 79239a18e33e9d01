//! When it was that a pod fitted nowhere.

use crate::cycle::Evaluator;

/// All that a failure depends on beside the class of the pod: while it is the same, nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    lineage: u64,
    generation: u64,
    objects: [u64; 3],
}

impl Moment {
    pub(super) fn of(evaluator: &Evaluator<'_>) -> Self {
        let (snapshot, objects) = (evaluator.snapshot, evaluator.objects);
        Self {
            lineage: snapshot.lineage(),
            generation: snapshot.generation(),
            objects: [objects.anywhere_revision(), objects.selecting_revision(), objects.budgets_revision()],
        }
    }
}
