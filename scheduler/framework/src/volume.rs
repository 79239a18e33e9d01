//! Volumes of pods and the storage objects behind them.

use std::sync::Arc;

use crate::Str;
use crate::labels::{LabelSelector, Labels};
use crate::node_selector::NodeSelector;
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// Annotation on a bound claim.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Annotation that tells the provisioner which node was chosen.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The provisioner of classes whose volumes are made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// A volume of a pod; kinds that scheduling does not read are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Volume {
    /// Name in the pod.
    pub name: Str,
    /// What it is.
    pub source: VolumeSource,
}

impl Volume {
    /// The claim behind the volume: named by it, or `<pod>-<volume>` of a generic ephemeral volume.
    pub fn claim_name(&self, pod_name: &str) -> Option<Str> {
        match &self.source {
            VolumeSource::Claim { name } => Some(Arc::clone(name)),
            VolumeSource::Ephemeral => Some(format!("{pod_name}-{}", self.name).into()),
            _ => None,
        }
    }

    /// Whether a claim stands behind the volume.
    pub fn is_claim(&self) -> bool {
        matches!(self.source, VolumeSource::Claim { .. } | VolumeSource::Ephemeral)
    }

    /// Whether the volume names a claim.
    pub fn is_named_claim(&self) -> bool {
        matches!(self.source, VolumeSource::Claim { .. })
    }
}

/// What a volume is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VolumeSource {
    /// `persistentVolumeClaim`.
    Claim {
        /// Claim name, possibly empty.
        name: Str,
    },
    /// `ephemeral`: a claim made for the pod.
    Ephemeral,
    /// `gcePersistentDisk`.
    GcePersistentDisk {
        /// Disk name.
        name: Str,
        /// Mounted read-only.
        read_only: bool,
    },
    /// `awsElasticBlockStore`.
    AwsElasticBlockStore {
        /// Volume ID.
        id: Str,
    },
    /// `iscsi`.
    Iscsi {
        /// Target name.
        iqn: Str,
        /// Mounted read-only.
        read_only: bool,
    },
    /// `rbd`.
    Rbd {
        /// Ceph monitors.
        monitors: Vec<Str>,
        /// Pool; `rbd` when not given.
        pool: Str,
        /// Image.
        image: Str,
        /// Mounted read-only.
        read_only: bool,
    },
    /// `csi`: an inline volume of a CSI driver.
    InlineCsi {
        /// Driver name.
        driver: Str,
    },
    /// An in-tree volume that CSI migration hands to a driver (Azure disk, Cinder, vSphere, Portworx).
    Migratable {
        /// The in-tree plugin, e.g. `kubernetes.io/azure-disk`.
        plugin: Str,
        /// What identifies the volume.
        handle: Str,
    },
    /// `image`: an OCI image mounted as a volume.
    Image {
        /// Image reference.
        reference: Str,
    },
}

/// A PersistentVolumeClaim.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// UID of the controlling owner.
    pub owner_uid: Option<Str>,
    /// `spec.storageClassName` (or the former annotation); `None` when nothing is said, empty when no class is wanted.
    pub class: Option<Str>,
    /// `spec.volumeName`; empty when unbound.
    pub volume_name: Str,
    /// `spec.volumeMode`; `Filesystem` when absent.
    pub volume_mode: Str,
    /// `spec.accessModes`.
    pub access_modes: Vec<Str>,
    /// `spec.resources.requests.storage`.
    pub request: Quantity,
    /// `spec.selector`.
    pub selector: Option<LabelSelector>,
    /// `spec.volumeAttributesClassName`.
    pub attributes_class: Option<Str>,
    /// `status.phase` is Lost.
    pub lost: bool,
}

impl Claim {
    /// Namespace and name.
    pub fn key(&self) -> (Str, Str) {
        (Arc::clone(&self.namespace), Arc::clone(&self.name))
    }

    /// Whether a volume is bound and the binding is complete.
    pub fn is_bound(&self) -> bool {
        !self.volume_name.is_empty() && self.annotations.get(BIND_COMPLETED).is_some()
    }
}

/// A reference from a volume to its claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRef {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID; empty when pre-bound by hand.
    pub uid: Str,
}

impl ClaimRef {
    /// Namespace and name.
    pub fn key(&self) -> (Str, Str) {
        (Arc::clone(&self.namespace), Arc::clone(&self.name))
    }
}

