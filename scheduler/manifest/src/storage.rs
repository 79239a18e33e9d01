//! Storage objects.

pub(crate) mod in_tree;

use longshore_framework::Str;
use longshore_framework::quantity::Quantity;
use longshore_framework::volume::{
    BindingMode, Claim, ClaimRef, CsiDriver, CsiNode, CsiSource, CsiStorageCapacity, PersistentVolume,
    StorageClass, VolumeAttachment,
};
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, Within};
use crate::selectors::{self, unknown};
use crate::wire::Amounts;
use crate::wire::claim::ClaimSpec;
use crate::wire::meta::Meta;
use crate::wire::storage as written;
use crate::{kind::Kind, meta};

type Result<T> = std::result::Result<T, ObjectError>;

/// The former place of the class of claims and volumes; it goes before the field.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// Where a CSINode says which in-tree plugins a driver has taken over.
const MIGRATED_PLUGINS: &str = "storage.alpha.kubernetes.io/migrated-plugins";

/// Reads a PersistentVolumeClaim.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn claim(value: &Value) -> Result<Claim> {
    let written: written::Claim = decode(value)?;
    let mut claim = claim_of(&written.metadata, &written.spec)?;
    claim.lost = &*written.status.phase == "Lost";
    Ok(claim)
}

/// A claim of that metadata and spec.
pub(crate) fn claim_of(metadata: &Meta, spec: &ClaimSpec) -> Result<Claim> {
    Ok(Claim {
        namespace: meta::namespace(metadata),
        name: meta::name(metadata)?,
        uid: meta::uid(metadata, Kind::PersistentVolumeClaim.name()),
        labels: meta::labels(&metadata.labels),
        annotations: meta::labels(&metadata.annotations),
        terminating: metadata.deletion_timestamp.is_some(),
        owner_uid: meta::owner(metadata).map(|o| o.uid),
        class: metadata.annotations.get(CLASS_ANNOTATION).or(spec.storage_class_name.as_ref()).cloned(),
        volume_name: spec.volume_name.clone(),
        volume_mode: volume_mode(&spec.volume_mode)?,
        access_modes: spec.access_modes.clone(),
        request: storage(&spec.resources.requests).within("spec.resources.requests")?,
        selector: selectors::optional(spec.selector.as_ref(), "spec.selector")?,
        attributes_class: spec.volume_attributes_class_name.clone(),
        lost: false,
    })
}

/// Reads a PersistentVolume; an in-tree source that CSI migration knows is translated.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn persistent_volume(value: &Value) -> Result<PersistentVolume> {
    let written: written::PersistentVolume = decode(value)?;
    let (metadata, spec) = (&written.metadata, &written.spec);
    let node_affinity = spec.node_affinity.required.as_ref().map(selectors::node_selector).transpose();
    let claim = |c: &written::ClaimRef| ClaimRef {
        namespace: c.namespace.clone(),
        name: c.name.clone(),
        uid: c.uid.clone(),
    };
    let csi = |c: &written::Csi| CsiSource {
        driver: c.driver.clone(),
        handle: c.volume_handle.clone(),
        migrated_from: None,
    };
    Ok(PersistentVolume {
        name: meta::name(metadata)?,
        labels: meta::labels(&metadata.labels),
        annotations: meta::labels(&metadata.annotations),
        terminating: metadata.deletion_timestamp.is_some(),
        class: metadata.annotations.get(CLASS_ANNOTATION).unwrap_or(&spec.storage_class_name).clone(),
        capacity: storage(&spec.capacity).within("spec.capacity")?,
        access_modes: spec.access_modes.clone(),
        volume_mode: volume_mode(&spec.volume_mode)?,
        node_affinity: node_affinity.within("spec.nodeAffinity.required")?,
        claim: spec.claim_ref.as_ref().map(claim),
        attributes_class: spec.volume_attributes_class_name.clone(),
        phase: written.status.phase.clone(),
        csi: spec.csi.as_ref().map(csi).or_else(|| in_tree::translate(&written)),
    })
}

/// The amount of `storage`, 0 when absent.
fn storage(amounts: &Amounts) -> Result<Quantity> {
    Ok(meta::resource_list(amounts)?.get("storage").unwrap_or(Quantity::ZERO))
}

fn volume_mode(written: &Str) -> Result<Str> {
    match &**written {
        "" => Ok("Filesystem".into()),
        "Filesystem" | "Block" => Ok(written.clone()),
        other => Err(unknown("spec.volumeMode", other, "Filesystem or Block")),
    }
}

/// Reads a StorageClass. The binding mode defaults to Immediate, which is what API servers fill in.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn storage_class(value: &Value) -> Result<StorageClass> {
    let written: written::StorageClass = decode(value)?;
    let binding_mode = match &*written.volume_binding_mode {
        "" if meta::is_hand_written(&written.metadata) => Some(BindingMode::Immediate),
        "" => None,
        "Immediate" => Some(BindingMode::Immediate),
        "WaitForFirstConsumer" => Some(BindingMode::WaitForFirstConsumer),
        other => return Err(unknown("volumeBindingMode", other, "Immediate or WaitForFirstConsumer")),
    };
    let term = |t: &written::TopologyTerm| {
        t.match_label_expressions.iter().map(|r| (r.key.clone(), r.values.clone())).collect()
    };
    Ok(StorageClass {
        name: meta::name(&written.metadata)?,
        provisioner: written.provisioner.clone(),
        binding_mode,
        allowed_topologies: written.allowed_topologies.iter().map(term).collect(),
    })
}

