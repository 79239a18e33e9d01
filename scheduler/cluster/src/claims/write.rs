//! A claim is given to a pod: the finalizer, then what the claim gets and the pod among those who use it, in one update.
//!
//! Each write carries the version that was read, so that nothing is written over what somebody else wrote meanwhile. When the
//! versions differ the claim is read again, and so it is when an answer got lost: a write that was made is seen then, and is
//! not made twice.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use longshore_framework::pod::Pod;
use longshore_framework::port::{ClaimWrite, GeneratedClaim};
use longshore_framework::resource_claim::CLAIM_FINALIZER;
use serde_json::{Value, json};

use super::Claims;
use super::change::{self, Change};
use super::facts::ClaimFacts;
use super::json;
use super::proto::Edit;
use crate::call::{ApiError, Caller, Content, path};
use crate::retry::{Backoff, is_transient};

/// client-go's `DefaultRetry` for conflicts: 5 tries, 10 ms apart. A server that is not reached is asked for longer, because
/// nobody knows what has become of the last write.
const CONFLICTS: Backoff = Backoff { tries: 5, base: Duration::from_millis(10), factor: 1.0, jitter: 0.1 };
const DOUBTS: Backoff = Backoff { tries: 8, base: Duration::from_millis(50), factor: 2.0, jitter: 0.1 };

/// A claim that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) key: NamespacedName,
    pub(super) facts: ClaimFacts,
    /// The devices were written just now, and not found there.
    pub(super) allocated: bool,
}

/// What ended a try.
enum Failure {
    /// For good: kube-scheduler's words.
    Final(String),
    /// What was being done, and the API server's answer: it may succeed with a newer version.
    Call(String, ApiError),
}

impl Failure {
    fn text(self) -> String {
        match self {
            Self::Final(text) => text,
            Self::Call(doing, error) => format!("{doing}: {}", error.message),
        }
    }
}

/// Gives the claim to the pod.
///
/// # Errors
/// kube-scheduler's words: the claim is gone, or another's, or what the API server said.
pub(super) async fn write(claims: &Claims<'_>, pod: &Pod, what: &ClaimWrite) -> Result<Written, String> {
    let Some(generated) = &what.generated else {
        let key = (Arc::clone(&what.namespace), Arc::clone(&what.name));
        let given = give(claims, pod, what, &key, &what.uid, None).await;
        claims.store.counts.given.add(&given);
        return given;
    };
    let made = create(claims, pod, generated).await;
    claims.store.counts.made.add(&made);
    let (key, facts) = made?;
    let uid = Arc::clone(&facts.uid);
    let given = give(claims, pod, what, &key, &uid, Some(facts)).await;
    claims.store.counts.given.add(&given);
    let written = given?;
    name_in_status(claims.api, pod, &key.1, generated).await?;
    Ok(written)
}

async fn create(
    claims: &Claims<'_>,
    pod: &Pod,
    generated: &GeneratedClaim,
) -> Result<(NamespacedName, ClaimFacts), String> {
    let version = claims.store.api_version();
    let failed = |error: ApiError| {
        // It has no name yet.
        format!("create claim for extended resources {}/: {}", pod.meta.namespace, error.message)
    };
    let path = path::device_claims(version, &pod.meta.namespace);
    let answer = claims.api.post(&path, &json::generated(version, pod, generated)).await.map_err(failed)?;
    claims.answered(&answer).map(|answer| (answer.key, answer.facts)).map_err(failed)
}

/// What the pod's status is to say of the claim.
async fn name_in_status(
    api: &Caller,
    pod: &Pod,
    claim: &str,
    generated: &GeneratedClaim,
) -> Result<(), String> {
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    if generated.requests.is_empty() {
        return Err(format!(
            "nil or empty request mappings, no update of pod {namespace}/{name} ExtendedResourceClaimStatus"
        ));
    }
    let patch = json::pod_status(&pod.meta.uid, claim, &generated.requests);
    let path = path::pod_status(namespace, name);
    let call = || api.patch(&path, Content::StrategicMerge, &patch);
    let patched = crate::retry::retried(Backoff::STATUS, call).await;
    patched.map(drop).map_err(|error| {
        format!("update pod {namespace}/{name} ExtendedResourceClaimStatus: {}", error.message)
    })
}

async fn give(
    claims: &Claims<'_>,
    pod: &Pod,
    what: &ClaimWrite,
    key: &NamespacedName,
    uid: &Str,
    mut facts: Option<ClaimFacts>,
) -> Result<Written, String> {
    facts = facts.or_else(|| claims.store.claim(key).filter(|facts| facts.uid == *uid));
    let target = Target { key, uid, pod: &pod.meta.uid };
    let (mut number, mut in_doubt) = (0, false);
    loop {
        number += 1;
        let failure = match attempt(claims, pod, what, &target, facts.take(), in_doubt).await {
            Ok(written) => return Ok(written),
            Err(failure) => failure,
        };
        let Failure::Call(_, error) = &failure else { return Err(failure.text()) };
        let backoff = match error {
            error if error.is_conflict() => CONFLICTS,
            error if is_transient(error) => DOUBTS,
            _ => return Err(failure.text()),
        };
        in_doubt |= !error.is_conflict();
        match backoff.wait_after(number) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(failure.text()),
        }
    }
}

/// Which claim, and for whom.
struct Target<'a> {
    key: &'a NamespacedName,
    uid: &'a Str,
    pod: &'a Str,
}

