//! Pods without a node by their workload and by why, with what would help.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Pending, Relaxation};

/// Pods of one workload that have no node for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unplaced {
    /// The workload: `Deployment shop/api`; absent for a pod that belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Reason of their PodScheduled condition.
    pub reason: &'static str,
    /// Its message.
    pub message: String,
    /// `namespace/name` of each, in queue order.
    pub pods: Vec<String>,
    /// Whether it was looked for what would help the first of them.
    pub tried: bool,
    /// What would help it as the cluster is at the end, the most effective first. All of it was tried.
    pub fixes: Vec<Relaxation>,
}

/// What pods of a group have in common: the owner, or else the pod itself; the reason; and the message.
type GroupOf<'p> = (&'p Option<String>, Option<&'p str>, &'p str, &'p str);

/// Groups of pending pods, the largest first.
pub(crate) fn of(pending: &[Pending]) -> Vec<Unplaced> {
    let mut groups: BTreeMap<GroupOf<'_>, Unplaced> = BTreeMap::new();
    for one in pending {
        // Pods that belong to no workload have nothing to do with each other.
        let own = one.owner.is_none().then_some(one.pod.as_str());
        let group = groups.entry((&one.owner, own, one.reason, &one.message)).or_insert_with(|| Unplaced {
            owner: one.owner.clone(),
            reason: one.reason,
            message: one.message.clone(),
            pods: Vec::new(),
            tried: false,
            fixes: Vec::new(),
        });
        group.pods.push(one.pod.clone());
    }
    let mut all: Vec<Unplaced> = groups.into_values().collect();
    all.sort_by_key(|group| std::cmp::Reverse(group.pods.len()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_together_that_have_the_workload_and_the_reason_in_common() {
        let pending = |pod: &str, owner: Option<&str>, message: &str| Pending {
            pod: pod.to_string(),
            reason: "Unschedulable",
            message: message.to_string(),
            priority: 0,
            nominated_node: None,
            devices: Vec::new(),
            owner: owner.map(str::to_string),
        };
        let found = of(&[
            pending("a/1", None, "m"),
            pending("a/2", None, "m"),
            pending("a/3", Some("Job a/j"), "m"),
            pending("a/4", Some("Job a/j"), "n"),
            pending("a/5", Some("Job a/j"), "m"),
        ]);
        let pods: Vec<Vec<&str>> =
            found.iter().map(|group| group.pods.iter().map(String::as_str).collect()).collect();
        assert_eq!(pods, [vec!["a/3", "a/5"], vec!["a/1"], vec!["a/2"], vec!["a/4"]]);
    }
}
