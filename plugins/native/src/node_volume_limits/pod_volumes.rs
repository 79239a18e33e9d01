//! The CSI volumes of one pod.

use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;
use rustc_hash::FxHashSet;

use super::csi::{self, CsiVolume};
use crate::volume_binding::claims::{ClaimVolume, claim_not_found, foreign_claim};

/// Distinct volumes. Only ever counted, so their order does not matter.
pub(super) type Volumes = FxHashSet<CsiVolume>;

/// Why the volumes of a pod cannot be told.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// A claim is missing; the message says which.
    MissingClaim(String),
    /// Something is wrong.
    Broken(PluginError),
}

/// What is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The pod to be placed: a missing claim is trouble.
    Incoming,
    /// A pod on a node: a missing claim does not count.
    Existing,
}

/// Adds the volumes of a pod. Without a CSINode (`migrated` false) inline volumes do not count.
pub(super) fn collect(
    pod: &Pod,
    objects: &Objects,
    whose: Whose,
    migrated: bool,
    into: &mut Volumes,
) -> Result<(), Trouble> {
    for volume in &pod.spec.volumes {
        let counted = match ClaimVolume::of(pod, volume) {
            Some(claim) => of_claim(pod, &claim, objects, whose)?,
            None if migrated => csi::inline(volume).map_err(Trouble::Broken)?,
            None => None,
        };
        into.extend(counted);
    }
    Ok(())
}

fn of_claim(
    pod: &Pod,
    volume: &ClaimVolume,
    objects: &Objects,
    whose: Whose,
) -> Result<Option<CsiVolume>, Trouble> {
    if volume.name.is_empty() {
        return Err(Trouble::Broken(PluginError::new("PersistentVolumeClaim had no name")));
    }
    let Some(claim) = objects.pod_claim(pod, &volume.name) else {
        if whose == Whose::Existing {
            return Ok(None);
        }
        let (namespace, name) = (&pod.meta.namespace, &volume.name);
        return Err(Trouble::MissingClaim(format!(
            "looking up PVC {namespace}/{name}: {}",
            claim_not_found(name)
        )));
    };
    if let Some(problem) = foreign_claim(pod, claim).filter(|_| volume.ephemeral) {
        return Err(Trouble::Broken(PluginError::new(problem)));
    }
    Ok(csi::of_claim(claim, objects))
}
