//! Storage objects.

use longshore_framework::Str;

use super::affinity::NodeSelector;
use super::claim::ClaimSpec;
use super::meta::{LabelSelector, Meta};
use super::volume::{AwsElasticBlockStore, AzureDisk, AzureFile, GcePersistentDisk, VolumeId, VsphereVolume};
use super::{Amount, Amounts, wire};

wire! {
    /// A PersistentVolumeClaim.
    struct Claim {
        metadata: Meta,
        spec: ClaimSpec,
        status: Phase,
    }
    /// A status of which only the phase counts.
    struct Phase {
        phase: Str,
    }
    /// A PersistentVolume.
    struct PersistentVolume {
        metadata: Meta,
        spec: VolumeSpec,
        status: Phase,
    }
    /// `spec` of a volume.
    struct VolumeSpec {
        storage_class_name: Str,
        capacity: Amounts,
        access_modes: Vec<Str>,
        volume_mode: Str,
        node_affinity: VolumeNodeAffinity,
        claim_ref: Option<ClaimRef>,
        volume_attributes_class_name: Option<Str>,
        csi: Option<Csi>,
        gce_persistent_disk: Option<GcePersistentDisk>,
        aws_elastic_block_store: Option<AwsElasticBlockStore>,
        azure_disk: Option<AzureDisk>,
        azure_file: Option<AzureFile>,
        cinder: Option<VolumeId>,
        vsphere_volume: Option<VsphereVolume>,
        portworx_volume: Option<VolumeId>,
    }
    /// `spec.nodeAffinity` of a volume.
    struct VolumeNodeAffinity {
        required: Option<NodeSelector>,
    }
    /// `spec.claimRef`.
    struct ClaimRef {
        namespace: Str,
        name: Str,
        uid: Str,
    }
    /// `spec.csi`.
    struct Csi {
        driver: Str,
        volume_handle: Str,
    }
    /// A StorageClass.
    struct StorageClass {
        metadata: Meta,
        provisioner: Str,
        volume_binding_mode: Str,
        allowed_topologies: Vec<TopologyTerm>,
    }
    /// One of `allowedTopologies`.
    struct TopologyTerm {
        match_label_expressions: Vec<TopologyRequirement>,
    }
    /// One of `matchLabelExpressions`.
    struct TopologyRequirement {
        key: Str,
        values: Vec<Str>,
    }
    /// A CSINode.
    struct CsiNode {
        metadata: Meta,
        spec: CsiNodeSpec,
    }
    /// `spec` of a CSINode.
    struct CsiNodeSpec {
        drivers: Vec<NodeDriver>,
    }
    /// One of `spec.drivers`.
    struct NodeDriver {
        name: Str,
        allocatable: DriverLimit,
    }
    /// `allocatable` of a driver.
    struct DriverLimit {
        count: Option<i64>,
    }
    /// A CSIDriver.
    struct CsiDriver {
        metadata: Meta,
        spec: CsiDriverSpec,
    }
    /// `spec` of a CSIDriver.
    struct CsiDriverSpec {
        storage_capacity: bool,
        prevent_pod_scheduling_if_missing: bool,
    }
    /// A CSIStorageCapacity.
    struct CsiStorageCapacity {
        metadata: Meta,
        node_topology: Option<LabelSelector>,
        storage_class_name: Str,
        capacity: Option<Amount>,
        maximum_volume_size: Option<Amount>,
    }
    /// A VolumeAttachment.
    struct VolumeAttachment {
        metadata: Meta,
        spec: AttachmentSpec,
    }
    /// `spec` of a VolumeAttachment.
    struct AttachmentSpec {
        attacher: Str,
        node_name: Str,
        source: AttachmentSource,
    }
    /// `spec.source` of a VolumeAttachment.
    struct AttachmentSource {
        persistent_volume_name: Option<Str>,
    }
}
