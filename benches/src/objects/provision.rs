//! What a volume controller and a provisioner make of what a scheduler writes: volumes, and claims that are bound to them.

use std::sync::Arc;

use anyhow::anyhow;
use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node::{Node, ZONE};
use longshore_framework::volume::{BIND_COMPLETED, Claim, ClaimRef, PersistentVolume, StorageClass};
use serde_json::{Value, json};

/// A volume for the claim, which may be used in the node's zone, or anywhere if it has none.
///
/// # Errors
/// A claim of which no volume can be made.
pub(crate) fn provision(
    claim: &Claim,
    class: &StorageClass,
    node: &Node,
) -> anyhow::Result<PersistentVolume> {
    let name = format!("pvc-{}-{}", claim.namespace, claim.name);
    let mut value = json!({
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": claim.request.to_string()},
            "accessModes": claim.access_modes.iter().map(|mode| &**mode).collect::<Vec<_>>(),
            "storageClassName": &*class.name,
            "claimRef": {"namespace": &*claim.namespace, "name": &*claim.name, "uid": &*claim.uid},
            "csi": {"driver": &*class.provisioner, "volumeHandle": name},
        },
        "status": {"phase": "Bound"},
    });
    if let Some(zone) = node.labels.get(ZONE) {
        value["spec"]["nodeAffinity"] = in_zone(zone);
    }
    longshore_manifest::persistent_volume(&value).map_err(|e| anyhow!("{name}: {e}"))
}

fn in_zone(zone: &str) -> Value {
    let expression = json!({"key": ZONE, "operator": "In", "values": [zone]});
    json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}})
}

/// The two, bound to each other.
pub(crate) fn bind(claim: &Claim, volume: &PersistentVolume) -> (Arc<Claim>, Arc<PersistentVolume>) {
    let annotations = claim.annotations.iter().map(|(k, v)| (Arc::clone(k), Arc::clone(v)));
    let done: (Str, Str) = (BIND_COMPLETED.into(), "yes".into());
    let claim_ref = ClaimRef {
        namespace: Arc::clone(&claim.namespace),
        name: Arc::clone(&claim.name),
        uid: Arc::clone(&claim.uid),
    };
    let claim = Claim {
        volume_name: Arc::clone(&volume.name),
        annotations: annotations.chain([done]).collect::<Labels>(),
        ..claim.clone()
    };
    let volume = PersistentVolume { claim: Some(claim_ref), phase: "Bound".into(), ..volume.clone() };
    (Arc::new(claim), Arc::new(volume))
}
