//! Why a pod fits nowhere, told once for all pods of its class as long as nothing changes.

use std::sync::Arc;

use longshore_framework::registry::Stage;

use super::class::Class;
use super::moment::Moment;
use crate::cycle::Evaluator;
use crate::known_failure::KnownFailure;

/// Whether what comes of this pod comes of any pod of its class.
fn stands_for_others(evaluator: &Evaluator<'_>) -> bool {
    let pod = evaluator.pod;
    let promised = pod.meta.nominated_node.is_some() || evaluator.nominator.node_of(&pod.meta.uid).is_some();
    let mut asked = evaluator.profile.at(Stage::PostFilter, |i| i.post_filter.as_ref());
    !promised && asked.all(|(_, plugin)| plugin.repeats(pod))
}

impl Class {
    /// What came of another pod of the class, when it comes of this one as well.
    pub(super) fn known_failure(&self, evaluator: &Evaluator<'_>) -> Option<Arc<KnownFailure>> {
        let (moment, known) = self.failure.as_ref()?;
        (*moment == Moment::of(evaluator) && stands_for_others(evaluator)).then(|| Arc::clone(known))
    }

    /// Keeps what came of a pod. How it differs from what is known, if it does.
    pub(super) fn note_failure(
        &mut self,
        evaluator: &Evaluator<'_>,
        failure: KnownFailure,
    ) -> Option<String> {
        if !stands_for_others(evaluator) {
            return None;
        }
        let known = self.known_failure(evaluator).filter(|known| **known != failure);
        let difference = known.map(|known| format!("audit: {known:?}, not {failure:?}"));
        self.failure = Some((Moment::of(evaluator), Arc::new(failure)));
        difference
    }
}
