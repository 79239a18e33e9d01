//! Every object beside pods and nodes that a decision may read.

mod assumable;
mod claims;
mod concern;
pub mod declared;
mod device_slices;
mod free_volumes;
mod resource_claims;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::device::{DEVICE_CLASS_PREFIX, DeviceClass, DeviceTaintRule, ResourceSlice};
use crate::group::{GroupKey, PodGroup};
use crate::labels::{LabelSelector, Labels};
use crate::node_metrics::{MetricsSource, NodeMetrics, Sample, Usage};
use crate::pod::Pod;
use crate::{Str, Timestamp};
pub use claims::Claims;
pub use concern::Concern;
use declared::{DeclaredObject, DeclaredObjects};
pub use device_slices::DeviceSlices;
pub use resource_claims::{ResourceClaims, extended_claim_uid};
use serde::{Deserialize, Serialize};
pub use volumes::Volumes;

use crate::resource_claim::ResourceClaim;
use crate::volume::{
    Claim, CsiDriver, CsiNode, CsiStorageCapacity, PersistentVolume, StorageClass, VolumeAttachment,
};

/// A Service: its selector is what default spreading counts by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// `spec.selector`; without entries it selects nothing.
    pub selector: Vec<(Str, Str)>,
}

/// A ReplicationController, ReplicaSet or StatefulSet: its selector is what default spreading counts by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Controller {
    /// Kind.
    pub kind: Str,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
    /// `spec.selector`.
    pub selector: Option<LabelSelector>,
}

/// A PodDisruptionBudget.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DisruptionBudget {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// `spec.selector`; `None` and `{}` match no pod here.
    pub selector: Option<LabelSelector>,
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: i32,
    /// `status.disruptedPods`: names of pods already counted.
    pub disrupted: Vec<Str>,
}

/// A Namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// Name.
    pub name: Str,
    /// Labels.
    pub labels: Labels,
}

/// Any object that is neither pod nor node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Object {
    /// Namespace.
    Namespace(Arc<Namespace>),
    /// Service.
    Service(Arc<Service>),
    /// ReplicationController, ReplicaSet or StatefulSet.
    Controller(Arc<Controller>),
    /// PodDisruptionBudget.
    DisruptionBudget(Arc<DisruptionBudget>),
    /// PersistentVolumeClaim.
    Claim(Arc<Claim>),
    /// PersistentVolume.
    PersistentVolume(Arc<PersistentVolume>),
    /// StorageClass.
    StorageClass(Arc<StorageClass>),
    /// CSINode.
    CsiNode(Arc<CsiNode>),
    /// CSIDriver.
    CsiDriver(Arc<CsiDriver>),
    /// CSIStorageCapacity.
    CsiStorageCapacity(Arc<CsiStorageCapacity>),
    /// VolumeAttachment.
    VolumeAttachment(Arc<VolumeAttachment>),
    /// PodGroup.
    PodGroup(Arc<PodGroup>),
    /// DeviceClass.
    DeviceClass(Arc<DeviceClass>),
    /// ResourceClaim.
    ResourceClaim(Arc<ResourceClaim>),
    /// ResourceSlice.
    ResourceSlice(Arc<ResourceSlice>),
    /// DeviceTaintRule.
    DeviceTaintRule(Arc<DeviceTaintRule>),
    /// An object of a kind that a plugin declares.
    Declared(Arc<DeclaredObject>),
}

impl Object {
    /// Its namespace, empty for an object that is in none, and its name.
    pub fn key(&self) -> NamespacedName {
        let none = Str::default;
        let (namespace, name) = match self {
            Self::Namespace(o) => (none(), &o.name),
            Self::Service(o) => (Arc::clone(&o.namespace), &o.name),
            Self::Controller(o) => (Arc::clone(&o.namespace), &o.name),
            Self::DisruptionBudget(o) => (Arc::clone(&o.namespace), &o.name),
            Self::Claim(o) => (Arc::clone(&o.namespace), &o.name),
            Self::PersistentVolume(o) => (none(), &o.name),
            Self::StorageClass(o) => (none(), &o.name),
            Self::CsiNode(o) => (none(), &o.name),
            Self::CsiDriver(o) => (none(), &o.name),
            Self::CsiStorageCapacity(o) => (Arc::clone(&o.namespace), &o.name),
            Self::VolumeAttachment(o) => (none(), &o.name),
            Self::PodGroup(o) => (Arc::clone(&o.namespace), &o.name),
            Self::DeviceClass(o) => (none(), &o.name),
            Self::ResourceClaim(o) => (Arc::clone(&o.namespace), &o.name),
            Self::ResourceSlice(o) => (none(), &o.name),
            Self::DeviceTaintRule(o) => (none(), &o.name),
            Self::Declared(o) => (Arc::clone(&o.namespace), &o.name),
        };
        (namespace, Arc::clone(name))
    }
}

