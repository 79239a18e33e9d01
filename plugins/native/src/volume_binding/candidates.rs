//! Which existing volumes a claim may be bound to.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::volume::{Claim, PersistentVolume};

use super::affinity;
use super::pin_index::PinIndex;

const AVAILABLE: &str = "Available";
const FILESYSTEM: &str = "Filesystem";

/// The volumes that suit a claim wherever the pod runs; only the node and the pod's other claims are left to look at.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Volumes set aside for the claim, in name order. The first one decides.
    prebound: Vec<Arc<PersistentVolume>>,
    /// Free volumes, smallest first, equal ones in name order.
    free: Vec<Arc<PersistentVolume>>,
    index: PinIndex,
}

impl Candidates {
    /// Those of `pool`, which is in name order, that suit the claim.
    pub(super) fn of(claim: &Claim, pool: &[&Arc<PersistentVolume>]) -> Self {
        let mut found = Self::default();
        for volume in pool.iter().filter(|v| suits(v, claim)) {
            if is_bound_to(volume, claim) {
                found.prebound.push(Arc::clone(volume));
            } else if is_free_for(volume, claim) {
                found.free.push(Arc::clone(volume));
            }
        }
        found.free.sort_by_key(|v| v.capacity);
        for (at, volume) in found.free.iter().enumerate() {
            found.index.add(at, affinity::pin(volume.node_affinity.as_ref()));
        }
        found
    }

    /// The volume to bind on a node with these labels, none of `taken`: the one set aside for the claim, or else the
    /// smallest. When the one set aside cannot be used on the node, nothing else will do.
    pub(super) fn find(&self, labels: &Labels, taken: &[Str]) -> Option<&Arc<PersistentVolume>> {
        let usable = |v: &PersistentVolume| affinity::allows(v.node_affinity.as_ref(), labels);
        let is_taken = |v: &PersistentVolume| taken.contains(&v.name);
        if let Some(own) = self.prebound.iter().find(|v| !is_taken(v)) {
            return Some(own).filter(|v| usable(v));
        }
        let at = self.index.first(labels, |at| !is_taken(&self.free[at]) && usable(&self.free[at]))?;
        self.free.get(at)
    }
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
        && (volume.claim.is_none() || is_bound_to(volume, claim))
        && volume.capacity >= claim.request
        && mode(&volume.volume_mode) == mode(&claim.volume_mode)
        && given(&volume.attributes_class) == given(&claim.attributes_class)
        && !volume.terminating
}

/// What is asked of a volume that was not set aside.
fn is_free_for(volume: &PersistentVolume, claim: &Claim) -> bool {
    &*volume.phase == AVAILABLE
        && claim.selector.as_ref().is_none_or(|s| s.matches(&volume.labels))
        && claim.access_modes.iter().all(|m| volume.access_modes.contains(m))
}

fn mode(written: &str) -> &str {
    if written.is_empty() { FILESYSTEM } else { written }
}
