//! Every object beside pods and nodes that a decision may read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::device::{DEVICE_CLASS_PREFIX, DeviceClass};
use crate::group::{GROUP_LABEL, GroupApi, PodGroup};
use crate::labels::{LabelSelector, Labels};
use crate::pod::Pod;
use crate::volume::{
    Claim, CsiDriver, CsiNode, CsiStorageCapacity, PersistentVolume, StorageClass, VolumeAttachment,
};

/// A Service: its selector is what default spreading counts by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// `spec.selector`; without entries it selects nothing.
    pub selector: Vec<(Str, Str)>,
}

/// A ReplicationController, ReplicaSet or StatefulSet: its selector is what default spreading counts by.
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Namespace {
    /// Name.
    pub name: Str,
    /// Labels.
    pub labels: Labels,
}

/// Any object that is neither pod nor node.
#[derive(Clone, Debug, PartialEq)]
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
}

/// `namespace` and `name`.
pub type NamespacedName = (Str, Str);

/// Objects whose changes the scheduler may assume before the API server confirms them.
#[derive(Clone, Debug)]
pub struct Assumable<K, T> {
    known: BTreeMap<K, Arc<T>>,
    assumed: BTreeMap<K, Arc<T>>,
}

impl<K, T> Default for Assumable<K, T> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), assumed: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, T: PartialEq> Assumable<K, T> {
    /// The object, as assumed if anything is assumed of it.
    pub fn get(&self, key: &K) -> Option<&Arc<T>> {
        let known = self.known.get(key)?;
        Some(self.assumed.get(key).unwrap_or(known))
    }

    /// Every object in key order, as assumed.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.known.iter().map(|(key, known)| self.assumed.get(key).unwrap_or(known))
    }

    /// Assumes `object`; without effect when the API server has none of that key.
    pub fn assume(&mut self, key: K, object: T) {
        if self.known.contains_key(&key) {
            self.assumed.insert(key, Arc::new(object));
        }
    }

    /// Goes back to what the API server has.
    pub fn restore(&mut self, key: &K) {
        self.assumed.remove(key);
    }

    /// Takes the API server's version. When it says something new, what was assumed is over.
    pub fn set(&mut self, key: K, object: Arc<T>) -> Option<Arc<T>> {
        if self.known.get(&key) != Some(&object) {
            self.assumed.remove(&key);
        }
        self.known.insert(key, object)
    }

    /// Forgets the object.
    pub fn remove(&mut self, key: &K) -> Option<Arc<T>> {
        self.assumed.remove(key);
        self.known.remove(key)
    }
}

/// The group of a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GroupOf<'a> {
    /// There is a PodGroup.
    Known(&'a Arc<PodGroup>),
    /// The pod's spec names this one, in its namespace, and there is none.
    Missing(&'a Str),
}

fn group_key(group: &PodGroup) -> (GroupApi, Str, Str) {
    (group.api, Arc::clone(&group.namespace), Arc::clone(&group.name))
}

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
    pub claims: Assumable<NamespacedName, Claim>,
    /// PersistentVolumes by name.
    pub volumes: Assumable<Str, PersistentVolume>,
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
    /// PodGroups by API, namespace and name.
    pub pod_groups: BTreeMap<(GroupApi, Str, Str), Arc<PodGroup>>,
    /// DeviceClasses by name.
    pub device_classes: BTreeMap<Str, Arc<DeviceClass>>,
    selecting: u64,
    anywhere: u64,
    budgets: u64,
}

impl Objects {
    /// Rises when something changes that says what a pod's own words mean: a namespace, a Service or a controller, to which
    /// a selector speaks; a device class, which stands for a resource. Not for groups: pods that wait for theirs are told
    /// apart before anything is kept.
    pub fn selecting_revision(&self) -> u64 {
        self.selecting
    }

    /// Rises when a namespace or a DeviceClass changes: what is said of any pod may be another then.
    pub fn anywhere_revision(&self) -> u64 {
        self.anywhere
    }

    /// Rises when a PodDisruptionBudget changes.
    pub fn budgets_revision(&self) -> u64 {
        self.budgets
    }

