//! Which nodes have pods that use a claim.

use std::collections::HashMap;
use std::sync::Arc;

use super::Slot;
use crate::Str;
use crate::keyed::KeyedState;
use crate::objects::NamespacedName;
use crate::pod::Pod;
use crate::volume::VolumeSource;

/// Those who use one claim.
#[derive(Clone, Debug, Default)]
struct Users {
    /// How many pods name it; generic ephemeral volumes do not count.
    named: u32,
    /// The node of each volume that stands for it.
    slots: Vec<Slot>,
}

/// Claims that pods on nodes use, and disks that they name without one.
#[derive(Clone, Debug, Default)]
pub(super) struct ClaimUsers {
    claims: HashMap<NamespacedName, Users, KeyedState>,
    /// How many volumes name a disk that ends so, behind the last `/`.
    inline: HashMap<Str, u32, KeyedState>,
}

impl ClaimUsers {
    /// How many volumes of pods name the claim.
    pub(super) fn named(&self, namespace: &Str, name: &Str) -> u32 {
        self.users(namespace, name).map_or(0, |users| users.named)
    }

    /// The nodes of those who use it, possibly repeated.
    pub(super) fn slots(&self, namespace: &Str, name: &Str) -> &[Slot] {
        self.users(namespace, name).map_or(&[], |users| &users.slots)
    }

    fn users(&self, namespace: &Str, name: &Str) -> Option<&Users> {
        if self.claims.is_empty() {
            return None;
        }
        self.claims.get(&(Arc::clone(namespace), Arc::clone(name)))
    }

    /// Whether a pod may name the disk with this handle without a claim. An in-tree plugin and the driver that took over from
    /// it may write the same disk in different ways, but not its last part.
    pub(super) fn may_be_inline(&self, handle: &str) -> bool {
        !self.inline.is_empty() && self.inline.contains_key(last_part(handle))
    }

    pub(super) fn add(&mut self, slot: Slot, pod: &Pod) {
        for disk in inline_disks(pod) {
            *self.inline.entry(Str::from(disk)).or_default() += 1;
        }
        for (claim, named) in claims(pod) {
            let users = self.claims.entry(claim).or_default();
            users.named += u32::from(named);
            users.slots.push(slot);
        }
    }

    pub(super) fn remove(&mut self, slot: Slot, pod: &Pod) {
        for disk in inline_disks(pod) {
            if let Some(count) = self.inline.get_mut(disk) {
                *count -= 1;
                if *count == 0 {
                    self.inline.remove(disk);
                }
            }
        }
        for (claim, named) in claims(pod) {
            let Some(users) = self.claims.get_mut(&claim) else { continue };
            users.named = users.named.saturating_sub(u32::from(named));
            if let Some(at) = users.slots.iter().rposition(|other| *other == slot) {
                users.slots.swap_remove(at);
            }
            if users.slots.is_empty() {
                self.claims.remove(&claim);
            }
        }
    }
}

/// The claims that the pod uses, and whether it names them itself.
fn claims(pod: &Pod) -> impl Iterator<Item = (NamespacedName, bool)> {
    pod.spec.volumes.iter().filter_map(|volume| {
        let name = volume.claim_name(&pod.meta.name)?;
        Some(((Arc::clone(&pod.meta.namespace), name), volume.is_named_claim()))
    })
}

/// The disks of the pod's volumes that a CSI driver may have taken over, each by the last part of its name.
fn inline_disks(pod: &Pod) -> impl Iterator<Item = &str> {
    use VolumeSource as V;
    pod.spec.volumes.iter().filter_map(|volume| match &volume.source {
        V::GcePersistentDisk { name, .. } => Some(last_part(name)),
        V::AwsElasticBlockStore { id } => Some(last_part(id)),
        V::Migratable { handle, .. } => Some(last_part(handle)),
        _ => None,
    })
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
