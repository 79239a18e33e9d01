//! PersistentVolumes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::assumable::Assumable;
use super::free_volumes::FreeVolumes;
use super::{Concern, NamespacedName};
use crate::Str;
use crate::keyed::KeyedState;
use crate::labels::Labels;
use crate::quantity::Quantity;
use crate::volume::{CsiSource, PersistentVolume};

/// PersistentVolumes by name, and by what they are looked up by when a claim waits for one.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    all: Assumable<Str, PersistentVolume>,
    /// Those that no claim has, by class.
    free: HashMap<Str, FreeVolumes, KeyedState>,
    /// Those that are bound to a claim or set aside for it, by `spec.claimRef`.
    by_claim: HashMap<NamespacedName, BTreeSet<Str>, KeyedState>,
    /// How many there are of each driver and handle.
    by_handle: HashMap<(Str, Str), u32, KeyedState>,
    /// Rises when a free volume comes or goes that is not bound to single nodes.
    revision: u64,
}

impl Volumes {
    /// The volume, as assumed if anything is assumed of it.
    pub fn get(&self, name: &Str) -> Option<&Arc<PersistentVolume>> {
        self.all.get(name)
    }

    /// Every volume in order of name, as assumed.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PersistentVolume>> {
        self.all.iter()
    }

    /// The volumes whose `claimRef` names this claim, in order of name.
    pub fn of_claim(&self, claim: &NamespacedName) -> impl Iterator<Item = &Arc<PersistentVolume>> {
        self.by_claim.get(claim).into_iter().flatten().filter_map(|name| self.all.get(name))
    }

    /// The first free volume of a class that `accept` accepts, of those with at least this capacity that a node with these
    /// labels may be able to use: the smallest, of equal ones the first by name.
    pub fn first_free(
        &self,
        class: &str,
        at_least: Quantity,
        labels: &Labels,
        accept: impl Fn(&PersistentVolume) -> bool,
    ) -> Option<&Arc<PersistentVolume>> {
        self.free.get(class)?.first(at_least, labels, accept)
    }

    /// A number for the free volumes of a class that are not known to be of use to few nodes only: as long as it is the same,
    /// they are. 0 when there is none.
    pub fn anywhere_revision(&self, class: &str) -> u64 {
        self.free.get(class).map_or(0, |free| free.anywhere_revision)
    }

    /// How many volumes have this driver and handle.
    pub fn with_handle(&self, source: &CsiSource) -> u32 {
        self.by_handle.get(&handle_key(source)).copied().unwrap_or(0)
    }

    /// Assumes `volume`; without effect when the API server has none of that name.
    pub(super) fn assume(&mut self, volume: Arc<PersistentVolume>, concerns: &mut Vec<Concern>) {
        let name = Arc::clone(&volume.name);
        self.change(&name, concerns, |all| all.assume(Arc::clone(&volume.name), volume));
    }

    /// Goes back to what the API server has.
    pub(super) fn restore(&mut self, name: &Str, concerns: &mut Vec<Concern>) {
        self.change(name, concerns, |all| all.restore(name));
    }

    pub(super) fn set(
        &mut self,
        volume: Arc<PersistentVolume>,
        concerns: &mut Vec<Concern>,
    ) -> Option<Arc<PersistentVolume>> {
        let name = Arc::clone(&volume.name);
        self.change(&name, concerns, |all| all.set(Arc::clone(&volume.name), volume))
    }

    pub(super) fn remove(
        &mut self,
        name: &Str,
        concerns: &mut Vec<Concern>,
    ) -> Option<Arc<PersistentVolume>> {
        self.change(name, concerns, |all| all.remove(name))
    }

    /// Makes a change of one volume, after which the look-ups say what is so then.
    fn change<R>(
        &mut self,
        name: &Str,
        concerns: &mut Vec<Concern>,
        make: impl FnOnce(&mut Assumable<Str, PersistentVolume>) -> R,
    ) -> R {
        let before = self.all.get(name).cloned();
        let made = make(&mut self.all);
        let after = self.all.get(name).cloned();
        if before != after {
            for volume in before.iter() {
                self.unindex(volume);
            }
            for volume in after.iter() {
                self.index(volume);
            }
            self.follow_free(before.as_ref(), after.as_ref(), concerns);
        }
        made
    }

    fn index(&mut self, volume: &PersistentVolume) {
        if let Some(claim) = &volume.claim {
            self.by_claim.entry(claim.key()).or_default().insert(Arc::clone(&volume.name));
        }
        if let Some(source) = &volume.csi {
            *self.by_handle.entry(handle_key(source)).or_default() += 1;
        }
    }

    fn unindex(&mut self, volume: &PersistentVolume) {
        if let Some(claim) = &volume.claim {
            let key = claim.key();
            if let Some(names) = self.by_claim.get_mut(&key) {
                names.remove(&volume.name);
                if names.is_empty() {
                    self.by_claim.remove(&key);
                }
            }
        }
        if let Some(source) = &volume.csi {
            let key = handle_key(source);
            if let Some(count) = self.by_handle.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.by_handle.remove(&key);
                }
            }
        }
    }

    fn follow_free(
        &mut self,
        before: Option<&Arc<PersistentVolume>>,
        after: Option<&Arc<PersistentVolume>>,
        concerns: &mut Vec<Concern>,
    ) {
        let is_free = |volume: &&Arc<PersistentVolume>| volume.is_free();
        if let Some(volume) = before.filter(is_free)
            && let Some(free) = self.free.get_mut(&volume.class)
        {
            self.revision += 1;
            free.remove(volume, self.revision);
            concerns.extend(concern(volume));
            if free.is_empty() {
                self.free.remove(&volume.class);
            }
        }
        if let Some(volume) = after.filter(is_free) {
            self.revision += 1;
            self.free.entry(Arc::clone(&volume.class)).or_default().insert(volume, self.revision);
            concerns.extend(concern(volume));
        }
    }
}

fn handle_key(source: &CsiSource) -> (Str, Str) {
    (Arc::clone(&source.driver), Arc::clone(&source.handle))
}

/// The nodes for which it matters whether the volume is free, where these are known.
fn concern(volume: &PersistentVolume) -> Option<Concern> {
    let (key, values) = volume.node_affinity.as_ref()?.pin()?;
    Some(Concern::Reached { key: Arc::clone(key), values: values.to_vec() })
}
