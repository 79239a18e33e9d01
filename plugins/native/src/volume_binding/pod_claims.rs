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
use smallvec::SmallVec;

use super::affinity;
use super::candidates;
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
    /// Volumes that were set aside for it.
    pub(super) set_aside: Vec<Arc<PersistentVolume>>,
    /// What may be made for it.
    pub(super) provision: Arc<Provision>,
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

/// How it stands with a claim that the pod may use.
#[derive(Clone, Copy)]
pub(super) enum Standing<'a> {
    /// It is bound.
    Bound(&'a Arc<Claim>),
    /// It is to be bound now that a pod uses it.
    Delayed(&'a Arc<Claim>),
}

/// The standing of every claim of the pod, in volume order, or why the pod cannot run anywhere for now.
type Standings<'a> = Result<SmallVec<[Standing<'a>; 2]>, Rejection>;

/// Looks at every claim of the pod.
///
/// # Errors
/// When a class does not say when to bind.
pub(super) fn standings<'a>(pod: &Pod, objects: &'a Objects) -> Result<Standings<'a>, PluginError> {
    let mut used = SmallVec::<[_; 2]>::new();
    for volume in claim_volumes(pod) {
        match usable(pod, objects, &volume.name, volume.ephemeral) {
            Ok(claim) => used.push(claim),
            Err(why) => return Ok(Err(Rejection::unresolvable(why))),
        }
    }
    let mut found = SmallVec::new();
    let mut immediate = false;
    for claim in used {
        if claim.is_bound() {
            found.push(Standing::Bound(claim));
        } else if waits(claim, objects)? && claim.volume_name.is_empty() {
            found.push(Standing::Delayed(claim));
        } else {
            immediate = true;
        }
    }
    if immediate {
        return Ok(Err(Rejection::unresolvable(Reason::UnboundImmediateClaims)));
    }
    Ok(Ok(found))
}

/// Finds out all that Filter needs of the pod's claims. What may be made for them is taken over from `alike`, the claims of
/// a pod that is alike, if there is one. With `exact`, capacities are compared as they are written.
///
/// # Errors
/// When a class does not say when to bind.
pub(super) fn gather(
    pod: &Pod,
    objects: &Objects,
    alike: Option<&PodClaims>,
    exact: bool,
) -> Result<Gathered, PluginError> {
    let standings = match standings(pod, objects)? {
        Ok(standings) if standings.is_empty() => return Ok(Gathered::Nothing),
        Ok(standings) => standings,
        Err(rejection) => return Ok(Gathered::Reject(rejection)),
    };
    let mut found = PodClaims::default();
    for standing in standings {
        match standing {
            Standing::Bound(claim) => found.bound.push(BoundClaim(BoundVolume::of(claim, objects))),
            Standing::Delayed(claim) => {
                let known = alike.and_then(|alike| alike.delayed.get(found.delayed.len()));
                let provision = known.map(|known| Arc::clone(&known.provision));
                found.delayed.push(DelayedClaim::of(claim, objects, provision, exact));
            }
        }
    }
    Ok(Gathered::Claims(found))
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

impl BoundVolume {
    /// The volume of a claim; `None` when it is gone.
    pub(super) fn of(claim: &Claim, objects: &Objects) -> Option<Self> {
        let volume = objects.volumes.get(&claim.volume_name)?;
        let plugin = volume.csi.as_ref().and_then(|c| c.migrated_from.clone());
        let migrated = plugin.and_then(|plugin| {
            let changed = affinity::translated(volume, &plugin)?;
            Some((plugin, Some(changed)))
        });
        Some(Self { volume: Arc::clone(volume), migrated })
    }
}

impl DelayedClaim {
    fn of(claim: &Arc<Claim>, objects: &Objects, provision: Option<Arc<Provision>>, exact: bool) -> Self {
        let selected_node = claim.annotations.get(SELECTED_NODE).cloned();
        let set_aside = match &selected_node {
            Some(_) => Vec::new(),
            None => candidates::set_aside(claim, objects),
        };
        let provision = provision.unwrap_or_else(|| Arc::new(Provision::of(claim, objects, exact)));
        Self { claim: Arc::clone(claim), selected_node, set_aside, provision }
    }
}
