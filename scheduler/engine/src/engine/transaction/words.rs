//! What is said of a group, and of the pods of a group that is not started.

use longshore_framework::features::{Features, Gate};
use longshore_framework::group::{GroupApi, GroupKey};
use longshore_framework::pod::Pod;

use super::sought::{Found, Sought};
use crate::attempt::{DomainFit, GroupOutcome, GroupResult};
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
pub(super) fn message(
    result: &GroupResult,
    sought: Option<&Sought>,
    first: Option<(String, &str)>,
) -> String {
    let room = sought.map(room).unwrap_or_default();
    let place = place(result);
    let held = match result.held_until {
        Some(_) if result.fit == 1 => "; the place that fits is held for it".to_string(),
        Some(_) => format!("; the {} places that fit are held for it", result.fit),
        None => String::new(),
    };
    let GroupResult { key, min_count, known, .. } = result;
    let fit = result.placed_before + result.fit;
    let most = if result.is_tried { "" } else { "at most " };
    let counted = format!("{most}{fit} of its {known} pods fit and it takes {min_count}");
    let then = format!("{fit} of its {known} pods fit then and it takes {min_count}");
    match (result.outcome, first) {
        (GroupOutcome::Started, None) => format!("pod group {key} starts{place}: {counted}"),
        (GroupOutcome::Started, Some((pod, why))) => {
            format!("pod group {key} starts{place}: {counted}; {pod} does not fit: {why}")
        }
        (GroupOutcome::Preempting, _) => {
            let gone = if room.is_empty() { "pods of lower priority" } else { &room };
            format!("pod group {key} starts{place} once room is made by {gone}: {then}")
        }
        (GroupOutcome::Unschedulable, Some((pod, why))) => {
            format!("pod group {key} is not started: {counted}; {pod} does not fit: {why}{room}{place}{held}")
        }
        (GroupOutcome::Unschedulable, None) => {
            format!("pod group {key} is not started: {counted}; the others may not be tried yet{room}{place}")
        }
        (GroupOutcome::Broken, Some((_, why))) => format!("pod group {key} cannot be decided: {why}"),
        (GroupOutcome::Broken, None) => format!("pod group {key} cannot be decided"),
    }
}

/// Where the group starts, or how near it came to that: of the last label, which is the widest, the nearest domain.
fn place(result: &GroupResult) -> String {
    match (&result.within, result.outcome) {
        (Some((key, name)), GroupOutcome::Started | GroupOutcome::Preempting) => {
            format!(" in {key} {name}")
        }
        (None, GroupOutcome::Unschedulable) => {
            let key = result.domains.last().map(|domain| &domain.key);
            let nearest = result.domains.iter().find(|domain| Some(&domain.key) == key);
            let say = |domain: &DomainFit| {
                let DomainFit { key, name, fit, .. } = domain;
                format!("; the nearest {key} is {name} with {fit} of {}", result.min_count)
            };
            nearest.map_or_else(String::new, say)
        }
        _ => String::new(),
    }
}

/// Who has to make room, or why nobody is asked to.
fn room(sought: &Sought) -> String {
    let Sought { victims, groups, protected, would_fit, .. } = sought;
    let pods = |count: usize| if count == 1 { "1 pod".to_string() } else { format!("{count} pods") };
    match sought.found {
        Found::Places => String::new(),
        Found::Nothing if sought.waits => {
            "; pods that were evicted for the group are not gone yet".to_string()
        }
        Found::Nothing if *victims == 0 => String::new(),
        Found::Nothing => {
            let less = pods(*victims);
            format!("; evicting all of lower priority ({less}) would let {would_fit} fit")
        }
        Found::Room => {
            let mut more = match groups {
                0 => Vec::new(),
                1 => vec!["1 whole group among them".to_string()],
                more => vec![format!("{more} whole groups among them")],
            };
            if *protected > 0 {
                more.push(format!("{protected} of them protected by a budget"));
            }
            let mut text = format!("{} of lower priority", pods(*victims));
            if !more.is_empty() {
                text.push_str(&format!(", {}", more.join(", ")));
            }
            text
        }
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

/// What is wrong with pods of one group that have not all its priority and the same preemption policy.
pub(super) fn other_priorities<'p>(priority: i32, pods: impl Iterator<Item = &'p Pod>) -> Option<String> {
    let mut policy = None;
    for pod in pods {
        let spec = &pod.spec;
        if spec.priority != priority {
            return Some(format!(
                "all pods in a single pod group should have the same priority as the pod group's priority, got {} and \
                 {priority}",
                spec.priority
            ));
        }
        let first = *policy.get_or_insert(spec.preemption_policy);
        if spec.preemption_policy != first {
            return Some(format!(
                "all pods in a single pod group should have the same preemption policy, got {:?} and {first:?}",
                spec.preemption_policy
            ));
        }
    }
    None
}
