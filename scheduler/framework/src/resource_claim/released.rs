//! What is taken back of claims.

use super::ResourceClaim;
use crate::Str;
use crate::pod::Pod;

/// A claim of which something is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedClaim {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID: nothing is done to another claim of that name.
    pub uid: Str,
    /// `metadata.resourceVersion` as it was known; 0 when not known.
    pub version: u64,
    /// What is taken back.
    pub what: ClaimRelease,
}

/// What is taken back of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimRelease {
    /// The pod is taken out of `reservedFor`.
    Reservation,
    /// `allocation`, `reservedFor` and `status.devices` are cleared, if the claim is still of the version that was known.
    Allocation,
    /// The claim's finalizer is removed, and then the claim.
    Claim,
}

impl ReleasedClaim {
    /// The claim without what is taken back for `pod`; `None` when it goes itself.
    pub fn applied(&self, claim: &ResourceClaim, pod: &Pod) -> Option<ResourceClaim> {
        let mut claim = ResourceClaim { version: 0, ..claim.clone() };
        match self.what {
            ClaimRelease::Reservation => claim.reserved_for.retain(|user| user.uid != pod.meta.uid),
            ClaimRelease::Allocation => {
                (claim.allocation, claim.allocated_at) = (None, None);
                claim.reserved_for.clear();
                claim.devices.clear();
            }
            ClaimRelease::Claim => return None,
        }
        Some(claim)
    }
}
