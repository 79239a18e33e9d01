//! The CSI volumes of one pod.

use std::collections::HashSet;
use std::sync::Arc;

use longshore_framework::keyed::KeyedState;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;
use longshore_framework::volume::Claim;

use super::csi::{self, CsiVolume};
use crate::volume_binding::claims::{ClaimVolume, claim_not_found, foreign_claim};

/// Distinct volumes. Only ever counted, so their order does not matter.
pub(super) type Volumes = HashSet<CsiVolume, KeyedState>;

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

/// Tells the volumes of a pod, each with the claim that it stands behind. Without a CSINode (`migrated` false) inline
/// volumes do not count.
pub(super) fn collect(
    pod: &Pod,
    objects: &Objects,
    whose: Whose,
    migrated: bool,
    mut tell: impl FnMut(CsiVolume, Option<&Claim>),
) -> Result<(), Trouble> {
    for volume in &pod.spec.volumes {
        match ClaimVolume::of(pod, volume) {
            Some(behind) => {
                if let Some((counted, claim)) = of_claim(pod, &behind, objects, whose)? {
                    tell(counted, Some(claim));
                }
            }
            None if migrated => {
                if let Some(counted) = csi::inline(volume).map_err(Trouble::Broken)? {
                    tell(counted, None);
                }
            }
            None => {}
        }
    }
    Ok(())
}

fn of_claim<'o>(
    pod: &Pod,
    volume: &ClaimVolume,
    objects: &'o Objects,
    whose: Whose,
) -> Result<Option<(CsiVolume, &'o Arc<Claim>)>, Trouble> {
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
    Ok(csi::of_claim(claim, objects).map(|counted| (counted, claim)))
}
