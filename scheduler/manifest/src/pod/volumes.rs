//! Volumes of pods, those that scheduling reads.

use longshore_framework::Str;
use longshore_framework::volume::{Volume, VolumeSource};

use crate::meta::given;
use crate::storage::in_tree;
use crate::wire::volume as written;

/// The pool of an `rbd` volume that names none.
const DEFAULT_POOL: &str = "rbd";

/// The volumes that scheduling reads, in their order.
pub(super) fn volumes(volumes: &[written::Volume]) -> Vec<Volume> {
    let read = |v: &written::Volume| Some(Volume { name: v.name.clone(), source: source(v)? });
    volumes.iter().filter_map(read).collect()
}

fn source(volume: &written::Volume) -> Option<VolumeSource> {
    if let Some(claim) = &volume.persistent_volume_claim {
        return Some(VolumeSource::Claim { name: claim.claim_name.clone() });
    }
    if volume.ephemeral.is_some() {
        return Some(VolumeSource::Ephemeral);
    }
    if let Some(csi) = &volume.csi {
        return Some(VolumeSource::InlineCsi { driver: csi.driver.clone() });
    }
    if let Some(image) = &volume.image {
        return Some(VolumeSource::Image { reference: image.reference.clone() });
    }
    disk(volume).or_else(|| migratable(volume))
}

/// Disks that NodeVolumeLimits and VolumeRestrictions know by their own names.
fn disk(volume: &written::Volume) -> Option<VolumeSource> {
    if let Some(disk) = &volume.gce_persistent_disk {
        return Some(VolumeSource::GcePersistentDisk {
            name: disk.pd_name.clone(),
            read_only: disk.read_only,
        });
    }
    if let Some(disk) = &volume.aws_elastic_block_store {
        return Some(VolumeSource::AwsElasticBlockStore { id: disk.volume_id.clone() });
    }
    if let Some(disk) = &volume.iscsi {
        return Some(VolumeSource::Iscsi { iqn: disk.iqn.clone(), read_only: disk.read_only });
    }
    volume.rbd.as_ref().map(|disk| VolumeSource::Rbd {
        monitors: disk.monitors.clone(),
        pool: given(&disk.pool).unwrap_or_else(|| DEFAULT_POOL.into()),
        image: disk.image.clone(),
        read_only: disk.read_only,
    })
}

fn migratable(volume: &written::Volume) -> Option<VolumeSource> {
    let migratable = |plugin: &str, handle: &Str| {
        Some(VolumeSource::Migratable { plugin: plugin.into(), handle: handle.clone() })
    };
    if let Some(disk) = &volume.azure_disk {
        return migratable(in_tree::AZURE_DISK, &disk.disk_uri);
    }
    if let Some(file) = &volume.azure_file {
        return migratable(in_tree::AZURE_FILE, &file.share_name);
    }
    if let Some(disk) = &volume.cinder {
        return migratable(in_tree::CINDER, &disk.volume_id);
    }
    if let Some(disk) = &volume.vsphere_volume {
        return migratable(in_tree::VSPHERE, &disk.volume_path);
    }
    volume.portworx_volume.as_ref().and_then(|disk| migratable(in_tree::PORTWORX, &disk.volume_id))
}
