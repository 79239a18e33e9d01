//! Whether the devices of a claim are ready for a pod to be bound.

use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::resource_claim::{AllocatedDevice, Allocation, ResourceClaim};

/// How far the devices of a claim are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// No condition is missing.
    Ready,
    /// Some are.
    Waiting,
    /// A failure condition is true.
    Failed,
}

/// The conditions that have to be true for a device.
fn conditions(device: &AllocatedDevice) -> &[longshore_framework::Str] {
    device.binding_conditions.as_deref().unwrap_or_default()
}

/// Whether anything has to be waited for before a pod is bound.
pub(super) fn has_conditions(allocation: &Allocation) -> bool {
    allocation.devices.iter().any(|device| !conditions(device).is_empty())
}

/// How far the devices of the claim are, which has some.
pub(super) fn readiness(claim: &ResourceClaim, allocation: &Allocation) -> Readiness {
    for device in allocation.devices.iter().filter(|device| !conditions(device).is_empty()) {
        let status = claim
            .devices
            .iter()
            .find(|s| s.device == device.device && s.driver == device.driver && s.pool == device.pool);
        let Some(status) = status else { return Readiness::Waiting };
        if device.binding_failure_conditions.iter().any(|condition| status.holds.contains(condition)) {
            return Readiness::Failed;
        }
        if !conditions(device).iter().all(|condition| status.holds.contains(condition)) {
            return Readiness::Waiting;
        }
    }
    Readiness::Ready
}

/// Whether the claim has waited long enough for its conditions. Where nobody tells the time nothing happens either: then it has.
pub(super) fn has_timed_out(
    claim: &ResourceClaim,
    allocation: &Allocation,
    timeout: Duration,
    now: Option<Timestamp>,
) -> bool {
    let Some(since) = claim.allocated_at else { return false };
    let waits = allocation.devices.iter().any(|device| device.binding_conditions.is_some());
    let timeout = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
    waits && now.is_none_or(|now| since.0.saturating_add(timeout) < now.0)
}

#[cfg(test)]
mod tests;