/// `namespace` and `name`.
pub type NamespacedName = (Str, Str);

/// The store. Maps are ordered by key, so that whoever walks one walks it the same way every time.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Namespaces by name.
    pub namespaces: BTreeMap<Str, Arc<Namespace>>,
    /// Services.
    pub services: BTreeMap<NamespacedName, Arc<Service>>,
    /// Controllers by (kind, namespace, name).
    pub controllers: BTreeMap<(Str, Str, Str), Arc<Controller>>,
    /// PodDisruptionBudgets.
    pub disruption_budgets: BTreeMap<NamespacedName, Arc<DisruptionBudget>>,
    /// PersistentVolumeClaims.
    pub claims: Claims,
    /// PersistentVolumes by name.
    pub volumes: Volumes,
    /// StorageClasses by name.
    pub classes: BTreeMap<Str, Arc<StorageClass>>,
    /// CSINodes by node name.
    pub csi_nodes: BTreeMap<Str, Arc<CsiNode>>,
    /// CSIDrivers by name.
    pub csi_drivers: BTreeMap<Str, Arc<CsiDriver>>,
    /// CSIStorageCapacities.
    pub capacities: BTreeMap<NamespacedName, Arc<CsiStorageCapacity>>,
    /// VolumeAttachments by name.
    pub attachments: BTreeMap<Str, Arc<VolumeAttachment>>,
    /// The same VolumeAttachments by (node name, name); [`set`](Self::set) and [`remove`](Self::remove) keep them in step.
    pub attachments_by_node: BTreeMap<(Str, Str), Arc<VolumeAttachment>>,
    /// The same by (volume name, name).
    attachments_by_volume: BTreeMap<(Str, Str), Arc<VolumeAttachment>>,
    /// PodGroups.
    pub pod_groups: BTreeMap<GroupKey, Arc<PodGroup>>,
    /// DeviceClasses by name.
    pub device_classes: BTreeMap<Str, Arc<DeviceClass>>,
    /// ResourceClaims by namespace and name.
    pub resource_claims: ResourceClaims,
    /// ResourceSlices and DeviceTaintRules.
    pub slices: DeviceSlices,
    /// Objects of kinds that plugins declare.
    pub declared: DeclaredObjects,
    /// What is measured on nodes.
    pub metrics: NodeMetrics,
    selecting: u64,
    anywhere: u64,
    budgets: u64,
    capacities_revision: u64,
    concerns: Vec<Concern>,
}

impl Objects {
    /// Rises when something changes that says what a pod's own words mean: a namespace, a Service or a controller, to which
    /// a selector speaks; a device class, which stands for a resource. Not for groups: pods that wait for theirs are told
    /// apart before anything is kept.
    pub fn selecting_revision(&self) -> u64 {
        self.selecting
    }

    /// Rises when a namespace, a DeviceClass, a StorageClass or a CSIDriver changes: what is said of any pod may be another
    /// then.
    pub fn anywhere_revision(&self) -> u64 {
        self.anywhere
    }

    /// Rises when a PodDisruptionBudget changes.
    pub fn budgets_revision(&self) -> u64 {
        self.budgets
    }

    /// Rises when a CSIStorageCapacity changes.
    pub fn capacities_revision(&self) -> u64 {
        self.capacities_revision
    }

    /// The nodes that changes of storage objects, slices and claims concern, since this was last asked.
    pub fn take_concerns(&mut self) -> Vec<Concern> {
        for allocation in self.resource_claims.take_changed() {
            for device in allocation.devices.iter().filter(|device| !device.admin) {
                let nodes = self.slices.nodes_of(&device.driver, &device.pool);
                self.concerns.extend(nodes.map(|node| Concern::Attached(Arc::clone(node))));
            }
        }
        self.concerns.extend(self.slices.take_changed_nodes().into_iter().map(Concern::Attached));
        std::mem::take(&mut self.concerns)
    }

