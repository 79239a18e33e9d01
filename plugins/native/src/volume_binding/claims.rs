//! What the volume plugins share about a pod's claims, and the API server's words for what is missing.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::volume::{Claim, Volume, VolumeSource};

/// A volume of a pod that stands for a claim.
pub(crate) struct ClaimVolume {
    /// The claim's name.
    pub(crate) name: Str,
    /// The claim is made for the pod (a generic ephemeral volume).
    pub(crate) ephemeral: bool,
}

impl ClaimVolume {
    /// The claim behind `volume` of `pod`, if there is one.
    pub(crate) fn of(pod: &Pod, volume: &Volume) -> Option<Self> {
        let name = volume.claim_name(&pod.meta.name)?;
        Some(Self { name, ephemeral: volume.source == VolumeSource::Ephemeral })
    }
}

/// The claims behind the pod's volumes, in volume order and possibly repeated.
pub(crate) fn claim_volumes(pod: &Pod) -> impl Iterator<Item = ClaimVolume> {
    pod.spec.volumes.iter().filter_map(|v| ClaimVolume::of(pod, v))
}

/// Names of the claims the pod itself names, those of ephemeral volumes left out.
pub(crate) fn named_claims(pod: &Pod) -> impl Iterator<Item = &Str> {
    pod.spec.volumes.iter().filter_map(|v| match &v.source {
        VolumeSource::Claim { name } => Some(name),
        _ => None,
    })
}

/// Whether `claim` stands behind a volume of the pod, ephemeral ones included.
pub(crate) fn uses(pod: &Pod, claim: &Claim) -> bool {
    pod.meta.namespace == claim.namespace && claim_volumes(pod).any(|v| v.name == claim.name)
}

/// Whether the pod itself names `claim`.
pub(crate) fn names(pod: &Pod, claim: &Claim) -> bool {
    pod.meta.namespace == claim.namespace && named_claims(pod).any(|name| *name == claim.name)
}

/// The claim an event left behind.
pub(crate) fn claim_of(object: Option<&Object>) -> Option<&Arc<Claim>> {
    match object {
        Some(Object::Claim(claim)) => Some(claim),
        _ => None,
    }
}

/// `<kind> "<name>" not found`, as the API server words it.
pub(crate) fn not_found(kind: &str, name: &str) -> String {
    format!("{kind} \"{name}\" not found")
}

/// [`not_found`] of a PersistentVolumeClaim.
pub(crate) fn claim_not_found(name: &str) -> String {
    not_found("persistentvolumeclaim", name)
}

/// What is wrong when the claim of an ephemeral volume was not made for the pod; `None` when it was.
pub(crate) fn foreign_claim(pod: &Pod, claim: &Claim) -> Option<String> {
    if claim.owner_uid.as_ref() == Some(&pod.meta.uid) {
        return None;
    }
    let (namespace, name) = (&claim.namespace, &claim.name);
    Some(format!("PVC {namespace}/{name} was not created for pod {} (pod is not owner)", pod.key()))
}
