//! Failures that are told of one pod after another as long as nothing changes.

use longshore_framework::plugin::Nomination;
use longshore_framework::port::FailureReason;
use longshore_framework::registry::Stage;

use super::Engine;
use super::failure::Failure;
use super::post_filter::PostFiltered;
use crate::attempt::RejectedNodes;
use crate::classes::Moment;
use crate::known_failure::KnownFailure;
use crate::meter::Watch;
use crate::pods::QueuedPod;

impl Engine {
    /// The failure of a pod that is that of another one of its class. PostFilter counts as asked: it would say the same.
    pub(crate) fn repeat(&self, profile: usize, known: &KnownFailure) -> Failure {
        let watch: Watch<'_> = self.meter.watch(profile, false);
        for id in self.profiles[profile].stage(Stage::PostFilter) {
            watch.post_filter_asked(*id);
        }
        let nomination = known.nomination.clone();
        Failure {
            reason: FailureReason::Unschedulable,
            message: known.message.clone(),
            rejected_by: known.rejected_by.clone(),
            pending_on: known.pending_on.clone(),
            post_filter: nomination.map(|nomination| PostFiltered { nomination, ..PostFiltered::default() }),
        }
    }

    /// Keeps a failure for others of the pod's class, if it is theirs as well.
    pub(crate) fn note(
        &mut self,
        queued: &QueuedPod,
        failure: Failure,
        rejected: &[RejectedNodes],
    ) -> Failure {
        if !self.classes.notes_failures() {
            return failure;
        }
        let nomination = failure.post_filter.as_ref().map(|post| post.nomination.clone());
        let helped = matches!(nomination, Some(Nomination::Node(_)));
        let broke = failure.post_filter.as_ref().is_some_and(|post| post.broke);
        if failure.reason != FailureReason::Unschedulable || helped || broke {
            return failure;
        }
        let Some(moment) = Moment::of(&self.evaluator(queued.profile, &queued.pod)) else { return failure };
        let known = KnownFailure {
            message: failure.message.clone(),
            rejected_by: failure.rejected_by.clone(),
            pending_on: failure.pending_on.clone(),
            nomination,
            rejected: rejected.to_vec(),
        };
        let difference = self.classes.note_failure(moment, known);
        difference.map_or(failure, Failure::broken)
    }
}