    /// Assumes that a volume is bound to a claim.
    pub fn assume_volume(&mut self, volume: Arc<PersistentVolume>) {
        self.volumes.assume(volume, &mut self.concerns);
    }

    /// Goes back to what the API server has of a volume.
    pub fn restore_volume(&mut self, name: &Str) {
        self.volumes.restore(name, &mut self.concerns);
    }

    /// Takes what a source says of nodes; `capacity` says what a node has. Whether that changes anything.
    pub fn set_metrics(
        &mut self,
        source: &Arc<MetricsSource>,
        sample: &Sample,
        capacity: impl Fn(&str) -> Option<Usage>,
    ) -> bool {
        let changed = self.metrics.set(source, sample, capacity);
        self.concern_measured(changed)
    }

    /// The time is `now`. Whether values have become too old for somebody.
    pub fn advance_metrics(&mut self, now: Timestamp) -> bool {
        let changed = self.metrics.advance(now);
        self.concern_measured(changed)
    }

    fn concern_measured(&mut self, nodes: Vec<Str>) -> bool {
        let any = !nodes.is_empty();
        self.concerns.extend(nodes.into_iter().map(Concern::Node));
        any
    }

    fn count_change(&mut self, object: &Object) {
        match object {
            Object::Namespace(_) | Object::DeviceClass(_) => {
                self.selecting += 1;
                self.anywhere += 1;
            }
            Object::StorageClass(_) | Object::CsiDriver(_) => self.anywhere += 1,
            Object::CsiStorageCapacity(_) => self.capacities_revision += 1,
            Object::CsiNode(node) => self.concerns.push(Concern::Node(Arc::clone(&node.name))),
            Object::VolumeAttachment(attachment) => self.concern_attached(attachment),
            Object::Service(_) | Object::Controller(_) => self.selecting += 1,
            Object::DisruptionBudget(_) => self.budgets += 1,
            // It may be about the node of its name.
            Object::Declared(object) => self.concerns.push(Concern::Node(Arc::clone(&object.name))),
            _ => {}
        }
    }

    fn concern_attached(&mut self, attachment: &VolumeAttachment) {
        self.concerns.push(Concern::Attached(Arc::clone(&attachment.node)));
    }

    /// The driver or the handle of a volume changed: that concerns the nodes that have it.
    fn concern_users(&mut self, volume: &Str) {
        let claims = self.claims.of_volume(volume).iter().cloned();
        self.concerns.extend(claims.map(Concern::Users));
        let first = (Arc::clone(volume), Str::default());
        let attached = self.attachments_by_volume.range(first..).take_while(|((name, _), _)| name == volume);
        self.concerns.extend(attached.map(|(_, a)| Concern::Attached(Arc::clone(&a.node))));
    }

    /// The labels of a namespace; none when it is not known.
    pub fn namespace_labels(&self, name: &str) -> Labels {
        self.namespaces.get(name).map(|n| n.labels.clone()).unwrap_or_default()
    }

    /// A claim by namespace and name, as assumed.
    pub fn claim(&self, namespace: &Str, name: &Str) -> Option<&Arc<Claim>> {
        self.claims.get(&(Arc::clone(namespace), Arc::clone(name)))
    }

    /// The claim behind a volume of `pod`.
    pub fn pod_claim(&self, pod: &Pod, claim: &Str) -> Option<&Arc<Claim>> {
        self.claim(&pod.meta.namespace, claim)
    }

    /// The PodGroup that the pod names, if there is one.
    pub fn group_of(&self, pod: &Pod) -> Option<&Arc<PodGroup>> {
        if self.pod_groups.is_empty() {
            return None;
        }
        self.pod_groups.get(&GroupKey::of(pod)?)
    }

    /// The DeviceClass that stands for an extended resource: its own implicit name, or the one that was made last of those
    /// that name it.
    pub fn device_class_for(&self, resource: &str) -> Option<&Arc<DeviceClass>> {
        if self.device_classes.is_empty() {
            return None;
        }
        if let Some(name) = resource.strip_prefix(DEVICE_CLASS_PREFIX) {
            return self.device_classes.get(name);
        }
        let named = self.device_classes.values().filter(|c| c.extended_resource.as_deref() == Some(resource));
        // Of those made at the same time the first by name, which the reverse leaves at the end.
        named.rev().max_by_key(|class| class.created)
    }

