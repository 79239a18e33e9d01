//! Which pods get the same answers.
//!
//! What counts is what claims ask for, not which claims they are; and what is asked for of extended resources that classes stand
//! for. Where every pool is of one node and the pod's claims have nothing yet, what is said of a node changes with its devices
//! only, so it is kept. Everything else is asked every time.

use std::sync::Arc;

use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::Cycle;
use longshore_framework::resource_claim::{ClaimSpec, ResourceClaim};

use super::extended::{self, Wish};
use super::work::Extended;
use super::{DynamicResources, pod_claims};

impl DynamicResources {
    pub(super) fn liken(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let extended = self.extended(cx);
        if cx.pod.spec.resource_claims.is_empty() && extended.is_none() {
            return;
        }
        // Of claims that are not in order, PreFilter has to say so.
        let Ok(claims) = pod_claims::claims(cx.pod, cx.objects) else { return likeness.ask_every_time() };
        let is_new = |(at, claim): (usize, &&Arc<ResourceClaim>)| {
            claim.allocation.is_none()
                && cx.objects.resource_claims.in_flight(&claim.uid).is_none()
                && !claims[..at].iter().any(|other| other.uid == claim.uid)
        };
        let are_new = (!claims.is_empty() || extended.is_some()) && claims.iter().enumerate().all(is_new);
        let wishes = match &extended {
            None => &[][..],
            Some(Extended::Wanted(wishes)) => wishes,
            Some(Extended::Stale(_)) => return likeness.ask_every_time(),
        };
        if !are_new || !cx.objects.slices.is_local() {
            return likeness.ask_every_time();
        }
        let served = (extended.is_some()).then(|| of_resources(cx, wishes, likeness));
        likeness.add_claims(claims.iter().map(|claim| Arc::clone(&claim.spec)).chain(served));
    }
}

/// What would be asked for where no node has any of the resources itself. For fewer of them it is a part of that.
fn of_resources(cx: Cycle<'_>, wishes: &[Wish], likeness: &mut Likeness) -> Arc<ClaimSpec> {
    let by_devices = wishes.iter().filter_map(|wish| Some((&wish.resource, wish.class.as_ref()?)));
    for wish in wishes {
        likeness.add_texts([&wish.resource].into_iter().chain(&wish.class));
    }
    let requests = extended::requests(cx.pod, by_devices).requests;
    Arc::new(ClaimSpec { requests, ..ClaimSpec::default() })
}
