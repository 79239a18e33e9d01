//! ResourceClaims, and the devices that they have.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::NamespacedName;
use crate::Str;
use crate::device_use::InUse;
use crate::keyed::KeyedState;
use crate::pod::Pod;
use crate::resource_claim::released::ReleasedClaim;
use crate::resource_claim::{Allocation, ResourceClaim};

/// ResourceClaims by namespace and name, as the API server has them, and allocations that are on their way to it.
///
/// What a pod was given in memory is *in flight* until a version of the claim is known that has an allocation, or somebody
/// takes it back. The devices in use are those of all claims with an allocation and those in flight.
#[derive(Clone, Debug, Default)]
pub struct ResourceClaims {
    known: HashMap<NamespacedName, Arc<ResourceClaim>, KeyedState>,
    /// By UID of the claim. As many as there are pods between Reserve and the first news of their claims.
    in_flight: HashMap<Str, Arc<Allocation>, KeyedState>,
    /// Pods whose claims are being written, by UID, with the claims that were given up since.
    writing: HashMap<Str, Vec<Str>, KeyedState>,
    /// Claims for extended resources by UID of the pod.
    extended: HashMap<Str, BTreeSet<NamespacedName>, KeyedState>,
    in_use: InUse,
    /// Allocations that came into use or went out of it.
    changed: Vec<Arc<Allocation>>,
    /// What Unreserve takes back, for the engine to pass on.
    releases: Vec<(Arc<Pod>, Vec<ReleasedClaim>)>,
}

/// The UID in memory of the claim that is yet to be made for extended resources of a pod.
pub fn extended_claim_uid(pod_uid: &Str) -> Str {
    format!("extended-resources/{pod_uid}").into()
}

impl ResourceClaims {
    /// The claim.
    pub fn get(&self, key: &NamespacedName) -> Option<&Arc<ResourceClaim>> {
        self.known.get(key)
    }

