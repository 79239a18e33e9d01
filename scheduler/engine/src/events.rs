//! Changes of objects as the events that plugins register.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, Resource, Subject};
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::resources::Amounts;

/// One event for each kind of change of a node; none when nothing changed that scheduling reads. A plain update when only
/// something did that somebody may read who reads nodes whole.
pub(crate) fn node_update(old: &Arc<Node>, new: &Arc<Node>) -> Vec<ClusterEvent> {
    let changes = [
        (old.unschedulable && !new.unschedulable || old.taints != new.taints, Action::NODE_TAINT),
        (
            old.allocatable != new.allocatable || old.allocatable_pods != new.allocatable_pods,
            Action::NODE_ALLOCATABLE,
        ),
        (old.labels != new.labels, Action::NODE_LABEL),
        (old.conditions != new.conditions, Action::NODE_CONDITION),
        (old.annotations != new.annotations, Action::NODE_ANNOTATION),
        (old.declared_features != new.declared_features, Action::NODE_DECLARED_FEATURE),
    ];
    let subject = || Subject::Node(Some(Arc::clone(old)), Some(Arc::clone(new)));
    let mut events: Vec<_> =
        changed(&changes).map(|action| ClusterEvent::new(Resource::Node, action, subject())).collect();
    if events.is_empty() && old.unread.content != new.unread.content {
        events.push(ClusterEvent::new(Resource::Node, Action::UPDATE, subject()));
    }
    events
}

/// One event for each kind of change of a pod, or one plain update.
pub(crate) fn pod_update(resource: Resource, old: &Arc<Pod>, new: &Arc<Pod>) -> Vec<ClusterEvent> {
    let (was, is) = (&old.spec, &new.spec);
    let changes = [
        (old.meta.labels != new.meta.labels, Action::POD_LABEL),
        (fell(&old.resources.usage, &new.resources.usage), Action::POD_SCALE_DOWN),
        (was.tolerations.len() != is.tolerations.len(), Action::POD_TOLERATION),
        (!was.gates.is_empty() && is.gates.is_empty(), Action::POD_GATES_ELIMINATED),
        (old.meta.generated_claims != new.meta.generated_claims, Action::POD_RESOURCE_CLAIM),
    ];
    let subject = || Subject::Pod(Some(Arc::clone(old)), Some(Arc::clone(new)));
    let mut events: Vec<_> =
        changed(&changes).map(|action| ClusterEvent::new(resource, action, subject())).collect();
    if events.is_empty() {
        events.push(ClusterEvent::new(resource, Action::UPDATE, subject()));
    }
    events
}

/// A pod came to a node, or left one.
pub(crate) fn assigned(action: Action, pod: Arc<Pod>) -> ClusterEvent {
    let subject = match action {
        Action::DELETE => Subject::Pod(Some(pod), None),
        _ => Subject::Pod(None, Some(pod)),
    };
    ClusterEvent::new(Resource::AssignedPod, action, subject)
}

/// A pod whose place was only assumed, or promised, gave it up. Hints read of the pod that it took room, so the event
/// shows it on the node.
pub(crate) fn left(pod: &Pod, node: &Str) -> ClusterEvent {
    let mut placed = pod.clone();
    placed.meta.node_name = Some(Arc::clone(node));
    assigned(Action::DELETE, Arc::new(placed))
}

/// An object that is neither pod nor node came, changed or went; `None` for kinds that no plugin can register.
pub(crate) fn object(old: Option<Object>, new: Option<Object>) -> Option<ClusterEvent> {
    let action = match (&old, &new) {
        (None, Some(_)) => Action::ADD,
        (Some(_), None) => Action::DELETE,
        _ => Action::UPDATE,
    };
    let resource = match new.as_ref().or(old.as_ref())? {
        Object::Claim(_) => Resource::PersistentVolumeClaim,
        Object::PersistentVolume(_) => Resource::PersistentVolume,
        Object::StorageClass(_) => Resource::StorageClass,
        Object::CsiNode(_) => Resource::CsiNode,
        Object::CsiDriver(_) => Resource::CsiDriver,
        Object::CsiStorageCapacity(_) => Resource::CsiStorageCapacity,
        Object::VolumeAttachment(_) => Resource::VolumeAttachment,
        Object::Service(_) => Resource::Service,
        Object::PodGroup(_) => Resource::PodGroup,
        Object::DeviceClass(_) => Resource::DeviceClass,
        Object::ResourceClaim(_) => Resource::ResourceClaim,
        // A rule changes slices as their readers see them.
        Object::ResourceSlice(_) | Object::DeviceTaintRule(_) => Resource::ResourceSlice,
        Object::Declared(object) => Resource::Declared(object.kind),
        Object::Namespace(_) | Object::Controller(_) | Object::DisruptionBudget(_) => return None,
    };
    Some(ClusterEvent::new(resource, action, Subject::Object(old, new)))
}

fn changed(changes: &[(bool, Action)]) -> impl Iterator<Item = Action> + '_ {
    changes.iter().filter(|(changed, _)| *changed).map(|(_, action)| *action)
}

/// Whether some amount fell or vanished.
fn fell(old: &Amounts, new: &Amounts) -> bool {
    old.iter().any(|(name, amount)| new.get(name) < amount)
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::taint::TaintEffect;
    use longshore_framework::unread::Unread;

    use super::*;

    #[track_caller]
    fn check(events: Vec<ClusterEvent>, want: &[&str]) {
        let labels: Vec<String> = events.iter().map(ClusterEvent::label).collect();
        assert_eq!(labels, want);
    }

    #[test]
    fn a_node_tells_each_kind_of_change() {
        let old = node("n").allocatable("cpu", "1").with(|n| n.unschedulable = true).build();
        check(node_update(&old, &old), &[]);
        let whole = |text, content| {
            let marked = node("n").allocatable("cpu", "1").with(|n| n.unschedulable = true);
            marked.with(|n| n.unread = Unread { text, content }).build()
        };
        check(node_update(&whole(1, 1), &whole(2, 1)), &[]);
        check(node_update(&whole(1, 1), &whole(2, 2)), &["NodeUpdate"]);
        let new = node("n").allocatable("cpu", "2").label("a", "b").build();
        check(
            node_update(&old, &new),
            &["NodeUpdateNodeTaint", "NodeUpdateNodeAllocatable", "NodeUpdateNodeLabel"],
        );
        let tainted = node("n")
            .allocatable("cpu", "1")
            .taint("a", "", TaintEffect::NoSchedule)
            .with(|n| n.unschedulable = true);
        check(node_update(&old, &tainted.build()), &["NodeUpdateNodeTaint"]);
    }

    #[test]
    fn a_pod_tells_what_changed_or_that_something_did() {
        let old = pod("p").request("cpu", "2").build();
        check(pod_update(Resource::AssignedPod, &old, &old), &["AssignedPodUpdate"]);
        let new = pod("p").request("cpu", "1").label("a", "b").build();
        check(
            pod_update(Resource::AssignedPod, &old, &new),
            &["AssignedPodUpdatePodLabel", "AssignedPodUpdatePodScaleDown"],
        );
    }
}
