//! In-tree volume sources that CSI migration hands to drivers.

use longshore_framework::Str;
use longshore_framework::node::{ZONE, ZONE_BETA};
use longshore_framework::volume::CsiSource;

use crate::meta;
use crate::wire::storage::PersistentVolume;
use crate::wire::volume::AzureFile;

/// Azure disks.
pub(crate) const AZURE_DISK: &str = "kubernetes.io/azure-disk";
/// Azure file shares.
pub(crate) const AZURE_FILE: &str = "kubernetes.io/azure-file";
/// OpenStack Cinder volumes.
pub(crate) const CINDER: &str = "kubernetes.io/cinder";
/// vSphere disks.
pub(crate) const VSPHERE: &str = "kubernetes.io/vsphere-volume";
/// Portworx volumes.
pub(crate) const PORTWORX: &str = "kubernetes.io/portworx-volume";
/// Google persistent disks.
const GCE: &str = "kubernetes.io/gce-pd";
/// Amazon block stores.
const EBS: &str = "kubernetes.io/aws-ebs";

/// The CSI volume that takes the place of the volume's in-tree source.
pub(crate) fn translate(volume: &PersistentVolume) -> Option<CsiSource> {
    let spec = &volume.spec;
    let to = |driver: &str, from: &str, handle: Str| {
        Some(CsiSource { driver: driver.into(), handle, migrated_from: Some(from.into()) })
    };
    if let Some(disk) = &spec.gce_persistent_disk {
        return to("pd.csi.storage.gke.io", GCE, google_handle(volume, &disk.pd_name));
    }
    if let Some(disk) = &spec.aws_elastic_block_store {
        return to("ebs.csi.aws.com", EBS, amazon_handle(&disk.volume_id));
    }
    if let Some(disk) = &spec.azure_disk {
        return to("disk.csi.azure.com", AZURE_DISK, disk.disk_uri.clone());
    }
    if let Some(file) = &spec.azure_file {
        return to("file.csi.azure.com", AZURE_FILE, azure_file_handle(volume, file));
    }
    if let Some(disk) = &spec.cinder {
        return to("cinder.csi.openstack.org", CINDER, disk.volume_id.clone());
    }
    if let Some(disk) = &spec.vsphere_volume {
        return to("csi.vsphere.vmware.com", VSPHERE, disk.volume_path.clone());
    }
    spec.portworx_volume.as_ref().and_then(|disk| to("pxd.portworx.com", PORTWORX, disk.volume_id.clone()))
}

/// The zone label, holding one zone or several joined by `__`, tells zonal from regional disks.
fn google_handle(volume: &PersistentVolume, name: &str) -> Str {
    let labels = &volume.metadata.labels;
    let zones = labels.get(ZONE_BETA).or_else(|| labels.get(ZONE)).map_or("", |z| &**z);
    let mut each = zones.split("__").filter(|z| !z.is_empty());
    match (each.next(), each.next()) {
        (None, _) => format!("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{name}"),
        (Some(zone), None) => format!("projects/UNSPECIFIED/zones/{zone}/disks/{name}"),
        (Some(zone), Some(_)) => {
            let region = zone.rsplit_once('-').map_or(zone, |(region, _)| region);
            format!("projects/UNSPECIFIED/regions/{region}/disks/{name}")
        }
    }
    .into()
}

/// `aws://<zone>/vol-…` and plain `vol-…` are both written.
fn amazon_handle(id: &Str) -> Str {
    match id.strip_prefix("aws://").and_then(|rest| rest.rsplit_once('/')) {
        Some((_, volume)) => volume.into(),
        None => id.clone(),
    }
}

fn azure_file_handle(volume: &PersistentVolume, file: &AzureFile) -> Str {
    let account = file.secret_name.strip_prefix("azure-storage-account-");
    let account = account.and_then(|rest| rest.strip_suffix("-secret")).unwrap_or(&file.secret_name);
    let of_claim = volume.spec.claim_ref.as_ref().and_then(|c| meta::given(&c.namespace));
    let namespace = meta::given(&file.secret_namespace).or(of_claim).unwrap_or_default();
    format!("#{account}#{}#{}#{namespace}", file.share_name, volume.metadata.name).into()
}
