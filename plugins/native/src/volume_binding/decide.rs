//! What becomes of a pod's claims on one node. The same node gets the same answer in Filter and in Reserve.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;
use longshore_framework::reason::Reason;
use longshore_framework::verdict::{PluginError, Reasons, RejectCode, Rejection};
use longshore_framework::volume::{Claim, PersistentVolume};

use super::affinity;
use super::candidates;
use super::pod_claims::{BoundVolume, DelayedClaim, PodClaims};
use super::provision::Provision;

/// What is to be done for the pod on a node.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// Volumes to be bound to claims.
    pub(super) bind: Vec<(Arc<PersistentVolume>, Arc<Claim>)>,
    /// Claims to be provisioned, each with the bytes of the storage that it is made from, where the driver says so.
    pub(super) provision: Vec<(Arc<Claim>, Option<i64>)>,
}

/// The bindings, or every reason against the node.
pub(super) type Decision = Result<Bindings, Rejection>;

/// Decides for one node.
///
/// # Errors
/// When the class of a claim is gone.
pub(super) fn decide(claims: &PodClaims, objects: &Objects, node: &Node) -> Result<Decision, PluginError> {
    let (matched, exist) = check_bound(claims, objects, node);
    let mut bindings = Bindings::default();
    let unbound = check_delayed(claims, objects, node, &mut bindings)?;
    let mut reasons = Reasons::new();
    if !matched {
        reasons.push(Reason::VolumeNodeConflict);
    }
    match unbound {
        Unbound::Satisfied => {}
        Unbound::Conflict => reasons.push(Reason::VolumeBindConflict),
        Unbound::NoRoom => reasons.push(Reason::NotEnoughSpace),
    }
    if !exist {
        reasons.push(Reason::VolumeNotExist);
    }
    Ok(if reasons.is_empty() {
        Ok(bindings)
    } else {
        Err(Rejection { code: RejectCode::UnschedulableAndUnresolvable, reasons })
    })
}

/// Whether the volumes of bound claims match the node, and whether they exist. The first that does not ends the look.
fn check_bound(claims: &PodClaims, objects: &Objects, node: &Node) -> (bool, bool) {
    for claim in &claims.bound {
        match &claim.0 {
            None => return (true, false),
            Some(bound) if !usable(bound, objects, node) => return (false, true),
            Some(_) => {}
        }
    }
    (true, true)
}

fn usable(bound: &BoundVolume, objects: &Objects, node: &Node) -> bool {
    let taken_over =
        |plugin: &Str| objects.csi_nodes.get(&node.name).is_some_and(|n| n.migrated.contains(plugin));
    let affinity = match &bound.migrated {
        Some((plugin, changed)) if taken_over(plugin) => changed.as_ref(),
        _ => bound.volume.node_affinity.as_ref(),
    };
    affinity::allows(affinity, &node.labels)
}

/// How it stands with the claims to be bound.
enum Unbound {
    Satisfied,
    Conflict,
    NoRoom,
}

fn check_delayed(
    claims: &PodClaims,
    objects: &Objects,
    node: &Node,
    bindings: &mut Bindings,
) -> Result<Unbound, PluginError> {
    if claims.delayed.is_empty() {
        return Ok(Unbound::Satisfied);
    }
    let mut to_match = Vec::new();
    let mut to_provision = Vec::new();
    for claim in &claims.delayed {
        match &claim.selected_node {
            Some(selected) if *selected != node.name => return Ok(Unbound::Conflict),
            Some(_) => to_provision.push(claim),
            None => to_match.push(claim),
        }
    }
    to_match.sort_by_key(|c| c.claim.request);
    let mut taken = Vec::new();
    for claim in to_match {
        match candidates::find(&claim.claim, &claim.set_aside, objects, &node.labels, &taken) {
            Some(volume) => {
                taken.push(Arc::clone(&volume.name));
                bindings.bind.push((Arc::clone(volume), Arc::clone(&claim.claim)));
            }
            None => to_provision.push(claim),
        }
    }
    check_provision(&to_provision, node, bindings)
}

/// The first claim that cannot be provisioned decides.
fn check_provision(
    claims: &[&DelayedClaim],
    node: &Node,
    bindings: &mut Bindings,
) -> Result<Unbound, PluginError> {
    for claim in claims {
        let class = match &*claim.provision {
            Provision::NoClass(name) => {
                return Err(PluginError::new(format!("failed to find storage class \"{name}\"")));
            }
            Provision::Never => return Ok(Unbound::Conflict),
            Provision::Allowed(class) | Provision::WithRoom(class, _) => class,
        };
        if !class.allows(&node.labels) {
            return Ok(Unbound::Conflict);
        }
        let mut capacity = None;
        if let Provision::WithRoom(_, room) = &*claim.provision {
            let Some(found) = room.reached(&node.labels) else { return Ok(Unbound::NoRoom) };
            capacity = Some(found);
        }
        bindings.provision.push((Arc::clone(&claim.claim), capacity));
    }
    Ok(Unbound::Satisfied)
}