/// A PersistentVolume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PersistentVolume {
    /// Name.
    pub name: Str,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// `spec.storageClassName`; empty when none.
    pub class: Str,
    /// `spec.capacity.storage`.
    pub capacity: Quantity,
    /// `spec.accessModes`.
    pub access_modes: Vec<Str>,
    /// `spec.volumeMode`; `Filesystem` when absent.
    pub volume_mode: Str,
    /// `spec.nodeAffinity.required`.
    pub node_affinity: Option<NodeSelector>,
    /// `spec.claimRef`.
    pub claim: Option<ClaimRef>,
    /// `spec.volumeAttributesClassName`.
    pub attributes_class: Option<Str>,
    /// `status.phase`; empty when not reported.
    pub phase: Str,
    /// CSI driver and volume handle, also of an in-tree source that migration translates.
    pub csi: Option<CsiSource>,
}

/// The phase of a volume that no claim has.
const AVAILABLE: &str = "Available";

impl PersistentVolume {
    /// Whether a claim for which it was not set aside may take it.
    pub fn is_free(&self) -> bool {
        self.claim.is_none() && &*self.phase == AVAILABLE && !self.terminating
    }
}

/// Where a CSI volume lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsiSource {
    /// Driver name.
    pub driver: Str,
    /// Volume handle.
    pub handle: Str,
    /// The in-tree plugin this was translated from; it counts only on nodes that migrated it.
    pub migrated_from: Option<Str>,
}

/// When volumes of a class are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BindingMode {
    /// At once.
    Immediate,
    /// When a pod that uses the claim is scheduled.
    WaitForFirstConsumer,
}

/// A StorageClass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StorageClass {
    /// Name.
    pub name: Str,
    /// Provisioner.
    pub provisioner: Str,
    /// `volumeBindingMode`; `None` when not set.
    pub binding_mode: Option<BindingMode>,
    /// `allowedTopologies`: any of these terms, all expressions of a term, any value of an expression.
    pub allowed_topologies: Vec<Vec<(Str, Vec<Str>)>>,
}

impl StorageClass {
    /// Whether the class waits for a pod.
    pub fn waits(&self) -> bool {
        self.binding_mode == Some(BindingMode::WaitForFirstConsumer)
    }

    /// Whether volumes may be provisioned for a node with these labels.
    pub fn allows(&self, labels: &Labels) -> bool {
        let holds = |(key, values): &(Str, Vec<Str>)| labels.get(key).is_some_and(|v| values.contains(v));
        self.allowed_topologies.is_empty()
            || self.allowed_topologies.iter().any(|term| !term.is_empty() && term.iter().all(holds))
    }
}

/// A CSINode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CsiNode {
    /// The node's name.
    pub name: Str,
    /// Drivers with the number of volumes they can attach, `None` for no limit.
    pub drivers: Vec<(Str, Option<i64>)>,
    /// In-tree plugins whose volumes a driver has taken over on this node (the migrated-plugins annotation).
    pub migrated: Vec<Str>,
}

/// A CSIDriver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CsiDriver {
    /// Name.
    pub name: Str,
    /// `spec.storageCapacity`: capacity objects say where there is room.
    pub storage_capacity: bool,
    /// `spec.preventPodSchedulingIfMissing`: pods with its volumes fit only on nodes whose CSINode names it.
    pub prevents_if_missing: bool,
}

/// A CSIStorageCapacity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CsiStorageCapacity {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// `storageClassName`.
    pub class: Str,
    /// `nodeTopology`; `None` matches no node.
    pub topology: Option<LabelSelector>,
    /// `capacity`.
    pub capacity: Option<Quantity>,
    /// `maximumVolumeSize`.
    pub maximum_volume_size: Option<Quantity>,
}

impl CsiStorageCapacity {
    /// The largest volume that can be made: the maximum size if given, else the capacity.
    pub fn limit(&self) -> Option<Quantity> {
        self.maximum_volume_size.or(self.capacity)
    }
}

/// A VolumeAttachment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VolumeAttachment {
    /// Name.
    pub name: Str,
    /// `spec.attacher`: the driver.
    pub attacher: Str,
    /// `spec.nodeName`.
    pub node: Str,
    /// `spec.source.persistentVolumeName`.
    pub volume: Option<Str>,
}