/// Reads a CSINode.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn csi_node(value: &Value) -> Result<CsiNode> {
    let written: written::CsiNode = decode(value)?;
    let migrated = written.metadata.annotations.get(MIGRATED_PLUGINS);
    let migrated = migrated.iter().flat_map(|list| list.split(',')).map(str::trim);
    Ok(CsiNode {
        name: meta::name(&written.metadata)?,
        drivers: written.spec.drivers.iter().map(|d| (d.name.clone(), d.allocatable.count)).collect(),
        migrated: migrated.filter(|name| !name.is_empty()).map(Str::from).collect(),
    })
}

/// Reads a CSIDriver.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn csi_driver(value: &Value) -> Result<CsiDriver> {
    let written: written::CsiDriver = decode(value)?;
    let spec = written.spec;
    Ok(CsiDriver {
        name: meta::name(&written.metadata)?,
        storage_capacity: spec.storage_capacity,
        prevents_if_missing: spec.prevent_pod_scheduling_if_missing,
    })
}

/// Reads a CSIStorageCapacity.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn csi_storage_capacity(value: &Value) -> Result<CsiStorageCapacity> {
    let written: written::CsiStorageCapacity = decode(value)?;
    Ok(CsiStorageCapacity {
        namespace: meta::namespace(&written.metadata),
        name: meta::name(&written.metadata)?,
        class: written.storage_class_name.clone(),
        topology: selectors::optional(written.node_topology.as_ref(), "nodeTopology")?,
        capacity: written.capacity.map(|a| a.0),
        maximum_volume_size: written.maximum_volume_size.map(|a| a.0),
    })
}

/// Reads a VolumeAttachment.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn volume_attachment(value: &Value) -> Result<VolumeAttachment> {
    let written: written::VolumeAttachment = decode(value)?;
    Ok(VolumeAttachment {
        name: meta::name(&written.metadata)?,
        attacher: written.spec.attacher.clone(),
        node: written.spec.node_name.clone(),
        volume: written.spec.source.persistent_volume_name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(source: Value, driver: &str, handle: &str, from: Option<&str>) {
        let mut spec = json!({"capacity": {"storage": "1Gi"}});
        spec.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
        let labels = json!({"topology.kubernetes.io/zone": "eu-1__eu-2"});
        let volume =
            persistent_volume(&json!({"metadata": {"name": "v", "labels": labels}, "spec": spec})).unwrap();
        let csi = volume.csi.unwrap();
        assert_eq!((&*csi.driver, &*csi.handle, csi.migrated_from.as_deref()), (driver, handle, from));
        assert_eq!((volume.capacity.value(), &*volume.volume_mode), (1 << 30, "Filesystem"));
    }

    #[test]
    fn in_tree_sources_are_translated() {
        check(json!({"csi": {"driver": "d", "volumeHandle": "h"}}), "d", "h", None);
        check(
            json!({"awsElasticBlockStore": {"volumeID": "aws://us-1a/vol-1"}}),
            "ebs.csi.aws.com",
            "vol-1",
            Some("kubernetes.io/aws-ebs"),
        );
        check(
            json!({"gcePersistentDisk": {"pdName": "p"}}),
            "pd.csi.storage.gke.io",
            "projects/UNSPECIFIED/regions/eu/disks/p",
            Some("kubernetes.io/gce-pd"),
        );
    }

    #[test]
    fn a_class_binds_at_once_unless_it_says_otherwise() {
        let mode = |more: Value| {
            let mut class = json!({"metadata": {"name": "c"}, "provisioner": "p"});
            class.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            storage_class(&class).map(|c| c.binding_mode).map_err(|e| e.field)
        };
        assert_eq!(mode(json!({})), Ok(Some(BindingMode::Immediate)));
        assert_eq!(mode(json!({"metadata": {"name": "c", "uid": "u"}})), Ok(None));
        assert_eq!(
            mode(json!({"volumeBindingMode": "WaitForFirstConsumer"})),
            Ok(Some(BindingMode::WaitForFirstConsumer))
        );
        assert_eq!(mode(json!({"volumeBindingMode": "Later"})), Err("volumeBindingMode".to_string()));
    }

    #[test]
    fn the_taken_over_plugins_stand_in_an_annotation() {
        let annotations = json!({MIGRATED_PLUGINS: "kubernetes.io/aws-ebs,kubernetes.io/gce-pd"});
        let drivers = json!([{"name": "d", "allocatable": {"count": 3}}, {"name": "e", "allocatable": null}]);
        let node = csi_node(
            &json!({"metadata": {"name": "n", "annotations": annotations}, "spec": {"drivers": drivers}}),
        );
        let node = node.unwrap();
        assert_eq!(node.migrated, ["kubernetes.io/aws-ebs".into(), "kubernetes.io/gce-pd".into()]);
        assert_eq!(node.drivers, [("d".into(), Some(3)), ("e".into(), None)]);
    }
}