    /// The VolumeAttachments of a node, in name order.
    pub fn attachments_on(&self, node: &Str) -> impl Iterator<Item = &Arc<VolumeAttachment>> {
        let first = (Arc::clone(node), Str::default());
        self.attachments_by_node.range(first..).take_while(move |((n, _), _)| n == node).map(|(_, a)| a)
    }

    /// The PodDisruptionBudgets of a namespace, by name.
    pub fn budgets_of<'a>(&'a self, namespace: &'a Str) -> impl Iterator<Item = &'a DisruptionBudget> {
        let first: NamespacedName = (Arc::clone(namespace), Str::default());
        let there = self.disruption_budgets.range(first..);
        there.take_while(move |((of, _), _)| of == namespace).map(|(_, budget)| &**budget)
    }

    /// Every object, by kind and then by key.
    pub fn all(&self) -> impl Iterator<Item = Object> {
        use Object as O;
        let namespaces = self.namespaces.values().cloned().map(O::Namespace);
        namespaces
            .chain(self.services.values().cloned().map(O::Service))
            .chain(self.controllers.values().cloned().map(O::Controller))
            .chain(self.disruption_budgets.values().cloned().map(O::DisruptionBudget))
            .chain(self.claims.iter().cloned().map(O::Claim))
            .chain(self.volumes.iter().cloned().map(O::PersistentVolume))
            .chain(self.classes.values().cloned().map(O::StorageClass))
            .chain(self.csi_nodes.values().cloned().map(O::CsiNode))
            .chain(self.csi_drivers.values().cloned().map(O::CsiDriver))
            .chain(self.capacities.values().cloned().map(O::CsiStorageCapacity))
            .chain(self.attachments.values().cloned().map(O::VolumeAttachment))
            .chain(self.pod_groups.values().cloned().map(O::PodGroup))
            .chain(self.device_classes.values().cloned().map(O::DeviceClass))
            .chain(self.resource_claims.iter().cloned().map(O::ResourceClaim))
            .chain(self.slices.iter().cloned().map(O::ResourceSlice))
            .chain(self.slices.rules().cloned().map(O::DeviceTaintRule))
            .chain(self.declared.iter().cloned().map(O::Declared))
    }

    fn set_attachment(&mut self, attachment: Arc<VolumeAttachment>) -> Option<Arc<VolumeAttachment>> {
        let old = self.remove_attachment(&attachment.name);
        if let Some(old) = &old {
            self.concern_attached(old);
        }
        let key = (Arc::clone(&attachment.node), Arc::clone(&attachment.name));
        self.attachments_by_node.insert(key, Arc::clone(&attachment));
        if let Some(volume) = &attachment.volume {
            let key = (Arc::clone(volume), Arc::clone(&attachment.name));
            self.attachments_by_volume.insert(key, Arc::clone(&attachment));
        }
        self.attachments.insert(Arc::clone(&attachment.name), attachment);
        old
    }

    fn remove_attachment(&mut self, name: &Str) -> Option<Arc<VolumeAttachment>> {
        let old = self.attachments.remove(name)?;
        self.attachments_by_node.remove(&(Arc::clone(&old.node), Arc::clone(name)));
        if let Some(volume) = &old.volume {
            self.attachments_by_volume.remove(&(Arc::clone(volume), Arc::clone(name)));
        }
        Some(old)
    }

    fn set_volume(&mut self, volume: Arc<PersistentVolume>) -> Option<Arc<PersistentVolume>> {
        let old = self.volumes.set(Arc::clone(&volume), &mut self.concerns);
        if old.as_ref().map(|old| &old.csi) != Some(&volume.csi) {
            self.concern_users(&volume.name);
        }
        old
    }

    fn remove_volume(&mut self, name: &Str) -> Option<Arc<PersistentVolume>> {
        let old = self.volumes.remove(name, &mut self.concerns)?;
        self.concern_users(name);
        Some(old)
    }

    /// Puts an object in place of the one with the same key, which is returned.
    pub fn set(&mut self, object: Object) -> Option<Object> {
        let old = self.put(object.clone());
        // Controllers are reported at every change of their status, of which nothing is known here.
        if old.as_ref() != Some(&object) {
            self.count_change(&object);
        }
        old
    }

