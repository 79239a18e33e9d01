//! Something is taken back of claims: a pod's use of one, what one has, or the claim itself.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::port::{ClaimRelease, Input, ReleasedClaim};
use longshore_framework::resource_claim::CLAIM_FINALIZER;
use serde_json::json;

use super::Claims;
use super::change::{self, Change};
use super::facts::ClaimFacts;
use super::proto::Edit;
use crate::call::{ApiError, Content, path};
use crate::retry::{Backoff, retried};
use crate::status::is_other_pod as is_another;

/// Takes back what is to be taken back, one after the other. What fails is logged: where it matters, the next attempt asks for
/// it again.
pub async fn release(claims: &Claims<'_>, pod: &Pod, releases: &[ReleasedClaim]) {
    for what in releases {
        let key = (Arc::clone(&what.namespace), Arc::clone(&what.name));
        let done = match what.what {
            ClaimRelease::Reservation => unreserve(claims, &key, &what.uid, &pod.meta.uid).await,
            ClaimRelease::Allocation => deallocate(claims, &key, what, &pod.meta.uid).await,
            ClaimRelease::Claim => delete(claims, &key, &what.uid).await,
        };
        claims.store.counts.taken_back.add(&done);
        match done {
            Err(error) if !is_another(&error) => {
                tracing::error!(pod = %pod.key(), claim = format!("{}/{}", key.0, key.1), "{:?} could not be taken back: {error}", what.what);
            }
            _ => {}
        }
    }
}

/// Takes the pod out of `reservedFor`. The list is merged by UID, so that the newest version need not be known.
async fn unreserve(claims: &Claims<'_>, key: &NamespacedName, uid: &Str, pod: &Str) -> Result<(), ApiError> {
    let patch = json!({
        "metadata": {"uid": &**uid},
        "status": {"reservedFor": [{"$patch": "delete", "uid": &**pod}]},
    });
    let leaving = || Change {
        patch: &patch,
        content: Content::StrategicMerge,
        status: true,
        version: 0,
        uid,
        edit: Some(Edit::RemoveUser { uid: pod.clone() }),
    };
    let answer = retried(Backoff::STATUS, || change::make(claims, key, leaving())).await?;
    claims.answered(&answer).map(drop)
}

/// Clears what the claim has, if nobody else uses it and it has not changed since it was looked at.
async fn deallocate(
    claims: &Claims<'_>,
    key: &NamespacedName,
    what: &ReleasedClaim,
    pod: &Str,
) -> Result<(), ApiError> {
    let version = match what.version {
        0 => {
            let facts = claims.read(key).await?.facts;
            if facts.uid != what.uid || facts.users.iter().any(|user| user != pod) {
                return Ok(());
            }
            facts.version
        }
        known => known,
    };
    clear(claims, key, &what.uid, version).await
}

async fn clear(claims: &Claims<'_>, key: &NamespacedName, uid: &Str, version: u64) -> Result<(), ApiError> {
    let patch = json!({
        "metadata": {"uid": &**uid, "resourceVersion": version.to_string()},
        "status": {"allocation": null, "reservedFor": null, "devices": null},
    });
    let path = path::device_claim_status(claims.store.api_version(), &key.0, &key.1);
    let answer = claims.api.patch(&path, Content::Merge, &patch).await?;
    claims.answered(&answer).map(drop)
}

/// Clears what was given to a claim just now and must not be: another claim has it. A claim that is used by others since keeps
/// it, and the pod only leaves it.
pub(super) async fn take_back(claims: &Claims<'_>, key: &NamespacedName, uid: &Str, pod: &Str) {
    let clearing = || async {
        let facts = claims.read(key).await?.facts;
        let others = facts.users.iter().any(|user| user != pod);
        match (facts.uid == *uid, others) {
            (false, _) => Ok(()),
            (true, true) => unreserve(claims, key, uid, pod).await,
            (true, false) => clear(claims, key, uid, facts.version).await,
        }
    };
    if let Err(error) = retried(Backoff::STATUS, clearing).await
        && !is_another(&error)
    {
        tracing::error!(claim = format!("{}/{}", key.0, key.1), "devices could not be taken back: {error}");
    }
}

/// Removes the finalizer, then the claim.
async fn delete(claims: &Claims<'_>, key: &NamespacedName, uid: &Str) -> Result<(), ApiError> {
    let path = path::device_claim(claims.store.api_version(), &key.0, &key.1);
    let unprotect = || async {
        let read = claims.read(key).await?;
        if read.facts.uid != *uid || !read.facts.is_protected() {
            return Ok(read);
        }
        let patch = without_finalizer(&read.facts);
        let change = Change {
            patch: &patch,
            content: Content::Merge,
            status: false,
            version: read.facts.version,
            uid,
            edit: Some(Edit::RemoveFinalizer(CLAIM_FINALIZER)),
        };
        let answer = change::make(claims, key, change).await?;
        claims.answered(&answer)
    };
    let left = retried(Backoff::STATUS, unprotect).await?;
    if left.facts.uid != *uid {
        return Ok(());
    }
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": &**uid}});
    match claims.api.delete(&path, &options).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => {
            (claims.tell)(Input::ObjectDeleted(Object::ResourceClaim(left.claim)));
            Ok(())
        }
    }
}

fn without_finalizer(facts: &ClaimFacts) -> serde_json::Value {
    let others: Vec<&str> =
        facts.finalizers.iter().map(|f| &**f).filter(|finalizer| *finalizer != CLAIM_FINALIZER).collect();
    json!({"metadata": {
        "uid": &*facts.uid,
        "resourceVersion": facts.version.to_string(),
        "finalizers": others,
    }})
}
