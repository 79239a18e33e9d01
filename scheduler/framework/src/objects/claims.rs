//! PersistentVolumeClaims.

use std::collections::HashMap;
use std::sync::Arc;

use super::assumable::Assumable;
use super::{Concern, NamespacedName};
use crate::Str;
use crate::keyed::KeyedState;
use crate::volume::Claim;

/// PersistentVolumeClaims by namespace and name, and by the volume that they are bound to.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    all: Assumable<NamespacedName, Claim>,
    /// Claims by `spec.volumeName`: mostly one.
    by_volume: HashMap<Str, Vec<NamespacedName>, KeyedState>,
}

impl Claims {
    /// The claim, as assumed if anything is assumed of it.
    pub fn get(&self, key: &NamespacedName) -> Option<&Arc<Claim>> {
        self.all.get(key)
    }

    /// Every claim in order of namespace and name, as assumed.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Claim>> {
        self.all.iter()
    }

    /// The claims that name this volume.
    pub fn of_volume(&self, volume: &Str) -> &[NamespacedName] {
        self.by_volume.get(volume).map_or(&[], Vec::as_slice)
    }

    /// Assumes that a provisioner is told of a node. That changes nothing for pods on nodes. Without effect when the API
    /// server has no such claim.
    pub fn assume(&mut self, claim: Arc<Claim>) {
        self.all.assume(claim.key(), claim);
    }

    /// Goes back to what the API server has.
    pub fn restore(&mut self, key: &NamespacedName) {
        self.all.restore(key);
    }

    pub(super) fn set(&mut self, claim: Arc<Claim>, concerns: &mut Vec<Concern>) -> Option<Arc<Claim>> {
        let key = claim.key();
        let old = self.all.set(key.clone(), Arc::clone(&claim));
        if behind(old.as_deref()) != behind(Some(&claim)) {
            self.unindex(&key, old.as_deref());
            if !claim.volume_name.is_empty() {
                self.by_volume.entry(Arc::clone(&claim.volume_name)).or_default().push(key.clone());
            }
            concerns.push(Concern::Users(key));
        }
        old
    }

    pub(super) fn remove(&mut self, key: &NamespacedName, concerns: &mut Vec<Concern>) -> Option<Arc<Claim>> {
        let old = self.all.remove(key)?;
        self.unindex(key, Some(&old));
        concerns.push(Concern::Users(key.clone()));
        Some(old)
    }

    fn unindex(&mut self, key: &NamespacedName, claim: Option<&Claim>) {
        let Some(volume) = claim.map(|claim| &claim.volume_name) else { return };
        if let Some(claims) = self.by_volume.get_mut(volume) {
            claims.retain(|other| other != key);
            if claims.is_empty() {
                self.by_volume.remove(volume);
            }
        }
    }
}

/// What of a claim says which volume is behind it, and whether a pod may use it.
fn behind(claim: Option<&Claim>) -> Option<(&Str, Option<&Str>, Option<&Str>)> {
    claim.map(|claim| (&claim.volume_name, claim.class.as_ref(), claim.owner_uid.as_ref()))
}