    fn put(&mut self, object: Object) -> Option<Object> {
        use Object as O;
        match object {
            O::Namespace(o) => self.namespaces.insert(Arc::clone(&o.name), o).map(O::Namespace),
            O::Service(o) => self.services.insert((o.namespace.clone(), o.name.clone()), o).map(O::Service),
            O::Controller(o) => {
                let key = (o.kind.clone(), o.namespace.clone(), o.name.clone());
                self.controllers.insert(key, o).map(O::Controller)
            }
            O::DisruptionBudget(o) => {
                let key = (o.namespace.clone(), o.name.clone());
                self.disruption_budgets.insert(key, o).map(O::DisruptionBudget)
            }
            O::Claim(o) => self.claims.set(o, &mut self.concerns).map(O::Claim),
            O::PersistentVolume(o) => self.set_volume(o).map(O::PersistentVolume),
            O::StorageClass(o) => self.classes.insert(Arc::clone(&o.name), o).map(O::StorageClass),
            O::CsiNode(o) => self.csi_nodes.insert(Arc::clone(&o.name), o).map(O::CsiNode),
            O::CsiDriver(o) => self.csi_drivers.insert(Arc::clone(&o.name), o).map(O::CsiDriver),
            O::CsiStorageCapacity(o) => {
                self.capacities.insert((o.namespace.clone(), o.name.clone()), o).map(O::CsiStorageCapacity)
            }
            O::VolumeAttachment(o) => self.set_attachment(o).map(O::VolumeAttachment),
            O::PodGroup(o) => self.pod_groups.insert(o.key(), o).map(O::PodGroup),
            O::DeviceClass(o) => self.device_classes.insert(Arc::clone(&o.name), o).map(O::DeviceClass),
            O::ResourceClaim(o) => self.resource_claims.set(o).map(O::ResourceClaim),
            O::ResourceSlice(o) => self.slices.set(o).map(O::ResourceSlice),
            O::DeviceTaintRule(o) => self.slices.set_rule(o).map(O::DeviceTaintRule),
            O::Declared(o) => self.declared.set(o).map(O::Declared),
        }
    }

    /// Removes the object with the same key as `object`, and returns what was known of it.
    pub fn remove(&mut self, object: &Object) -> Option<Object> {
        let old = self.take(object);
        if let Some(old) = &old {
            self.count_change(old);
        }
        old
    }

    fn take(&mut self, object: &Object) -> Option<Object> {
        use Object as O;
        match object {
            O::Namespace(o) => self.namespaces.remove(&o.name).map(O::Namespace),
            O::Service(o) => self.services.remove(&(o.namespace.clone(), o.name.clone())).map(O::Service),
            O::Controller(o) => {
                let key = (o.kind.clone(), o.namespace.clone(), o.name.clone());
                self.controllers.remove(&key).map(O::Controller)
            }
            O::DisruptionBudget(o) => self
                .disruption_budgets
                .remove(&(o.namespace.clone(), o.name.clone()))
                .map(O::DisruptionBudget),
            O::Claim(o) => {
                let key = (o.namespace.clone(), o.name.clone());
                self.claims.remove(&key, &mut self.concerns).map(O::Claim)
            }
            O::PersistentVolume(o) => self.remove_volume(&o.name).map(O::PersistentVolume),
            O::StorageClass(o) => self.classes.remove(&o.name).map(O::StorageClass),
            O::CsiNode(o) => self.csi_nodes.remove(&o.name).map(O::CsiNode),
            O::CsiDriver(o) => self.csi_drivers.remove(&o.name).map(O::CsiDriver),
            O::CsiStorageCapacity(o) => {
                self.capacities.remove(&(o.namespace.clone(), o.name.clone())).map(O::CsiStorageCapacity)
            }
            O::VolumeAttachment(o) => self.remove_attachment(&o.name).map(O::VolumeAttachment),
            O::PodGroup(o) => self.pod_groups.remove(&o.key()).map(O::PodGroup),
            O::DeviceClass(o) => self.device_classes.remove(&o.name).map(O::DeviceClass),
            O::ResourceClaim(o) => self.resource_claims.remove(&o.key()).map(O::ResourceClaim),
            O::ResourceSlice(o) => self.slices.remove(&o.name).map(O::ResourceSlice),
            O::DeviceTaintRule(o) => self.slices.remove_rule(&o.name).map(O::DeviceTaintRule),
            O::Declared(o) => self.declared.remove(o.kind, &o.key()).map(O::Declared),
        }
    }
}

#[cfg(test)]
mod tests;
