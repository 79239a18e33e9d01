//! Why a pod fits nowhere, told once for all pods of its class as long as nothing changes.

use std::sync::Arc;

use super::class::Class;
use super::moment::Moment;
use crate::cycle::Evaluator;
use crate::known_failure::KnownFailure;

impl Class {
    /// What came of another pod of the class, when it comes of this one as well. What extenders say of evictions may be another thing
    /// each time.
    pub(super) fn known_failure(&self, evaluator: &Evaluator<'_>) -> Option<Arc<KnownFailure>> {
        let (moment, known) = self.failure.as_ref().filter(|_| !evaluator.has_extenders())?;
        (Moment::of(evaluator)? == *moment).then(|| Arc::clone(known))
    }

    /// Keeps what came of a pod. How it differs from what is known, if it does.
    pub(super) fn note_failure(&mut self, moment: Moment, failure: KnownFailure) -> Option<String> {
        let known = self.failure.as_ref().filter(|(of, known)| *of == moment && **known != failure);
        let difference = known.map(|(_, known)| format!("audit: {known:?}, not {failure:?}"));
        self.failure = Some((moment, Arc::new(failure)));
        difference
    }
}
