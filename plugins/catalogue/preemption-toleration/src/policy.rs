//! What a PriorityClass says of its pods: by whom they may be evicted, and how long they are spared from others.

use std::collections::BTreeMap;

use catalogue_common::RawPod;
use catalogue_common::time::milliseconds;
use longshore_plugin::objects;
use serde::Deserialize;

use catalogue_common::preemption::Budget;

objects! {
    /// Classes, by name.
    pub(crate) CLASSES: Class = kind("scheduling.k8s.io/v1", "PriorityClass").fields(&["value", "metadata.annotations"]),
    /// Budgets, which protect pods from being victims before others.
    pub(crate) BUDGETS: Budget = kind("policy/v1", "PodDisruptionBudget")
        .fields(&["spec.selector", "status.disruptionsAllowed", "status.disruptedPods"]),
}

/// The annotations' names begin with this.
const PREFIX: &str = "preemption-toleration.scheduling.x-k8s.io/";

/// A PriorityClass.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(from = "Wire")]
pub(crate) struct Class {
    /// `None` where an annotation is no number: such a class spares nobody.
    policy: Option<Policy>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Policy {
    /// Pods of this priority and above may evict.
    minimum: i32,
    /// From others pods are spared for so long after they were given a node; for ever when it is negative.
    seconds: i64,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    value: i32,
}

#[derive(Default, Deserialize)]
struct Metadata {
    annotations: Option<BTreeMap<String, String>>,
}

impl From<Wire> for Class {
    fn from(wire: Wire) -> Self {
        let annotations = wire.metadata.annotations.unwrap_or_default();
        let given = |name: &str| annotations.get(&format!("{PREFIX}{name}"));
        let minimum = given("minimum-preemptable-priority")
            .map_or(Some(wire.value.wrapping_add(1)), |text| text.parse().ok());
        let seconds = given("toleration-seconds").map_or(Some(0), |text| text.parse().ok());
        Self { policy: minimum.zip(seconds).map(|(minimum, seconds)| Policy { minimum, seconds }) }
    }
}

impl Class {
    /// Whether a pod of this class is spared by a preemptor of this priority, at a time in milliseconds.
    pub(crate) fn spares(&self, victim: &RawPod, preemptor: i32, now: u64) -> bool {
        let Some(Policy { minimum, seconds }) = self.policy else { return false };
        if preemptor >= minimum {
            return false;
        }
        if seconds < 0 {
            return true;
        }
        let scheduled = victim.condition("PodScheduled");
        let since = match scheduled {
            Some(condition) if condition.status == "True" => {
                condition.last_transition_time.as_deref().and_then(milliseconds)
            }
            // What is known of the pod is older than its place: it has just been given a node.
            None if victim.spec.node_name.is_none() => return seconds > 0,
            _ => return true,
        };
        let until = since.unwrap_or(0).saturating_add(seconds.saturating_mul(1000));
        until > i64::try_from(now).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn class(minimum: Option<&str>, seconds: Option<&str>) -> Class {
        let mut annotations = serde_json::Map::new();
        annotations
            .extend(minimum.map(|text| (format!("{PREFIX}minimum-preemptable-priority"), text.into())));
        annotations.extend(seconds.map(|text| (format!("{PREFIX}toleration-seconds"), text.into())));
        serde_json::from_value(json!({"value": 10, "metadata": {"annotations": annotations}})).unwrap()
    }

    fn scheduled(status: &str) -> Value {
        let condition =
            json!({"type": "PodScheduled", "status": status, "lastTransitionTime": "1970-01-01T00:01:00Z"});
        json!({"spec": {"nodeName": "a"}, "status": {"conditions": [condition]}})
    }

    #[track_caller]
    fn check(class: &Class, victim: &Value, preemptor: i32, second: u64, want: bool) {
        let victim = RawPod::read(victim.to_string().as_bytes()).unwrap();
        assert_eq!(class.spares(&victim, preemptor, second * 1000), want);
    }

    #[test]
    fn a_class_spares_its_pods_from_lower_priorities_for_a_time() {
        let there = scheduled("True");
        let (ever, minute) = (class(Some("100"), Some("-1")), class(Some("100"), Some("60")));
        check(&ever, &there, 99, 0, true);
        check(&ever, &there, 100, 0, false);
        check(&minute, &there, 99, 119, true);
        check(&minute, &there, 99, 120, false);
        check(&class(Some("100"), None), &there, 99, 61, false);
        check(&class(None, Some("-1")), &there, 11, 0, false);
    }

    #[test]
    fn a_pod_that_is_not_said_to_be_scheduled_is_spared() {
        let minute = class(Some("100"), Some("60"));
        check(&minute, &scheduled("False"), 99, 9999, true);
        check(&class(Some("100"), None), &json!({"spec": {"nodeName": "a"}}), 99, 9999, true);
        // It was given its node just now.
        check(&minute, &json!({}), 99, 9999, true);
        check(&class(Some("100"), None), &json!({}), 99, 9999, false);
    }

    #[test]
    fn annotations_that_are_no_numbers_spare_nobody() {
        check(&class(Some("much"), Some("-1")), &scheduled("True"), 1, 0, false);
        check(&class(Some("100"), Some("1h")), &scheduled("True"), 1, 0, false);
    }
}