impl Target<'_> {
    fn gone(&self) -> Failure {
        Failure::Final(format!("claim {}/{} got deleted in the meantime", self.key.0, self.key.1))
    }

    fn elsewhere(&self, done: &str) -> Failure {
        Failure::Final(format!("claim {}/{} got {done} elsewhere in the meantime", self.key.0, self.key.1))
    }
}

/// One try, on the claim as it is known, or else as it is read.
async fn attempt(
    claims: &Claims<'_>,
    pod: &Pod,
    what: &ClaimWrite,
    target: &Target<'_>,
    known: Option<ClaimFacts>,
    in_doubt: bool,
) -> Result<Written, Failure> {
    let shown = format!("{}/{}", target.key.0, target.key.1);
    let mut facts = match known {
        Some(facts) => facts,
        None => read(claims, target, &shown).await?,
    };
    let written = |facts, allocated| Written { key: target.key.clone(), facts, allocated };
    if facts.deleting || facts.uid != *target.uid {
        return Err(target.gone());
    }
    // An answer got lost, or this process came to an end, after the write was made.
    if facts.allocated && facts.is_used_by(target.pod) && has_what_was_found(&facts, what, in_doubt) {
        return Ok(written(facts, what.allocation.is_some()));
    }
    if what.allocation.is_some() {
        if facts.allocated {
            return Err(target.elsewhere("allocated"));
        }
        if !facts.is_protected() {
            facts = protect(claims, target, &facts)
                .await
                .map_err(|error| Failure::Call(format!("add finalizer to claim {shown}"), error))?;
        }
    } else if !facts.allocated && what.stamp {
        return Err(target.elsewhere("deallocated"));
    }
    let doing = match what.allocation {
        Some(_) => format!("add allocation and reservation to claim {shown}"),
        None => format!("add reservation to claim {shown}"),
    };
    let user = Edit::AddPod { name: pod.meta.name.clone(), uid: pod.meta.uid.clone() };
    let change = Change {
        patch: &status_patch(pod, what, &facts),
        content: Content::StrategicMerge,
        status: true,
        version: facts.version,
        uid: &facts.uid,
        edit: what.allocation.is_none().then_some(user),
    };
    let answer = change::make(claims, target.key, change).await;
    let answer =
        answer.and_then(|answer| claims.answered(&answer)).map_err(|error| Failure::Call(doing, error))?;
    Ok(written(answer.facts, what.allocation.is_some()))
}

/// Whether the claim has the devices that it is to get. Of shares of devices nobody can tell whose they are, but for a write that
/// was made a moment ago.
fn has_what_was_found(facts: &ClaimFacts, what: &ClaimWrite, in_doubt: bool) -> bool {
    let Some(allocation) = &what.allocation else { return true };
    let alone = allocation.devices.iter().filter(|device| !device.admin && device.share.is_none());
    let mut alone = alone.map(|device| (&device.driver, &device.pool, &device.device));
    let same = facts.devices.iter().map(|(driver, pool, device)| (driver, pool, device)).eq(&mut alone);
    same && (in_doubt || !facts.devices.is_empty())
}

async fn read(claims: &Claims<'_>, target: &Target<'_>, shown: &str) -> Result<ClaimFacts, Failure> {
    match claims.read(target.key).await {
        Ok(answer) => Ok(answer.facts),
        Err(error) if error.is_not_found() => Err(target.gone()),
        Err(error) => Err(Failure::Call(format!("get updated claim {shown} after conflict"), error)),
    }
}

async fn protect(
    claims: &Claims<'_>,
    target: &Target<'_>,
    facts: &ClaimFacts,
) -> Result<ClaimFacts, ApiError> {
    let finalizers: Vec<&str> = facts.finalizers.iter().map(|f| &**f).chain([CLAIM_FINALIZER]).collect();
    let patch = json!({"metadata": {
        "uid": &*facts.uid,
        "resourceVersion": facts.version.to_string(),
        "finalizers": finalizers,
    }});
    let change = Change {
        patch: &patch,
        content: Content::Merge,
        status: false,
        version: facts.version,
        uid: &facts.uid,
        edit: Some(Edit::AddFinalizer(CLAIM_FINALIZER)),
    };
    let answer = change::make(claims, target.key, change).await?;
    claims.answered(&answer).map(|answer| answer.facts)
}

/// Allocation, stamp and user. The list of users is one that is merged by UID. What is allocated already is not stamped, as
/// kube-scheduler tries to: an allocation cannot be changed, so that no further pod could be let use it.
fn status_patch(pod: &Pod, what: &ClaimWrite, facts: &ClaimFacts) -> Value {
    let user = json!({"resource": "pods", "name": &*pod.meta.name, "uid": &*pod.meta.uid});
    // Whoever comes last stands last, as with kube-scheduler; a merge alone puts new ones first.
    let users = facts.users.iter().chain([&pod.meta.uid]);
    let order: Vec<Value> = users.map(|uid| json!({ "uid": &**uid })).collect();
    let mut status = json!({ "reservedFor": [user], "$setElementOrder/reservedFor": order });
    if let Some(allocation) = &what.allocation {
        status["allocation"] = json::allocation(allocation);
        if what.stamp {
            status["allocation"]["allocationTimestamp"] = format!("{:.0}", Timestamp::now()).into();
        }
    }
    json!({"metadata": {"uid": &*facts.uid, "resourceVersion": facts.version.to_string()}, "status": status})
}
