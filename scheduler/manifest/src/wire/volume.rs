//! Volumes of pods and the sources that they share with PersistentVolumes.

use longshore_framework::Str;

use super::claim::ClaimSpec;
use super::meta::Meta;
use super::wire;

wire! {
    /// One of `spec.volumes`; at most one source is given.
    struct Volume {
        name: Str,
        persistent_volume_claim: Option<ClaimSource>,
        ephemeral: Option<Ephemeral>,
        gce_persistent_disk: Option<GcePersistentDisk>,
        aws_elastic_block_store: Option<AwsElasticBlockStore>,
        iscsi: Option<Iscsi>,
        rbd: Option<Rbd>,
        csi: Option<InlineCsi>,
        image: Option<Image>,
        azure_disk: Option<AzureDisk>,
        azure_file: Option<AzureFile>,
        cinder: Option<VolumeId>,
        vsphere_volume: Option<VsphereVolume>,
        portworx_volume: Option<VolumeId>,
    }
    /// `persistentVolumeClaim`.
    struct ClaimSource {
        claim_name: Str,
    }
    /// `ephemeral`.
    struct Ephemeral {
        volume_claim_template: ClaimTemplate,
    }
    /// `ephemeral.volumeClaimTemplate` and the elements of `volumeClaimTemplates`.
    struct ClaimTemplate {
        metadata: Meta,
        spec: ClaimSpec,
    }
    /// `gcePersistentDisk`.
    struct GcePersistentDisk {
        pd_name: Str,
        read_only: bool,
    }
    /// `awsElasticBlockStore`.
    struct AwsElasticBlockStore {
        #[serde(rename = "volumeID")]
        volume_id: Str,
    }
    /// `iscsi`.
    struct Iscsi {
        iqn: Str,
        read_only: bool,
    }
    /// `rbd`.
    struct Rbd {
        monitors: Vec<Str>,
        pool: Str,
        image: Str,
        read_only: bool,
    }
    /// `csi` of a pod's volume.
    struct InlineCsi {
        driver: Str,
    }
    /// `image`.
    struct Image {
        reference: Str,
    }
    /// `azureDisk`.
    struct AzureDisk {
        #[serde(rename = "diskURI")]
        disk_uri: Str,
    }
    /// `azureFile`.
    struct AzureFile {
        secret_name: Str,
        secret_namespace: Str,
        share_name: Str,
    }
    /// `cinder` and `portworxVolume`.
    struct VolumeId {
        #[serde(rename = "volumeID")]
        volume_id: Str,
    }
    /// `vsphereVolume`.
    struct VsphereVolume {
        volume_path: Str,
    }
}
