//! Which devices a pod's claims are given on a node. Knows slices, classes, requests and what is in use, and nothing of
//! stages or of the cluster.
//!
//! The search is kube-scheduler's: one device after the other for one request after the other, the first solution is
//! taken, and whatever was tried in vain is taken back. Pools, slices and devices have a fixed order, so that the same
//! devices come out.

mod capacity;
mod constraint;
mod count;
mod counters;
mod everything;
mod fates;
mod inventory;
mod openings;
mod outcome;
mod plan;
mod pool;
mod pools;
mod search;
mod selectors;
mod slice;
#[cfg(test)]
mod tests;

use longshore_framework::Str;
use longshore_framework::device::DeviceClass;
use longshore_framework::device_use::InUse;
use longshore_framework::node::Node;
use longshore_framework::resource_claim::{Allocation, ClaimSpec};
use std::sync::Arc;
use thiserror::Error;

pub use count::count;
pub use everything::{Asked, everything};
pub use fates::{DeviceId, Fate, fates};
pub use inventory::{Inventory, Reach};
pub use pool::Pool;
pub use pools::Pools;
pub use selectors::Selectors;

/// How many devices a claim can have.
pub const MOST_DEVICES: usize = 32;

/// A claim that is to be given devices.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// For messages.
    pub namespace: &'a str,
    /// For messages.
    pub name: &'a str,
    /// What it asks for.
    pub spec: &'a ClaimSpec,
}

/// What is known beside the node and the claims.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What is in use.
    pub in_use: &'a InUse,
    /// Compiled selectors.
    pub selectors: &'a Selectors,
    /// The class of that name.
    pub class: &'a dyn Fn(&Str) -> Option<Arc<DeviceClass>>,
    /// How many devices may be looked at before the search is given up.
    pub patience: u64,
    /// Settings for drivers are listed once, and without requests where all are meant.
    pub lists_once: bool,
    /// Ranges of amounts may be in thousandths.
    pub fractional: bool,
    /// Claims may ask for a part of what a device has.
    pub shares: bool,
}

/// Why it cannot be said whether there are devices.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AllocationError {
    /// Something about the claim, a class or a selector is wrong, and this in the words of kube-scheduler.
    #[error("{0}")]
    Broken(String),
    /// Some pool of the node is not as it should be, and nothing was found in the others.
    #[error("invalid resource pools were encountered")]
    InvalidPools,
    /// There are too many ways to try.
    #[error("timed out trying to allocate devices")]
    GaveUp,
}

/// Finds devices for all the claims on the node, in the order of the claims. `None` if there are none.
///
/// # Errors
/// See [`AllocationError`]. Only after [`AllocationError::InvalidPools`] it makes sense to ask about other nodes.
pub fn allocate(
    node: &Node,
    pools: &Pools,
    claims: &[Claim<'_>],
    known: Known<'_>,
) -> Result<Option<Vec<Allocation>>, AllocationError> {
    let mut plan = plan::Plan::new(node, pools, claims, known)?;
    let found = search::Search::new(&mut plan, known).run()?;
    match found {
        Some(found) => outcome::allocations(node, claims, &plan, (&found, known.lists_once)).map(Some),
        None if pools.iter().any(|pool| pool.is_invalid()) => Err(AllocationError::InvalidPools),
        None => Ok(None),
    }
}
