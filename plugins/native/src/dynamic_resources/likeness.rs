//! Which pods get the same answers.
//!
//! What counts is what claims ask for, not which claims they are. Where every pool is of one node and the pod's claims have nothing
//! yet, what is said of a node changes with its devices only, so it is kept. Everything else is asked every time.

use longshore_framework::Str;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::Cycle;
use longshore_framework::resource_claim::{ResourceClaim, Wanted};

use super::{DynamicResources, extended, pod_claims};

impl DynamicResources {
    pub(super) fn liken(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let served = self.gates.extended && extended::is_served(cx.pod, cx.objects);
        if cx.pod.spec.resource_claims.is_empty() && !served {
            return;
        }
        let claims = pod_claims::claims(cx.pod, cx.objects).unwrap_or_default();
        let is_new = |(at, claim): (usize, &&std::sync::Arc<ResourceClaim>)| {
            claim.allocation.is_none()
                && cx.objects.resource_claims.in_flight(&claim.uid).is_none()
                && !claims[..at].iter().any(|other| other.uid == claim.uid)
                && claim.spec.requests.iter().all(|r| matches!(r.wanted, Wanted::Exactly(_)))
        };
        let are_new = !claims.is_empty() && claims.iter().enumerate().all(is_new);
        if served || !are_new || !cx.objects.slices.is_local() {
            return likeness.ask_every_time();
        }
        let specs: Vec<Str> = claims.iter().map(|claim| format!("{:?}", claim.spec).into()).collect();
        likeness.add_texts(&specs);
    }
}
