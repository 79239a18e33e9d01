//! The volumes that a pod brings to the node it is placed on.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::likeness::Likeness;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::Snapshot;
use longshore_framework::volume::{Claim, CsiNode};
use smallvec::SmallVec;

use super::csi::{self, CsiVolume};
use super::pod_volumes::{Trouble, Volumes, Whose, collect};

/// The pod's volumes, which are the same on every node with a CSINode. Without one nothing is limited, and only
/// trouble is of interest.
#[derive(Clone)]
pub(super) struct Incoming(Arc<Found>);

struct Found {
    volumes: Result<Brought, Trouble>,
    trouble_without_csi_node: Option<Trouble>,
    /// Drivers that have to be on the node, by name.
    required: SmallVec<[Required; 1]>,
}

/// A driver of a volume that says that it has to be on the node.
struct Required {
    driver: Str,
    /// All its volumes were in-tree ones: without a CSINode they are not the driver's.
    migrated: bool,
    /// What is said of a node without it.
    reason: Reason,
}

/// Distinct volumes.
#[derive(Default)]
pub(super) struct Brought {
    /// How many of each driver no pod on any node uses. They are new wherever the pod goes, so who they are does not matter,
    /// and pods that bring as many are alike. In order of the driver's name.
    pub(super) unused: SmallVec<[(Str, i64); 1]>,
    /// Those that a pod on some node may use: there they are not new.
    pub(super) shared: Volumes,
}

impl Brought {
    pub(super) fn is_empty(&self) -> bool {
        self.unused.is_empty() && self.shared.is_empty()
    }

    fn add_unused(&mut self, driver: &Str) {
        match self.unused.binary_search_by(|(have, _)| have.cmp(driver)) {
            Ok(at) => self.unused[at].1 += 1,
            Err(at) => self.unused.insert(at, (Arc::clone(driver), 1)),
        }
    }
}

impl Incoming {
    /// Of a pod and the nodes as they are.
    pub(super) fn of(pod: &Pod, objects: &Objects, snapshot: &Snapshot) -> Self {
        Self::found(pod, objects, |volume, claim| {
            claim.is_some_and(|claim| is_unused(volume, claim, objects, snapshot))
        })
    }

    /// Of a pod, where nodes are not as they are: who its volumes are matters for all of them.
    pub(super) fn by_name(pod: &Pod, objects: &Objects) -> Self {
        Self::found(pod, objects, |_, _| false)
    }

    fn found(pod: &Pod, objects: &Objects, is_unused: impl Fn(&CsiVolume, Option<&Claim>) -> bool) -> Self {
        let mut brought = Brought::default();
        let mut seen = SmallVec::<[CsiVolume; 2]>::new();
        let mut required = SmallVec::new();
        let collected = collect(pod, objects, Whose::Incoming, true, |volume, claim| {
            if seen.contains(&volume) {
                return;
            }
            require(&mut required, &volume.driver, claim, objects);
            if is_unused(&volume, claim) {
                brought.add_unused(&volume.driver);
            } else {
                brought.shared.insert(volume.clone());
            }
            seen.push(volume);
        });
        // Without a CSINode less can go wrong.
        let without =
            collected.is_err().then(|| collect(pod, objects, Whose::Incoming, false, |_, _| {}).err());
        let trouble_without_csi_node = without.flatten();
        let volumes = collected.map(|()| brought);
        Self(Arc::new(Found { volumes, trouble_without_csi_node, required }))
    }

    /// The volumes, or why they cannot be told.
    pub(super) fn volumes(&self) -> Result<&Brought, &Trouble> {
        self.0.volumes.as_ref()
    }

    /// Why they cannot be told on a node without a CSINode.
    pub(super) fn trouble_without_csi_node(&self) -> Option<&Trouble> {
        self.0.trouble_without_csi_node.as_ref()
    }

    /// What is to be said of a node with this CSINode, or without any, when it lacks a driver that has to be there.
    pub(super) fn missing_driver(&self, csi_node: Option<&CsiNode>) -> Option<&Reason> {
        let is_missing = |required: &&Required| match csi_node {
            Some(csi_node) => !csi_node.drivers.iter().any(|(driver, _)| *driver == required.driver),
            None => !required.migrated,
        };
        self.0.required.iter().find(is_missing).map(|required| &required.reason)
    }

    /// Adds what matters of them; drivers that have to be on the node only where nodes without them are rejected.
    pub(super) fn tell_apart(&self, likeness: &mut Likeness, requires_drivers: bool) {
        let Ok(brought) = self.volumes() else { return likeness.set_apart() };
        for required in self.0.required.iter().filter(|_| requires_drivers) {
            likeness.add_numbers(&[u64::from(required.migrated)]);
            likeness.add_texts([&required.driver]);
        }
        likeness.add_texts(brought.unused.iter().map(|(driver, _)| driver));
        for (_, count) in &brought.unused {
            likeness.add_numbers(&[count.unsigned_abs()]);
        }
        let mut shared: Vec<_> = brought.shared.iter().collect();
        shared.sort_unstable();
        for volume in shared {
            likeness.add_texts(volume.words());
        }
    }
}

/// Adds the driver of a volume to those that have to be on the node, if it says that it has to.
fn require(required: &mut SmallVec<[Required; 1]>, driver: &Str, claim: Option<&Claim>, objects: &Objects) {
    if !objects.csi_drivers.get(driver).is_some_and(|driver| driver.prevents_if_missing) {
        return;
    }
    let migrated = csi::is_migrated(claim, objects);
    match required.binary_search_by(|known| known.driver.cmp(driver)) {
        Ok(at) => required[at].migrated &= migrated,
        Err(at) => {
            let reason = format!("{driver} CSI driver is not installed on the node").into();
            required.insert(at, Required { driver: Arc::clone(driver), migrated, reason });
        }
    }
}

/// Whether certainly no pod on any node uses the volume of this claim, by whatever way.
fn is_unused(volume: &CsiVolume, claim: &Claim, objects: &Objects, snapshot: &Snapshot) -> bool {
    if snapshot.is_claim_used(&claim.namespace, &claim.name)
        || volume.handle().is_some_and(|handle| snapshot.may_be_inline(handle))
    {
        return false;
    }
    let Some(bound) = objects.volumes.get(&claim.volume_name) else { return true };
    let is_one_of_several = |source| objects.volumes.with_handle(source) > 1;
    objects.claims.of_volume(&bound.name).len() <= 1 && !bound.csi.as_ref().is_some_and(is_one_of_several)
}
