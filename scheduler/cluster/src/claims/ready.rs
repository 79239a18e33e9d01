//! Whether the devices of claims are ready for a pod: the conditions that their drivers set.

use std::time::Duration;

use jiff::Timestamp;
use longshore_framework::objects::NamespacedName;

use super::facts::{ClaimFacts, DeviceWait};
use super::store::ClaimStore;
use crate::waits::Waiting;

/// How often things are looked at although no change was told, as kube-scheduler does.
const POLL: Duration = Duration::from_secs(5);

/// Returns when all claims are ready.
pub(super) async fn until(
    store: &ClaimStore,
    claims: &[NamespacedName],
    timeout: Duration,
    waiting: [&Waiting; 2],
    is_there: impl Fn() -> bool,
) -> Result<(), String> {
    loop {
        if let Some(why) = waiting.iter().find_map(|waiting| waiting.over()) {
            return Err(why.to_string());
        }
        // It may have gone before the wait began.
        if !is_there() {
            return Err("pod does not exist any more".to_string());
        }
        if are_ready(store, claims, timeout, Timestamp::now())? {
            return Ok(());
        }
        let [first, second] = waiting;
        tokio::select! {
            () = first.changed() => {}
            () = second.changed() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Looks at one claim after the other, up to the first that is not ready.
fn are_ready(
    store: &ClaimStore,
    claims: &[NamespacedName],
    timeout: Duration,
    now: Timestamp,
) -> Result<bool, String> {
    for key in claims {
        let name = &key.1;
        let claim =
            store.claim(key).ok_or_else(|| format!("resourceclaims.resource.k8s.io \"{name}\" not found"))?;
        if is_ready(&claim, name)? {
            continue;
        }
        if is_late(&claim, timeout, now) {
            return Err(format!("device binding timeout: claim={name}"));
        }
        return Ok(false);
    }
    Ok(true)
}

/// Whether all devices of the claim are ready.
///
/// # Errors
/// One of them failed.
pub(super) fn is_ready(claim: &ClaimFacts, name: &str) -> Result<bool, String> {
    if !claim.allocated {
        return Ok(false);
    }
    for DeviceWait { conditions, failures, says } in &claim.waits {
        let Some(says) = says else { return Ok(false) };
        let says = |kind: &str| says.iter().find(|condition| &*condition.kind == kind);
        let failed = failures.iter().filter_map(|kind| says(kind)).find(|condition| condition.is_true());
        if let Some(failed) = failed {
            let (reason, message) = (&failed.reason, &*failed.message);
            return Err(format!("device binding failed: claim={name}, reason={reason}, message={message:?}"));
        }
        if !conditions.iter().all(|kind| says(kind).is_some_and(|condition| condition.is_true())) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the devices were given to the claim longer ago than they may take.
fn is_late(claim: &ClaimFacts, timeout: Duration, now: Timestamp) -> bool {
    let Ok(stamp) = claim.stamp.parse::<Timestamp>() else { return false };
    !claim.waits.is_empty() && now.duration_since(stamp).unsigned_abs() > timeout && now > stamp
}
