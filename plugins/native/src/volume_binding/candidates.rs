//! Which existing volumes a claim may be bound to.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::objects::Objects;
use longshore_framework::volume::{Claim, PersistentVolume};

use super::affinity;

const FILESYSTEM: &str = "Filesystem";

/// The volumes that were set aside for the claim and suit it wherever the pod runs, in name order. The first one decides.
pub(super) fn set_aside(claim: &Claim, objects: &Objects) -> Vec<Arc<PersistentVolume>> {
    let key = claim.key();
    let found = objects.volumes.of_claim(&key).filter(|v| suits(v, claim) && is_bound_to(v, claim));
    found.cloned().collect()
}

/// The volume to bind to the claim on a node with these labels, none of `taken`: the one set aside for it, or else the
/// smallest that is free. When the one set aside cannot be used on the node, nothing else will do.
pub(super) fn find<'v>(
    claim: &Claim,
    set_aside: &'v [Arc<PersistentVolume>],
    objects: &'v Objects,
    labels: &Labels,
    taken: &[Str],
) -> Option<&'v Arc<PersistentVolume>> {
    let usable = |v: &PersistentVolume| affinity::allows(v.node_affinity.as_ref(), labels);
    let is_taken = |v: &PersistentVolume| taken.contains(&v.name);
    if let Some(own) = set_aside.iter().find(|v| !is_taken(v)) {
        return Some(own).filter(|v| usable(v));
    }
    let accept = |v: &PersistentVolume| suits(v, claim) && is_free_for(v, claim) && !is_taken(v) && usable(v);
    objects.volumes.first_free(claim.class.as_ref()?, claim.request, labels, accept)
}

/// Whether the volume is bound to the claim or set aside for it.
pub(super) fn is_bound_to(volume: &PersistentVolume, claim: &Claim) -> bool {
    volume.claim.as_ref().is_some_and(|r| {
        r.name == claim.name && r.namespace == claim.namespace && (r.uid.is_empty() || r.uid == claim.uid)
    })
}

/// What holds of free volumes and of those set aside alike.
fn suits(volume: &PersistentVolume, claim: &Claim) -> bool {
    fn given(name: &Option<Str>) -> &str {
        name.as_deref().unwrap_or_default()
    }
    Some(&volume.class) == claim.class.as_ref()
        && volume.capacity >= claim.request
        && mode(&volume.volume_mode) == mode(&claim.volume_mode)
        && given(&volume.attributes_class) == given(&claim.attributes_class)
        && !volume.terminating
}

/// What is asked of a free volume.
fn is_free_for(volume: &PersistentVolume, claim: &Claim) -> bool {
    claim.selector.as_ref().is_none_or(|s| s.matches(&volume.labels))
        && claim.access_modes.iter().all(|m| volume.access_modes.contains(m))
}

/// The volume mode, with its default in place.
pub(super) fn mode(written: &str) -> &str {
    if written.is_empty() { FILESYSTEM } else { written }
}
