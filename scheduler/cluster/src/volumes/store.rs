//! The claims and volumes of the cluster, as far as binding them needs, and who waits for which.

use std::sync::Arc;

use dashmap::DashMap;
use longshore_framework::Str;
use longshore_manifest::{Identity, claim, persistent_volume, watched_value};
use rustc_hash::FxBuildHasher;

use super::facts::{ClaimFacts, ClaimKey, VolumeFacts};
use crate::kinds::WatchedKind;
use crate::told::Bystander;
use crate::waits::{Key, Waits};

type Map<K, V> = DashMap<K, V, FxBuildHasher>;

/// What is known of claims and volumes. The watches fill it, as a [`Bystander`] or through the functions here;
/// `PreBind` reads it and waits for it to change.
#[derive(Debug, Default)]
pub struct StorageStore {
    claims: Map<ClaimKey, ClaimFacts>,
    volumes: Map<Str, VolumeFacts>,
    pub(super) waits: Waits,
}

impl StorageStore {
    /// A PersistentVolumeClaim is new or has changed. One that cannot be read counts as it was.
    pub fn saw_claim(&self, identity: &Identity, json: &str) {
        let Ok(claim) = watched_value(json, claim).1 else { return };
        let key = key_of(identity);
        self.claims.insert(key.clone(), ClaimFacts::of(identity, &claim));
        self.waits.wake(&Key::Claim(key));
    }

    /// A PersistentVolume is new or has changed. One that cannot be read counts as it was.
    pub fn saw_volume(&self, identity: &Identity, json: &str) {
        let Ok(volume) = watched_value(json, persistent_volume).1 else { return };
        let now = VolumeFacts::of(identity, volume);
        let is_for = claim_of(&now);
        let before = self.volumes.insert(Arc::clone(&identity.name), now);
        let was_for = before.as_ref().and_then(claim_of).filter(|was| is_for.as_ref() != Some(was));
        for key in [is_for, was_for].into_iter().flatten() {
            self.waits.wake(&Key::Claim(key));
        }
    }

    /// Whether no claim and no volume is known, and nobody waits for one.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.volumes.is_empty() && self.waits.is_empty()
    }

    /// The room of a pod that waits is wanted for another: it waits no longer.
    pub fn preempted(&self, uid: &Str) {
        self.waits.end(&Key::Pod(Arc::clone(uid)), "preempted");
    }

    /// An object of `kind` is gone. Another one may have come under its name before this is told. Pods and nodes matter
    /// too: nothing is bound for a pod that is no more.
    pub fn gone(&self, kind: &str, identity: &Identity) {
        let name = &identity.name;
        match kind {
            "PersistentVolumeClaim" => {
                let key = key_of(identity);
                self.claims.remove_if(&key, |_, facts| facts.uid == identity.uid);
                self.waits.wake(&Key::Claim(key));
            }
            "PersistentVolume" => {
                let was = self.volumes.remove_if(name, |_, facts| facts.uid == identity.uid);
                if let Some(key) = was.as_ref().and_then(|(_, facts)| claim_of(facts)) {
                    self.waits.wake(&Key::Claim(key));
                }
            }
            "Pod" => {
                let why = format!("pod does not exist any more: pod \"{name}\" not found");
                self.waits.end(&Key::Pod(Arc::clone(&identity.uid)), &why);
            }
            "Node" => {
                let why = format!("failed to get node \"{name}\": node \"{name}\" not found");
                self.waits.end(&Key::Node(Arc::clone(name)), &why);
            }
            _ => {}
        }
    }

    pub(super) fn claim(&self, key: &ClaimKey) -> Option<ClaimFacts> {
        self.claims.get(key).map(|facts| facts.clone())
    }

    pub(super) fn volume(&self, name: &Str) -> Option<VolumeFacts> {
        self.volumes.get(name).map(|facts| facts.clone())
    }
}

impl Bystander for StorageStore {
    fn object(&self, kind: &'static WatchedKind, identity: &Identity, json: &str) {
        match kind.kind {
            "PersistentVolumeClaim" => self.saw_claim(identity, json),
            "PersistentVolume" => self.saw_volume(identity, json),
            _ => {}
        }
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        Self::gone(self, kind.kind, identity);
    }
}

fn key_of(identity: &Identity) -> ClaimKey {
    (Arc::clone(&identity.namespace), Arc::clone(&identity.name))
}

fn claim_of(volume: &VolumeFacts) -> Option<ClaimKey> {
    volume.claim.as_ref().map(|c| (Arc::clone(&c.namespace), Arc::clone(&c.name)))
}
