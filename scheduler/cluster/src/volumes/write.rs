//! The writes that go before a binding: a volume's `claimRef`, a claim's selected node.
//!
//! Each carries the version that was read, so that nothing is written over what somebody else wrote meanwhile.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::port::StorageWrite;
use longshore_framework::volume::SELECTED_NODE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::{BOUND_BY_CONTROLLER, ClaimFacts, ClaimKey, VolumeFacts};
use super::store::StorageStore;
use crate::call::{ApiError, Caller, Content, decode, path};

/// A write that was made.
#[derive(Debug)]
pub(super) struct Written {
    /// The claim it is about.
    pub(super) claim: ClaimKey,
    /// Its UID.
    pub(super) uid: Str,
    /// The volume, when it is a volume that was written.
    pub(super) volume: Option<Str>,
    /// The version that the written object has since.
    pub(super) version: Str,
}

/// Makes a write, unless things are so already.
///
/// # Errors
/// What the API server said, or would have said.
pub(super) async fn write(
    api: &Caller,
    store: &StorageStore,
    what: &StorageWrite,
) -> Result<Written, String> {
    match what {
        StorageWrite::BindVolume { volume, namespace, claim } => {
            let key = (Arc::clone(namespace), Arc::clone(claim));
            bind_volume(api, store, volume, key).await
        }
        StorageWrite::Provision { namespace, claim, node } => {
            let key = (Arc::clone(namespace), Arc::clone(claim));
            provision(api, store, key, node).await
        }
    }
}

async fn bind_volume(
    api: &Caller,
    store: &StorageStore,
    name: &Str,
    key: ClaimKey,
) -> Result<Written, String> {
    let facts = store.volume(name).ok_or_else(|| not_found(VOLUMES, name))?;
    let claim = store.claim(&key).ok_or_else(|| not_found(CLAIMS, &key.1))?;
    let written = |version| Written {
        claim: key.clone(),
        uid: Arc::clone(&claim.uid),
        volume: Some(Arc::clone(name)),
        version,
    };
    if facts.is_bound_to(&key, &claim.uid) {
        return Ok(written(facts.resource_version));
    }
    if facts.claim.is_some() && !facts.is_for(&key, &claim.uid) {
        return Err(modified(VOLUMES, name));
    }
    if claim.volume.as_ref().is_some_and(|other| other != name) {
        return Err(modified(CLAIMS, &key.1));
    }
    let patch = claim_ref_patch(&facts, &key, &claim);
    Ok(written(patched(api, &path::volume(name), &patch).await?))
}

/// A volume that nobody had set aside for the claim is marked as bound by a controller.
fn claim_ref_patch(volume: &VolumeFacts, key: &ClaimKey, claim: &ClaimFacts) -> Value {
    let mut metadata = json!({"resourceVersion": volume.resource_version});
    if volume.claim.is_none() && !volume.by_controller {
        metadata["annotations"] = json!({BOUND_BY_CONTROLLER: "yes"});
    }
    let claim_ref = json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": key.0,
        "name": key.1,
        "uid": claim.uid,
        "resourceVersion": claim.resource_version,
    });
    json!({"metadata": metadata, "spec": {"claimRef": claim_ref}})
}

/// A claim that waits for a volume on the node already was written for another pod that uses it.
async fn provision(api: &Caller, store: &StorageStore, key: ClaimKey, node: &Str) -> Result<Written, String> {
    let facts = store.claim(&key).ok_or_else(|| not_found(CLAIMS, &key.1))?;
    let version = match &facts.selected_node {
        Some(selected) if selected == node => Arc::clone(&facts.resource_version),
        None if facts.volume.is_none() => {
            let annotations = json!({SELECTED_NODE: node});
            let patch =
                json!({"metadata": {"resourceVersion": facts.resource_version, "annotations": annotations}});
            patched(api, &path::claim(&key.0, &key.1), &patch).await?
        }
        _ => return Err(modified(CLAIMS, &key.1)),
    };
    Ok(Written { claim: key, uid: facts.uid, volume: None, version })
}

/// Patches; the version that came of it.
async fn patched(api: &Caller, path: &str, patch: &Value) -> Result<Str, String> {
    let said = |error: ApiError| error.message;
    let answer = api.patch(path, Content::Merge, patch).await.map_err(said)?;
    let answer: Answer = decode(&answer).map_err(said)?;
    Ok(answer.metadata.resource_version)
}

#[derive(Deserialize)]
struct Answer {
    metadata: AnswerMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerMetadata {
    #[serde(deserialize_with = "text")]
    resource_version: Str,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Str, D::Error> {
    String::deserialize(deserializer).map(Str::from)
}

pub(super) const VOLUMES: &str = "persistentvolumes";
pub(super) const CLAIMS: &str = "persistentvolumeclaims";

/// What the API server says of an object that it does not have.
pub(super) fn not_found(resource: &str, name: &str) -> String {
    format!("{resource} \"{name}\" not found")
}

/// What the API server says of a write that is based on an old version. What was seen here since the decision says so as
/// well: the call is not needed.
fn modified(resource: &str, name: &str) -> String {
    format!(
        "Operation cannot be fulfilled on {resource} \"{name}\": the object has been modified; please apply your \
         changes to the latest version and try again"
    )
}
