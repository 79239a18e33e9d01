//! Which events may let a pod fit that VolumeBinding rejected.

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, Resource, Subject};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::volume::{CsiDriver, CsiStorageCapacity, VolumeSource};

use super::claims::uses;

/// The events.
pub(super) fn events() -> Vec<EventPattern> {
    let changed = Action::ADD | Action::UPDATE;
    vec![
        EventPattern::new(Resource::StorageClass, changed),
        EventPattern::new(Resource::PersistentVolumeClaim, changed),
        EventPattern::new(Resource::PersistentVolume, changed),
        EventPattern::new(Resource::Node, Action::ADD | Action::NODE_LABEL),
        EventPattern::new(Resource::CsiNode, changed),
        EventPattern::new(Resource::CsiDriver, Action::UPDATE),
        EventPattern::new(Resource::CsiStorageCapacity, changed),
    ]
}

/// Whether the event may help the pod.
pub(super) fn hint(pod: &Pod, event: &ClusterEvent) -> Hint {
    use Object as O;
    let Subject::Object(before, Some(after)) = &event.subject else { return Hint::Queue };
    Hint::queue_if(match (before, after) {
        (_, O::Claim(claim)) => uses(pod, claim),
        (Some(O::StorageClass(old)), O::StorageClass(new)) => {
            old.allowed_topologies != new.allowed_topologies
        }
        (Some(O::CsiNode(old)), O::CsiNode(new)) => old.migrated != new.migrated,
        (Some(O::CsiDriver(old)), O::CsiDriver(new)) => stops_counting(pod, old, new),
        (Some(O::CsiStorageCapacity(old)), O::CsiStorageCapacity(new)) => has_more_room(old, new),
        _ => true,
    })
}

/// Whether a driver the pod uses inline no longer says where there is room.
fn stops_counting(pod: &Pod, old: &CsiDriver, new: &CsiDriver) -> bool {
    let inline = |v: &VolumeSource| matches!(v, VolumeSource::InlineCsi { driver } if *driver == new.name);
    old.storage_capacity && !new.storage_capacity && pod.spec.volumes.iter().any(|v| inline(&v.source))
}

/// Whether larger volumes can be made than before.
fn has_more_room(old: &CsiStorageCapacity, new: &CsiStorageCapacity) -> bool {
    let limit = |c: &CsiStorageCapacity| c.limit().map(|l| l.value());
    // No limit at all is less than any.
    limit(new) > limit(old)
}
