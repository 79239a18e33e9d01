//! What PreFilter finds out about a pod's claims, once, so that Filter has little left to do per node.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_framework::Str;
use longshore_framework::node_selector::NodeSelector;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::verdict::{PluginError, Rejection};
use longshore_framework::volume::{Claim, PersistentVolume, SELECTED_NODE};

use super::affinity;
use super::candidates::Candidates;
use super::claims::{claim_not_found, claim_volumes, foreign_claim};
use super::provision::Provision;

/// The pod's claims, in volume order and possibly repeated.
#[derive(Debug, Default)]
pub(super) struct PodClaims {
    /// Bound ones.
    pub(super) bound: Vec<BoundClaim>,
    /// Those to be bound now that a pod uses them.
    pub(super) delayed: Vec<DelayedClaim>,
    /// Filter was asked in this cycle. A profile may leave it out, and then Reserve has nothing to set aside.
    pub(super) filtered: AtomicBool,
}

/// The volume of a bound claim; `None` when it is gone.
#[derive(Debug)]
pub(super) struct BoundClaim(pub(super) Option<BoundVolume>);

/// A bound volume.
#[derive(Debug)]
pub(super) struct BoundVolume {
    /// The volume.
    pub(super) volume: Arc<PersistentVolume>,
    /// The in-tree plugin it is of, with its affinity on nodes where a CSI driver has taken over from that plugin.
    pub(super) migrated: Option<(Str, Option<NodeSelector>)>,
}

/// A claim to be bound.
#[derive(Debug)]
pub(super) struct DelayedClaim {
    /// The claim.
    pub(super) claim: Arc<Claim>,
    /// The node it is being provisioned for already.
    pub(super) selected_node: Option<Str>,
    /// Volumes it may be bound to.
    pub(super) candidates: Candidates,
    /// What may be made for it.
    pub(super) provision: Provision,
}

/// What PreFilter makes of the pod's volumes.
pub(super) enum Gathered {
    /// The pod uses no claim.
    Nothing,
    /// The pod cannot run anywhere for now.
    Reject(Rejection),
    /// Its claims.
    Claims(PodClaims),
}

/// Looks at every claim of the pod.
///
/// # Errors
/// When a class does not say when to bind.
pub(super) fn gather(pod: &Pod, objects: &Objects) -> Result<Gathered, PluginError> {
    let mut used = Vec::new();
    for volume in claim_volumes(pod) {
        match usable(pod, objects, &volume.name, volume.ephemeral) {
            Ok(claim) => used.push(claim),
            Err(why) => return Ok(Gathered::Reject(Rejection::unresolvable(why))),
        }
    }
    if used.is_empty() {
        return Ok(Gathered::Nothing);
    }
    sort_out(used, objects)
}

/// The claim, unless the pod has to wait for it or can never use it.
fn usable<'a>(
    pod: &Pod,
    objects: &'a Objects,
    name: &Str,
    ephemeral: bool,
) -> Result<&'a Arc<Claim>, String> {
    let Some(claim) = objects.pod_claim(pod, name) else {
        return Err(if ephemeral {
            format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"")
        } else {
            claim_not_found(name)
        });
    };
    if claim.lost {
        let volume = &claim.volume_name;
        return Err(format!(
            "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
        ));
    }
    if claim.terminating {
        return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
    }
    match foreign_claim(pod, claim).filter(|_| ephemeral) {
        Some(problem) => Err(problem),
        None => Ok(claim),
    }
}

fn sort_out(used: Vec<&Arc<Claim>>, objects: &Objects) -> Result<Gathered, PluginError> {
    let mut found = PodClaims::default();
    let mut delayed = Vec::new();
    let mut immediate = false;
    for claim in used {
        if claim.is_bound() {
            found.bound.push(BoundClaim::of(claim, objects));
        } else if waits(claim, objects)? && claim.volume_name.is_empty() {
            delayed.push(claim);
        } else {
            immediate = true;
        }
    }
    if immediate {
        return Ok(Gathered::Reject(Rejection::unresolvable(Reason::UnboundImmediateClaims)));
    }
    let pool = pool(&delayed, objects);
    found.delayed = delayed.into_iter().map(|c| DelayedClaim::of(c, &pool, objects)).collect();
    Ok(Gathered::Claims(found))
}

/// Whether the claim's class waits for a pod. A class that is not there does not.
fn waits(claim: &Claim, objects: &Objects) -> Result<bool, PluginError> {
    let Some(class) = class_name(claim).and_then(|name| objects.classes.get(name)) else { return Ok(false) };
    if class.binding_mode.is_none() {
        return Err(PluginError::new(format!(
            "VolumeBindingMode not set for StorageClass \"{}\"",
            class.name
        )));
    }
    Ok(class.waits())
}

/// The claim's class, when it has one.
fn class_name(claim: &Claim) -> Option<&Str> {
    claim.class.as_ref().filter(|c| !c.is_empty())
}

/// The volumes of the claims' classes, in name order.
fn pool<'a>(claims: &[&Arc<Claim>], objects: &'a Objects) -> Vec<&'a Arc<PersistentVolume>> {
    let searching: Vec<&Str> = claims
        .iter()
        .filter(|c| c.annotations.get(SELECTED_NODE).is_none())
        .filter_map(|c| class_name(c))
        .collect();
    if searching.is_empty() {
        return Vec::new();
    }
    objects.volumes.iter().filter(|v| searching.contains(&&v.class)).collect()
}

impl BoundClaim {
    fn of(claim: &Claim, objects: &Objects) -> Self {
        Self(objects.volumes.get(&claim.volume_name).map(|volume| {
            let plugin = volume.csi.as_ref().and_then(|c| c.migrated_from.clone());
            let migrated = plugin.and_then(|plugin| {
                let changed = affinity::translated(volume, &plugin)?;
                Some((plugin, Some(changed)))
            });
            BoundVolume { volume: Arc::clone(volume), migrated }
        }))
    }
}

impl DelayedClaim {
    fn of(claim: &Arc<Claim>, pool: &[&Arc<PersistentVolume>], objects: &Objects) -> Self {
        let selected_node = claim.annotations.get(SELECTED_NODE).cloned();
        let candidates = match &selected_node {
            Some(_) => Candidates::default(),
            None => Candidates::of(claim, pool),
        };
        let provision = Provision::of(claim, objects);
        Self { claim: Arc::clone(claim), selected_node, candidates, provision }
    }
}