    /// Every claim in order of namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ResourceClaim>> {
        let mut all: Vec<_> = self.known.iter().collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter().map(|(_, claim)| claim)
    }

    /// The claim that was made for extended resources of the pod with this UID; the first by name.
    pub fn extended_of(&self, pod_uid: &Str) -> Option<&Arc<ResourceClaim>> {
        self.known.get(self.extended.get(pod_uid)?.first()?)
    }

    /// What is in flight for the claim with this UID.
    pub fn in_flight(&self, uid: &Str) -> Option<&Arc<Allocation>> {
        self.in_flight.get(uid)
    }

    /// All that is in flight, in any order.
    pub fn all_in_flight(&self) -> impl Iterator<Item = &Arc<Allocation>> {
        self.in_flight.values()
    }

    /// The devices in use.
    pub fn in_use(&self) -> &InUse {
        &self.in_use
    }

    /// The allocations that came into use or went out of it since this was last asked.
    pub(super) fn take_changed(&mut self) -> Vec<Arc<Allocation>> {
        std::mem::take(&mut self.changed)
    }

    fn use_devices(&mut self, allocation: &Arc<Allocation>) {
        self.in_use.add(allocation);
        self.changed.push(Arc::clone(allocation));
    }

    fn free_devices(&mut self, allocation: &Arc<Allocation>) {
        self.in_use.remove(allocation);
        self.changed.push(Arc::clone(allocation));
    }

    /// A claim was given this in memory. In place of what was in flight for it, if anything was.
    pub fn send(&mut self, uid: Str, allocation: Arc<Allocation>) {
        self.take_back(&uid);
        self.use_devices(&allocation);
        self.in_flight.insert(uid, allocation);
    }

    /// What a pod has in flight is being written from now on.
    pub fn begin_writes(&mut self, pod_uid: &Str) {
        self.writing.entry(Arc::clone(pod_uid)).or_default();
    }

    /// The writes for a pod are over, and the claims were told of as they are: what was given up meanwhile is free. Returns the
    /// claims that lose something by that, each with what it would have had and as it is.
    pub fn end_writes(&mut self, pod_uid: &str) -> Vec<(Arc<ResourceClaim>, Arc<ResourceClaim>)> {
        let given_up = self.writing.remove(pod_uid).unwrap_or_default();
        let mut lost = Vec::new();
        for uid in given_up {
            let Some(allocation) = self.in_flight.get(&uid).cloned() else { continue };
            self.take_back(&uid);
            if let Some(claim) = self.known.values().find(|claim| claim.uid == uid) {
                let had = ResourceClaim { allocation: Some(allocation), ..ResourceClaim::clone(claim) };
                lost.push((Arc::new(had), Arc::clone(claim)));
            }
        }
        lost
    }

    /// A pod gives up what is in flight for a claim. While it is being written it may arrive nevertheless, so nobody else gets it
    /// before the writes are over.
    pub fn give_up(&mut self, pod_uid: &Str, uid: &Str) {
        match self.writing.get_mut(pod_uid) {
            Some(given_up) if self.in_flight.contains_key(uid) => given_up.push(Arc::clone(uid)),
            _ => _ = self.take_back(uid),
        }
    }

    /// What is in flight for a claim comes to nothing, or is known to have arrived. Whether anything was.
    pub fn take_back(&mut self, uid: &Str) -> bool {
        let Some(allocation) = self.in_flight.remove(uid) else { return false };
        self.free_devices(&allocation);
        true
    }

    /// Asks for this to be taken back in the API server, for a pod that is unreserved.
    pub fn release(&mut self, pod: &Pod, releases: Vec<ReleasedClaim>) {
        if !releases.is_empty() {
            self.releases.push((Arc::new(pod.clone()), releases));
        }
    }

    /// What was asked for since this was last called.
    pub fn take_releases(&mut self) -> Vec<(Arc<Pod>, Vec<ReleasedClaim>)> {
        std::mem::take(&mut self.releases)
    }

    /// Takes the API server's version, and returns the one before. A version that is older than the one that is known is as if it were
    /// never told.
    pub(super) fn set(&mut self, claim: Arc<ResourceClaim>) -> Option<Arc<ResourceClaim>> {
        let key = claim.key();
        match self.known.get(&key) {
            Some(known) if known.uid == claim.uid && 0 < claim.version && claim.version < known.version => {
                return Some(claim);
            }
            Some(known) if known.uid != claim.uid => _ = self.remove(&key),
            _ => {}
        }
        self.index(&claim);
        let old = self.known.insert(key, Arc::clone(&claim));
        let before = old.as_ref().and_then(|old| old.allocation.as_ref());
        if let Some(arrived) = &claim.allocation {
            self.arrived(&claim);
            if before != Some(arrived) {
                self.use_devices(arrived);
            }
        }
        if let Some(before) = before.filter(|before| claim.allocation.as_ref() != Some(*before)) {
            self.free_devices(before);
        }
        old
    }

    /// Forgets the claim.
    pub(super) fn remove(&mut self, key: &NamespacedName) -> Option<Arc<ResourceClaim>> {
        let old = self.known.remove(key)?;
        self.take_back(&old.uid);
        if let Some(allocation) = &old.allocation {
            self.free_devices(allocation);
        }
        if let (true, Some(pod)) = (old.extended, &old.owner_uid)
            && let Some(claims) = self.extended.get_mut(pod)
        {
            claims.remove(key);
            if claims.is_empty() {
                self.extended.remove(pod);
            }
        }
        Some(old)
    }

    fn index(&mut self, claim: &ResourceClaim) {
        if let (true, Some(pod)) = (claim.extended, &claim.owner_uid) {
            self.extended.entry(Arc::clone(pod)).or_default().insert(claim.key());
        }
    }

    /// The claim is known with an allocation: nothing of it is in flight any more.
    fn arrived(&mut self, claim: &ResourceClaim) {
        self.take_back(&claim.uid);
        if let (true, Some(pod)) = (claim.extended, &claim.owner_uid) {
            self.take_back(&extended_claim_uid(pod));
        }
    }
}

#[cfg(test)]
mod tests;
