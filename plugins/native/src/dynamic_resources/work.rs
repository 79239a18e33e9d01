//! What the plugin remembers of a pod within a cycle.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_framework::Str;
use longshore_framework::port::GeneratedClaim;
use longshore_framework::resource_claim::{Allocation, ResourceClaim};
use rustc_hash::FxHashMap;

use super::extended::Wish;

/// What there is to do for a pod. Copies share it: what Filter found is there for Score and Reserve.
#[derive(Clone, Debug, Default)]
pub(super) struct Work(pub(super) Arc<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    /// The claims that the pod's spec names, as PreFilter found them.
    pub(super) claims: Vec<Arc<ResourceClaim>>,
    /// Extended resources that devices may be given for.
    pub(super) extended: Option<Extended>,
    /// By name of the node.
    found: Mutex<FxHashMap<Str, Arc<Found>>>,
    /// Claims by their number that have devices which were of no use on some node.
    unavailable: Mutex<BTreeSet<usize>>,
}

/// A claim for extended resources.
#[derive(Debug)]
pub(super) enum Extended {
    /// It was made for the pod in an earlier attempt that came to nothing.
    Stale(Arc<ResourceClaim>),
    /// It is to be made for these.
    Wanted(Vec<Wish>),
}

/// What was found on a node.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What claims get that have nothing yet, by their number.
    pub(super) claims: Vec<(usize, Arc<Allocation>)>,
    /// The claim that is to be made for extended resources, and what it gets.
    pub(super) extended: Option<(GeneratedClaim, Arc<Allocation>)>,
}

impl Inner {
    pub(super) fn new(claims: Vec<Arc<ResourceClaim>>, extended: Option<Extended>) -> Self {
        Self { claims, extended, ..Self::default() }
    }

    /// Whether the plugin has nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.extended.is_none()
    }

    /// The claims that have nothing yet, with their numbers.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (usize, &Arc<ResourceClaim>)> {
        self.claims.iter().enumerate().filter(|(_, claim)| claim.allocation.is_none())
    }

    pub(super) fn keep(&self, node: &Str, found: Found) {
        lock(&self.found).insert(node.clone(), Arc::new(found));
    }

    pub(super) fn found(&self, node: &str) -> Option<Arc<Found>> {
        lock(&self.found).get(node).cloned()
    }

    pub(super) fn note_unavailable(&self, claims: impl IntoIterator<Item = usize>) {
        lock(&self.unavailable).extend(claims);
    }

    pub(super) fn unavailable(&self) -> Vec<usize> {
        lock(&self.unavailable).iter().copied().collect()
    }
}

/// What was set aside for the pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserved(pub(super) Arc<Found>);

/// Whoever panicked while holding it left something whole behind.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
