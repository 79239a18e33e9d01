//! What is said of a group, and of the pods of a group that is not started.

use longshore_framework::features::{Features, Gate};
use longshore_framework::group::{GroupApi, GroupKey};

use crate::attempt::{GroupOutcome, GroupResult};
use crate::engine::failure::Failure;
use crate::pods::QueuedPod;

/// What kube-scheduler says of a pod that fits, of a group that is not started.
const WAITS: &str = "pod group is unschedulable, waiting for minCount pods from a gang to be scheduled, one or more plugins \
                     asked to wait and no plugin rejected pod";
/// The same while victims of the group are on their way out.
const PREEMPTS: &str = "pod group is unschedulable, pod group is waiting for preemption to complete";

/// Whose words are used of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Those of kube-scheduler, while its gate for groups is on.
    Upstream,
    /// One reason for the whole group.
    Own,
}

impl Words {
    pub(super) fn of(key: &GroupKey, features: Features) -> Self {
        match key.api == GroupApi::Kubernetes && features.enabled(Gate::GenericWorkload) {
            true => Self::Upstream,
            false => Self::Own,
        }
    }

    /// Writes into the failure of a pod what there is to be said for the sake of its group.
    pub(super) fn complete(self, failure: &mut Failure, result: &GroupResult) {
        let text = match (self, result.outcome) {
            (_, GroupOutcome::Started) => return,
            (Self::Upstream, _) if !failure.message.is_empty() => return,
            (Self::Upstream, GroupOutcome::Preempting) => PREEMPTS,
            (Self::Upstream, GroupOutcome::Unschedulable) => WAITS,
            (Self::Own, _) | (Self::Upstream, GroupOutcome::Broken) => &result.message,
        };
        failure.message = text.to_string();
    }
}

/// The reason of the group: how many fit, how many it takes, and what the first that does not fit lacks.
pub(super) fn message(result: &GroupResult, first: Option<(String, &str)>) -> String {
    let GroupResult { key, min_count, known, .. } = result;
    let fit = result.placed_before + result.fit;
    let counted = format!("{fit} of its {known} pods fit and it takes {min_count}");
    match (result.outcome, first) {
        (GroupOutcome::Started, None) => format!("pod group {key} starts: {counted}"),
        (GroupOutcome::Started, Some((pod, why))) => {
            format!("pod group {key} starts: {counted}; {pod} does not fit: {why}")
        }
        (GroupOutcome::Preempting, _) => {
            format!("pod group {key} starts once pods that matter less have made room: {counted} then")
        }
        (GroupOutcome::Unschedulable, Some((pod, why))) => {
            format!("pod group {key} is not started: {counted}; {pod} does not fit: {why}")
        }
        (GroupOutcome::Unschedulable, None) => {
            format!("pod group {key} is not started: {counted}; the others may not be tried yet")
        }
        (GroupOutcome::Broken, Some((_, why))) => format!("pod group {key} cannot be decided: {why}"),
        (GroupOutcome::Broken, None) => format!("pod group {key} cannot be decided"),
    }
}

/// What is said of pods that were not tried because something broke for another.
pub(super) fn other_failed(why: &str) -> String {
    format!("failed to schedule other pod from a pod group: {why}")
}

/// What is wrong with pods of one group that are for different schedulers.
pub(super) fn other_schedulers(pods: &[Box<QueuedPod>]) -> Option<String> {
    let (first, others) = pods.split_first()?;
    let other = others.iter().find(|queued| queued.profile != first.profile)?;
    let [first, other] = [first, other].map(|queued| &*queued.pod.spec.scheduler_name);
    Some(format!(
        "all pods in a single pod group should have the same .spec.schedulerName set, got: {first:?} and {other:?}"
    ))
}