    fn count_change(&mut self, object: &Object) {
        match object {
            Object::Namespace(_) | Object::DeviceClass(_) => {
                self.selecting += 1;
                self.anywhere += 1;
            }
            Object::Service(_) | Object::Controller(_) => self.selecting += 1,
            Object::DisruptionBudget(_) => self.budgets += 1,
            _ => {}
        }
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

    /// The group that the pod belongs to. Its spec may name one that does not exist. The label of
    /// [Coscheduling](GroupApi::Coscheduling) names a group only where there is one: else it is a label like any other.
    pub fn group_of<'a>(&'a self, pod: &'a Pod) -> Option<GroupOf<'a>> {
        let find = |api, name: &Str| {
            let key = (api, Arc::clone(&pod.meta.namespace), Arc::clone(name));
            self.pod_groups.get(&key)
        };
        if let Some(name) = &pod.spec.scheduling_group {
            return Some(find(GroupApi::Kubernetes, name).map_or(GroupOf::Missing(name), GroupOf::Known));
        }
        if self.pod_groups.is_empty() {
            return None;
        }
        let name = pod.meta.labels.get(GROUP_LABEL)?;
        find(GroupApi::Coscheduling, name).map(GroupOf::Known)
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
    }

    fn set_attachment(&mut self, attachment: Arc<VolumeAttachment>) -> Option<Arc<VolumeAttachment>> {
        let old = self.remove_attachment(&attachment.name);
        let key = (Arc::clone(&attachment.node), Arc::clone(&attachment.name));
        self.attachments_by_node.insert(key, Arc::clone(&attachment));
        self.attachments.insert(Arc::clone(&attachment.name), attachment);
        old
    }

    fn remove_attachment(&mut self, name: &Str) -> Option<Arc<VolumeAttachment>> {
        let old = self.attachments.remove(name)?;
        self.attachments_by_node.remove(&(Arc::clone(&old.node), Arc::clone(name)));
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
            O::Claim(o) => self.claims.set((o.namespace.clone(), o.name.clone()), o).map(O::Claim),
            O::PersistentVolume(o) => self.volumes.set(Arc::clone(&o.name), o).map(O::PersistentVolume),
            O::StorageClass(o) => self.classes.insert(Arc::clone(&o.name), o).map(O::StorageClass),
            O::CsiNode(o) => self.csi_nodes.insert(Arc::clone(&o.name), o).map(O::CsiNode),
            O::CsiDriver(o) => self.csi_drivers.insert(Arc::clone(&o.name), o).map(O::CsiDriver),
            O::CsiStorageCapacity(o) => {
                self.capacities.insert((o.namespace.clone(), o.name.clone()), o).map(O::CsiStorageCapacity)
            }
            O::VolumeAttachment(o) => self.set_attachment(o).map(O::VolumeAttachment),
            O::PodGroup(o) => self.pod_groups.insert(group_key(&o), o).map(O::PodGroup),
            O::DeviceClass(o) => self.device_classes.insert(Arc::clone(&o.name), o).map(O::DeviceClass),
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
            O::Claim(o) => self.claims.remove(&(o.namespace.clone(), o.name.clone())).map(O::Claim),
            O::PersistentVolume(o) => self.volumes.remove(&o.name).map(O::PersistentVolume),
            O::StorageClass(o) => self.classes.remove(&o.name).map(O::StorageClass),
            O::CsiNode(o) => self.csi_nodes.remove(&o.name).map(O::CsiNode),
            O::CsiDriver(o) => self.csi_drivers.remove(&o.name).map(O::CsiDriver),
            O::CsiStorageCapacity(o) => {
                self.capacities.remove(&(o.namespace.clone(), o.name.clone())).map(O::CsiStorageCapacity)
            }
            O::VolumeAttachment(o) => self.remove_attachment(&o.name).map(O::VolumeAttachment),
            O::PodGroup(o) => self.pod_groups.remove(&group_key(o)).map(O::PodGroup),
            O::DeviceClass(o) => self.device_classes.remove(&o.name).map(O::DeviceClass),
        }
    }
}
