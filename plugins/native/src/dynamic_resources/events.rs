//! What may let a pod fit that the plugin rejected.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::resource_claim::ResourceClaim;

use super::gates::Gates;
use super::pod_claims;

pub(super) fn events(gates: Gates) -> Vec<EventPattern> {
    let fresh = Action::ADD | Action::UPDATE;
    let node = Action::ADD | Action::NODE_LABEL | Action::NODE_ALLOCATABLE;
    let claims = if gates.hears_deletion { fresh | Action::DELETE } else { fresh };
    vec![
        EventPattern::new(Resource::Node, node),
        EventPattern::new(Resource::ResourceClaim, claims),
        EventPattern::new(Resource::Pod, Action::POD_RESOURCE_CLAIM),
        EventPattern::new(Resource::DeviceClass, fresh),
        EventPattern::new(Resource::ResourceSlice, fresh),
    ]
}

pub(super) fn hint(pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
    match &event.subject {
        Subject::Pod(_, Some(new)) => {
            Hint::queue_if(same_pod(pod, new) && pod_claims::claims(new, cluster.objects).is_ok())
        }
        Subject::Object(old, Some(Object::ResourceClaim(new))) => {
            let old = match old {
                Some(Object::ResourceClaim(old)) => Some(&**old),
                _ => None,
            };
            claim_changed(pod, old, new, cluster)
        }
        // It may have had devices.
        Subject::Object(Some(Object::ResourceClaim(gone)), None) => Hint::queue_if(gone.allocation.is_some()),
        _ => Hint::Queue,
    }
}

fn claim_changed(
    pod: &Pod,
    old: Option<&ResourceClaim>,
    new: &ResourceClaim,
    cluster: HintContext<'_>,
) -> Hint {
    // As long as its claims are not in order, nothing helps the pod.
    let Ok(claims) = pod_claims::claims(pod, cluster.objects) else { return Hint::Skip };
    let lost_devices = old.is_some_and(|old| old.allocation.is_some()) && new.allocation.is_none();
    let is_own = claims.iter().any(|claim| claim.uid == new.uid);
    let says_more = old.is_none_or(|old| !old.has_same_status(new));
    Hint::queue_if(lost_devices || (is_own && says_more))
}
