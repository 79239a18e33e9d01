//! What writes make of a claim, for whoever stands in for an API server.

use std::sync::Arc;

use super::{ClaimWrite, GeneratedClaim};
use crate::Str;
use crate::pod::Pod;
use crate::resource_claim::{ClaimUser, ResourceClaim};

/// How many users a claim can have.
const MOST_USERS: usize = 256;

impl ClaimWrite {
    /// The claim with this written to it, for `pod`.
    ///
    /// # Errors
    /// What kube-scheduler says when it cannot be written.
    pub fn applied(&self, claim: &ResourceClaim, pod: &Pod) -> Result<ResourceClaim, String> {
        let shown = claim.shown();
        if claim.terminating {
            return Err(format!("claim {shown} got deleted in the meantime"));
        }
        let mut claim = claim.clone();
        match &self.allocation {
            Some(_) if claim.allocation.is_some() => {
                return Err(format!("claim {shown} got allocated elsewhere in the meantime"));
            }
            Some(allocation) => claim.allocation = Some(Arc::clone(allocation)),
            None if claim.allocation.is_none() => {
                return Err(format!("claim {shown} got deallocated elsewhere in the meantime"));
            }
            None => {}
        }
        claim.reserved_for.push(ClaimUser {
            resource: "pods".into(),
            name: Arc::clone(&pod.meta.name),
            uid: Arc::clone(&pod.meta.uid),
        });
        let users = claim.reserved_for.len();
        if users > MOST_USERS {
            let what = if self.allocation.is_some() { "allocation and reservation" } else { "reservation" };
            return Err(format!(
                "add {what} to claim {shown}: ResourceClaim.resource.k8s.io \"{}\" is invalid: status.reservedFor: Too \
                 many: {users}: must have at most {MOST_USERS} items",
                claim.name
            ));
        }
        claim.version = 0;
        Ok(claim)
    }
}

impl GeneratedClaim {
    /// The claim as it is made for `pod` under a name.
    pub fn made(&self, pod: &Pod, name: Str) -> ResourceClaim {
        ResourceClaim {
            namespace: Arc::clone(&pod.meta.namespace),
            uid: format!("ResourceClaim/{}/{name}", pod.meta.namespace).into(),
            name,
            version: 0,
            terminating: false,
            owner_uid: Some(Arc::clone(&pod.meta.uid)),
            extended: true,
            spec: Arc::clone(&self.spec),
            allocation: None,
            allocated_at: None,
            reserved_for: Vec::new(),
            devices: Vec::new(),
        }
    }
}
