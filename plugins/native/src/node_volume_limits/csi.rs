//! Which CSI driver attaches a volume, and under which handle: for volumes of claims, inline in-tree volumes that a
//! driver has taken over, and VolumeAttachments.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::verdict::PluginError;
use longshore_framework::volume::{Claim, Volume, VolumeAttachment, VolumeSource};
use smallvec::{SmallVec, smallvec};

const AWS_EBS: &str = "kubernetes.io/aws-ebs";
const GCE_PD: &str = "kubernetes.io/gce-pd";

/// In-tree plugins, the drivers that took over from them, and whether their volumes count against a driver's limit.
const IN_TREE: [(&str, &str, bool); 7] = [
    (AWS_EBS, "ebs.csi.aws.com", true),
    (GCE_PD, "pd.csi.storage.gke.io", true),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org", true),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com", true),
    ("kubernetes.io/azure-file", "file.csi.azure.com", false),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com", false),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com", true),
];

/// A volume as a driver counts it: the same one in several pods counts once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CsiVolume {
    /// The driver.
    pub(super) driver: Str,
    handle: Handle,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Handle {
    Known(Str),
    /// Not made yet: namespace and name of the claim stand for it.
    Expected(Str, Str),
}

impl CsiVolume {
    /// The handle, if the volume is made.
    pub(super) fn handle(&self) -> Option<&Str> {
        match &self.handle {
            Handle::Known(handle) => Some(handle),
            Handle::Expected(..) => None,
        }
    }

    /// All that says which volume it is.
    pub(super) fn words(&self) -> SmallVec<[&Str; 3]> {
        match &self.handle {
            Handle::Known(handle) => smallvec![&self.driver, handle],
            Handle::Expected(namespace, name) => smallvec![&self.driver, namespace, name],
        }
    }
}

/// The plugin of an inline volume that a driver has taken over.
fn in_tree_plugin(source: &VolumeSource) -> Option<&str> {
    match source {
        VolumeSource::AwsElasticBlockStore { .. } => Some(AWS_EBS),
        VolumeSource::GcePersistentDisk { .. } => Some(GCE_PD),
        VolumeSource::Migratable { plugin, .. } => Some(plugin),
        _ => None,
    }
}

/// Whether a driver has taken over from the plugin of an inline volume.
pub(super) fn is_migratable(volume: &Volume) -> bool {
    in_tree_plugin(&volume.source).is_some()
}

/// The driver that took over from the plugin of an inline volume.
pub(super) fn inline_driver(volume: &Volume) -> Option<&'static str> {
    let plugin = in_tree_plugin(&volume.source)?;
    IN_TREE.iter().find(|(name, ..)| *name == plugin).map(|(_, driver, _)| *driver)
}

/// The driver that counts volumes of an in-tree plugin.
fn counting_driver(plugin: &str) -> Option<&'static str> {
    IN_TREE.iter().find(|(name, _, counts)| *name == plugin && *counts).map(|(_, driver, _)| *driver)
}

/// What an inline volume counts as, on nodes that have a CSINode.
///
/// # Errors
/// When the volume ID is malformed.
pub(super) fn inline(volume: &Volume) -> Result<Option<CsiVolume>, PluginError> {
    let Some(driver) = in_tree_plugin(&volume.source).and_then(counting_driver) else { return Ok(None) };
    let handle = match &volume.source {
        VolumeSource::AwsElasticBlockStore { id } => ebs_handle(id).map_err(|problem| {
            let name = &volume.name;
            PluginError::new(format!(
                "converting volume({name}) from inline to csi: failed to translate Kubernetes ID to EBS Volume ID {problem}"
            ))
        })?,
        VolumeSource::GcePersistentDisk { name, .. } => {
            format!("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{name}").into()
        }
        VolumeSource::Migratable { handle, .. } => Arc::clone(handle),
        _ => return Ok(None),
    };
    Ok(Some(CsiVolume { driver: driver.into(), handle: Handle::Known(handle) }))
}

/// `vol-1` of `aws://us-east-1a/vol-1`; anything that does not begin so is an ID already.
fn ebs_handle(id: &Str) -> Result<Str, String> {
    let Some(rest) = id.strip_prefix("aws://") else { return Ok(Arc::clone(id)) };
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
    if path.starts_with("vol-") && !path.contains('/') {
        Ok(path.into())
    } else {
        Err(format!("Invalid format for AWS volume ({id})"))
    }
}

/// What the volume of a claim counts as, on nodes that have a CSINode; `None` when it does not count.
pub(super) fn of_claim(claim: &Claim, objects: &Objects) -> Option<CsiVolume> {
    if claim.volume_name.is_empty() {
        return expected(claim, objects);
    }
    let Some(volume) = objects.volumes.get(&claim.volume_name) else { return expected(claim, objects) };
    let source = volume.csi.as_ref()?;
    if source.migrated_from.as_ref().is_some_and(|plugin| counting_driver(plugin).is_none()) {
        return None;
    }
    let known = !source.driver.is_empty() && !source.handle.is_empty();
    known.then(|| CsiVolume {
        driver: Arc::clone(&source.driver),
        handle: Handle::Known(Arc::clone(&source.handle)),
    })
}

/// Whether the volume behind a claim, or one without a claim, is an in-tree one that a driver has taken over.
pub(super) fn is_migrated(claim: Option<&Claim>, objects: &Objects) -> bool {
    let Some(claim) = claim else { return true };
    if let Some(source) = objects.volumes.get(&claim.volume_name).and_then(|volume| volume.csi.as_ref()) {
        return source.migrated_from.is_some();
    }
    let class = claim.class.as_ref().and_then(|name| objects.classes.get(name));
    class.is_some_and(|class| IN_TREE.iter().any(|(name, ..)| *name == &*class.provisioner))
}

/// The volume that will be made for a claim, by the provisioner of its class.
fn expected(claim: &Claim, objects: &Objects) -> Option<CsiVolume> {
    let class = objects.classes.get(claim.class.as_ref()?)?;
    let in_tree = IN_TREE.iter().any(|(name, ..)| *name == &*class.provisioner);
    let driver =
        if in_tree { counting_driver(&class.provisioner)?.into() } else { Arc::clone(&class.provisioner) };
    let handle = Handle::Expected(Arc::clone(&claim.namespace), Arc::clone(&claim.name));
    (!driver.is_empty()).then_some(CsiVolume { driver, handle })
}

/// The volume a VolumeAttachment attaches; `None` when it names none of a CSI driver.
pub(super) fn of_attachment(attachment: &VolumeAttachment, objects: &Objects) -> Option<CsiVolume> {
    let volume = objects.volumes.get(attachment.volume.as_ref()?)?;
    let source = volume.csi.as_ref().filter(|c| c.migrated_from.is_none())?;
    (!attachment.attacher.is_empty()).then(|| CsiVolume {
        driver: Arc::clone(&attachment.attacher),
        handle: Handle::Known(Arc::clone(&source.handle)),
    })
}
