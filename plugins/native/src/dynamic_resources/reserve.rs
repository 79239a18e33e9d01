//! Reserve and Unreserve: devices are the pod's in memory before they are in the API server.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::extended_claim_uid;
use longshore_framework::plugin::{Cycle, Reserve, ReserveContext};
use longshore_framework::port::{ClaimRelease, ReleasedClaim};
use longshore_framework::resource_claim::{Allocation, ResourceClaim};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};

use super::work::{Found, Inner, Reserved, Work};
use super::{DynamicResources, filter};

impl Reserve for DynamicResources {
    fn reserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError> {
        let Work(work) = state.get()?;
        if work.is_empty() {
            return Ok(Verdict::Pass);
        }
        let found = match work.found(&cx.snapshot.node(cx.node).name) {
            Some(found) => found,
            None => self.find(cx, work)?,
        };
        let reserved = named(cx, work, &found);
        for (at, allocation) in &reserved.claims {
            if let Some(claim) = work.claims.get(*at) {
                cx.objects.resource_claims.send(claim.uid.clone(), Arc::clone(allocation));
            }
        }
        if let Some((_, allocation)) = &reserved.extended {
            let uid = extended_claim_uid(&cx.pod.meta.uid);
            cx.objects.resource_claims.send(uid, Arc::clone(allocation));
        }
        state.put(Reserved(Arc::new(reserved)));
        Ok(Verdict::Pass)
    }

    fn unreserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) {
        let Some(Work(work)) = state.find() else { return };
        let pod = &cx.pod.meta.uid;
        let mut releases = Vec::new();
        if let Some(Reserved(reserved)) = state.find() {
            for (at, _) in &reserved.claims {
                if let Some(claim) = work.claims.get(*at) {
                    cx.objects.resource_claims.give_up(pod, &claim.uid);
                }
            }
        }
        let claims = &mut cx.objects.resource_claims;
        for known in &work.claims {
            let claim = claims.get(&known.key()).filter(|claim| claim.uid == known.uid);
            if let Some(claim) = claim.filter(|c| c.allocation.is_some() && c.is_reserved_for(pod)) {
                releases.push(release(claim, ClaimRelease::Reservation));
            }
        }
        if work.extended.is_some() {
            claims.give_up(pod, &extended_claim_uid(pod));
            releases.extend(claims.extended_of(pod).map(|claim| release(claim, ClaimRelease::Claim)));
        }
        claims.release(cx.pod, releases);
    }
}

impl DynamicResources {
    /// What the claims get on the node, where it was decided from what is kept that there is something.
    fn find(&self, cx: &ReserveContext<'_>, work: &Inner) -> Result<Arc<Found>, PluginError> {
        let cycle = Cycle { snapshot: cx.snapshot, objects: cx.objects, pod: cx.pod };
        let lost = || PluginError::new("claim allocation not found for node");
        let made = filter::made(cx.pod, work, cx.snapshot.node(cx.node)).map_err(|_| lost())?;
        self.allocate(cycle, work, made, cx.snapshot.view(cx.node))?.map_err(|_| lost())
    }
}

/// What is taken back of a claim as it is known.
pub(super) fn release(claim: &ResourceClaim, what: ClaimRelease) -> ReleasedClaim {
    ReleasedClaim {
        namespace: claim.namespace.clone(),
        name: claim.name.clone(),
        uid: claim.uid.clone(),
        version: claim.version,
        what,
    }
}

/// What was found, with names for shares of devices.
fn named(cx: &ReserveContext<'_>, work: &Inner, found: &Found) -> Found {
    let of = |uid: &Str, allocation: &Arc<Allocation>| {
        if allocation.devices.iter().all(|device| device.share.is_none()) {
            return Arc::clone(allocation);
        }
        let mut allocation = Allocation::clone(allocation);
        for (at, device) in allocation.devices.iter_mut().enumerate() {
            if let Some(share) = &mut device.share {
                *share = share_id(&(uid, &cx.pod.meta.uid, at, &device.driver, &device.pool, &device.device));
            }
        }
        Arc::new(allocation)
    };
    let claims = found.claims.iter().filter_map(|(at, allocation)| {
        let uid = &work.claims.get(*at)?.uid;
        Some((*at, of(uid, allocation)))
    });
    let extended = found.extended.as_ref();
    Found {
        claims: claims.collect(),
        extended: extended.map(|(made, allocation)| (made.clone(), of(&cx.pod.meta.uid, allocation))),
    }
}

/// A UUID for a share of a device. Nothing is decided from it; it is the same for the same claim, pod and device, so that what the
/// engine does follows from what it is told.
fn share_id(of: &impl Hash) -> Str {
    let hash = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        (salt, of).hash(&mut hasher);
        hasher.finish()
    };
    let (high, low) = (hash(0), hash(1));
    // Version 8, of which the standard leaves to everybody what it means, and the usual variant.
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
    .into()
}

#[cfg(test)]
mod tests;
