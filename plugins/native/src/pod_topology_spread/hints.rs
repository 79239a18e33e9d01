//! Which events may let a rejected pod fit.

use longshore_framework::event::{ClusterEvent, Hint, Subject, is_placed, same_pod};
use longshore_framework::node::Node;
use longshore_framework::pod::{Pod, SpreadConstraint};

use super::constraints::{has_all_keys, selects};

/// `constraints` gives the pod's `DoNotSchedule` constraints.
pub(super) fn hint(
    pod: &Pod,
    event: &ClusterEvent,
    constraints: impl FnOnce() -> Vec<SpreadConstraint>,
) -> Hint {
    match &event.subject {
        Subject::Pod(old, new) => {
            if [old, new].into_iter().flatten().any(|changed| !is_involved(changed, pod)) {
                return Hint::Skip;
            }
            after_pod(pod, old.as_deref(), new.as_deref(), &constraints())
        }
        Subject::Node(old, new) => after_node(old.as_deref(), new.as_deref(), &constraints()),
        Subject::None | Subject::Object(..) => Hint::Queue,
    }
}

/// Only the pod itself and placed pods of its namespace bear on the skew.
fn is_involved(changed: &Pod, pod: &Pod) -> bool {
    same_pod(changed, pod) || (is_placed(changed) && changed.meta.namespace == pod.meta.namespace)
}

fn after_pod(pod: &Pod, old: Option<&Pod>, new: Option<&Pod>, constraints: &[SpreadConstraint]) -> Hint {
    let (Some(old), Some(new)) = (old, new) else {
        let changed = old.or(new);
        let counted = |c: &SpreadConstraint| changed.is_some_and(|p| selects(c, &p.meta.labels));
        return Hint::queue_if(constraints.iter().any(counted));
    };
    let tolerates_more = same_pod(pod, new) && old.spec.tolerations != new.spec.tolerations;
    if tolerates_more && constraints.iter().any(|c| c.honor_taints) {
        return Hint::Queue;
    }
    let differs = |c: &SpreadConstraint| selects(c, &old.meta.labels) != selects(c, &new.meta.labels);
    Hint::queue_if(constraints.iter().any(differs))
}

fn after_node(old: Option<&Node>, new: Option<&Node>, constraints: &[SpreadConstraint]) -> Hint {
    let had = old.is_some_and(|n| has_all_keys(constraints, n));
    let has = new.is_some_and(|n| has_all_keys(constraints, n));
    let (Some(old), Some(new)) = (old, new) else { return Hint::queue_if(had || has) };
    let moved = |c: &SpreadConstraint| old.labels.get(&c.topology_key) != new.labels.get(&c.topology_key);
    Hint::queue_if(had != has || (has && (constraints.iter().any(moved) || old.taints != new.taints)))
}
