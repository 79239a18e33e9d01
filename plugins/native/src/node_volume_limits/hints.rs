//! Which events may let a pod fit that NodeVolumeLimits rejected.

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, Resource, Subject, is_placed};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::volume::{CsiNode, VolumeAttachment};

use super::csi::inline_driver;
use super::{has_countable, limit_of};
use crate::volume_binding::claims::{named_claims, uses};

/// The events.
pub(super) fn events() -> Vec<EventPattern> {
    vec![
        EventPattern::new(Resource::CsiNode, Action::ADD | Action::UPDATE),
        EventPattern::new(Resource::Pod, Action::DELETE),
        EventPattern::new(Resource::PersistentVolumeClaim, Action::ADD),
        EventPattern::new(Resource::VolumeAttachment, Action::DELETE),
    ]
}

/// Whether the event may help the pod. Where drivers are required, one that was not there before may.
pub(super) fn hint(pod: &Pod, event: &ClusterEvent, requires_drivers: bool) -> Hint {
    use Object as O;
    Hint::queue_if(match &event.subject {
        Subject::Pod(Some(gone), _) => is_placed(gone) && has_countable(gone),
        Subject::Object(Some(O::CsiNode(old)), Some(O::CsiNode(new))) => {
            some_limit_rose(old, new) || requires_drivers && has_another_driver(old, new)
        }
        Subject::Object(_, Some(O::Claim(claim))) => uses(pod, claim),
        Subject::Object(Some(O::VolumeAttachment(gone)), _) => may_detach(pod, gone),
        _ => true,
    })
}

/// Whether some driver can attach more than before; no limit counts as 0.
fn some_limit_rose(old: &CsiNode, new: &CsiNode) -> bool {
    new.drivers.iter().any(|(driver, limit)| limit.unwrap_or(0) > limit_of(old, driver).unwrap_or(0))
}

/// Whether a driver is there that was not.
fn has_another_driver(old: &CsiNode, new: &CsiNode) -> bool {
    new.drivers.iter().any(|(driver, _)| !old.drivers.iter().any(|(known, _)| known == driver))
}

/// Whether the detached volume may make room for one of the pod's.
fn may_detach(pod: &Pod, gone: &VolumeAttachment) -> bool {
    named_claims(pod).next().is_some()
        || pod.spec.volumes.iter().any(|v| inline_driver(v) == Some(&*gone.attacher))
}
