//! What is lacking of devices.

use std::collections::BTreeSet;

use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use longshore_framework::pod::{ClaimSource, Pod};
use longshore_framework::resource_claim::{DeviceRequest, DeviceWish, ResourceClaim, Wanted};

use super::{Input, listed};

/// The claims for devices that a pod names itself, and those that its status says were made for it.
fn claims_of(pod: &Pod) -> impl Iterator<Item = NamespacedName> {
    let named = pod.spec.resource_claims.iter().filter_map(|claim| match &claim.source {
        ClaimSource::Claim(name) => Some(name),
        ClaimSource::Template(_) | ClaimSource::Unknown => None,
    });
    let made = pod.meta.generated_claims.iter().filter_map(|(_, name)| name.as_ref());
    named.chain(made).map(|name| (pod.meta.namespace.clone(), name.clone()))
}

/// Claims of pending pods that are there.
fn wanted<'a>(input: &Input<'a>) -> Vec<&'a ResourceClaim> {
    let keys: BTreeSet<_> = input.pending.iter().flat_map(|pod| claims_of(pod)).collect();
    keys.iter().filter_map(|key| input.device_claims.get(key).copied()).collect()
}

pub(super) fn claims(input: &Input<'_>) -> Option<String> {
    let keys = input.pending.iter().flat_map(|pod| claims_of(pod));
    let lacking: BTreeSet<Str> = keys
        .filter(|key| !input.device_claims.contains_key(key))
        .map(|(namespace, name)| format!("{namespace}/{name}").into())
        .collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "pending pods name ResourceClaims that are not in the input ({}), so they wait; add the claims",
            listed(lacking.iter().collect())
        )
    })
}

pub(super) fn classes(input: &Input<'_>) -> Option<String> {
    let waiting = wanted(input).into_iter().filter(|claim| claim.allocation.is_none());
    let requests = waiting.flat_map(|claim| &claim.spec.requests);
    let lacking: BTreeSet<&Str> = requests
        .flat_map(wishes)
        .map(|wish| &wish.class)
        .filter(|c| !input.device_classes.contains(c))
        .collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "claims of pending pods name DeviceClasses that are not in the input ({}); add them",
            listed(lacking)
        )
    })
}

fn wishes(request: &DeviceRequest) -> Vec<&DeviceWish> {
    match &request.wanted {
        Wanted::Exactly(wish) => vec![wish],
        Wanted::FirstAvailable(wishes) => wishes.iter().map(|(_, wish)| wish).collect(),
        Wanted::Unknown => Vec::new(),
    }
}

pub(super) fn slices(input: &Input<'_>) -> Option<String> {
    let waiting = wanted(input).into_iter().any(|claim| claim.allocation.is_none());
    (waiting && !input.slices).then(|| {
        "no ResourceSlice is in the input, so there is no device for any claim; add the ResourceSlices"
            .to_string()
    })
}
