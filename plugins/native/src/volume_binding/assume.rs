//! Reserve, Unreserve and PreBind: what is assumed of volumes and claims, how it is undone, what is to be written.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::objects::Objects;
use longshore_framework::port::StorageWrite;
use longshore_framework::volume::{Claim, ClaimRef, PersistentVolume, SELECTED_NODE};

use super::candidates::is_bound_to;
use super::decide::Bindings;

/// Annotation on a volume whose binding was not the user's.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// What Reserve did.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserved {
    /// Volumes as assumed.
    volumes: Vec<Arc<PersistentVolume>>,
    /// Claims as assumed.
    claims: Vec<Arc<Claim>>,
    /// What PreBind has to write.
    pub(super) writes: Vec<StorageWrite>,
}

/// Assumes the bindings on `node`. What another pod assumed already, of a claim both use, is left as it is and is not
/// ours to undo.
pub(super) fn assume(bindings: Bindings, node: &Str, objects: &mut Objects) -> Reserved {
    let mut reserved = Reserved::default();
    for (volume, claim) in &bindings.bind {
        if let Some(bound) = bound_to(volume, claim) {
            objects.assume_volume(Arc::new(bound));
            reserved.volumes.extend(objects.volumes.get(&volume.name).cloned());
        }
        reserved.writes.push(StorageWrite::BindVolume {
            volume: Arc::clone(&volume.name),
            namespace: Arc::clone(&claim.namespace),
            claim: Arc::clone(&claim.name),
        });
    }
    for (claim, _) in &bindings.provision {
        if claim.annotations.get(SELECTED_NODE) != Some(node) {
            let key = claim.key();
            objects.claims.assume(Arc::new(provisioned_on(claim, node)));
            reserved.claims.extend(objects.claims.get(&key).cloned());
        }
        reserved.writes.push(StorageWrite::Provision {
            namespace: Arc::clone(&claim.namespace),
            claim: Arc::clone(&claim.name),
            node: Arc::clone(node),
        });
    }
    reserved
}

/// Undoes [`assume`]; a second time it does nothing. Where the API server has told something newer since, the
/// assumption is over, and what another pod assumed of that stays.
pub(super) fn restore(reserved: &mut Reserved, objects: &mut Objects) {
    for volume in reserved.volumes.drain(..) {
        if objects.volumes.get(&volume.name).is_some_and(|now| Arc::ptr_eq(now, &volume)) {
            objects.restore_volume(&volume.name);
        }
    }
    for claim in reserved.claims.drain(..) {
        let key = claim.key();
        if objects.claims.get(&key).is_some_and(|now| Arc::ptr_eq(now, &claim)) {
            objects.claims.restore(&key);
        }
    }
    reserved.writes.clear();
}

/// The volume with its `claimRef` set; `None` when it is so already. A volume that nobody had set aside for the claim
/// is marked as bound by a controller.
fn bound_to(volume: &PersistentVolume, claim: &Claim) -> Option<PersistentVolume> {
    let wanted = ClaimRef {
        namespace: Arc::clone(&claim.namespace),
        name: Arc::clone(&claim.name),
        uid: Arc::clone(&claim.uid),
    };
    if volume.claim.as_ref() == Some(&wanted) {
        return None;
    }
    let mut bound = volume.clone();
    bound.claim = Some(wanted);
    if !is_bound_to(volume, claim) && volume.annotations.get(BOUND_BY_CONTROLLER).is_none() {
        bound.annotations = annotated(&volume.annotations, BOUND_BY_CONTROLLER, "yes");
    }
    Some(bound)
}

fn provisioned_on(claim: &Claim, node: &Str) -> Claim {
    let mut chosen = claim.clone();
    chosen.annotations = annotated(&claim.annotations, SELECTED_NODE, node);
    chosen
}

fn annotated(annotations: &Labels, key: &str, value: &str) -> Labels {
    let own = annotations.iter().map(|(k, v)| (Arc::clone(k), Arc::clone(v)));
    own.chain([(Str::from(key), Str::from(value))]).collect()
}
