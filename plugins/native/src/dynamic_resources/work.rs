//! What the plugin remembers of a pod within a cycle.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_framework::Str;
use longshore_framework::port::GeneratedClaim;
use longshore_framework::reason::Reason;
use longshore_framework::resource_claim::{Allocation, ResourceClaim};
use rustc_hash::FxHashMap;

use super::allocator::Pools;
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
    /// Whether the devices that a claim has, by its number, were of no use on some node.
    unavailable: Box<[AtomicBool]>,
    /// What was found where all nodes that see the same pools find the same.
    solved: Mutex<Option<Solved>>,
    /// What was found where nothing had to be.
    pub(super) nothing: Arc<Found>,
}

/// What is found on a node, or why it is rejected.
pub(super) type Solution = Result<Arc<Found>, Reason>;

/// What is found on each node that sees these pools.
#[derive(Debug)]
pub(super) struct Solved {
    pub(super) pools: Arc<Pools>,
    /// Which devices are in use: lineage and revision.
    pub(super) as_of: (u64, u64),
    /// What else was looked for.
    pub(super) made: Option<GeneratedClaim>,
    pub(super) solution: Solution,
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
        let unavailable = claims.iter().map(|_| AtomicBool::new(false)).collect();
        Self { claims, extended, unavailable, ..Self::default() }
    }

    /// Whether the plugin has nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.extended.is_none()
    }

    /// The claims that have nothing yet, with their numbers.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (usize, &Arc<ResourceClaim>)> {
        self.claims.iter().enumerate().filter(|(_, claim)| claim.allocation.is_none())
    }

    pub(super) fn keep(&self, node: &Str, found: Arc<Found>) {
        lock(&self.found).insert(node.clone(), found);
    }

    /// What is known to be found by a node that sees these pools.
    pub(super) fn solution(
        &self,
        pools: &Arc<Pools>,
        as_of: (u64, u64),
        made: Option<&GeneratedClaim>,
    ) -> Option<Solution> {
        let solved = lock(&self.solved);
        let solved = solved.as_ref().filter(|solved| Arc::ptr_eq(&solved.pools, pools))?;
        (solved.as_of == as_of && solved.made.as_ref() == made).then(|| solved.solution.clone())
    }

    pub(super) fn keep_solution(&self, solved: Solved) {
        *lock(&self.solved) = Some(solved);
    }

    pub(super) fn found(&self, node: &str) -> Option<Arc<Found>> {
        lock(&self.found).get(node).cloned()
    }

    pub(super) fn note_unavailable(&self, claim: usize) {
        if let Some(noted) = self.unavailable.get(claim).filter(|noted| !noted.load(Ordering::Relaxed)) {
            noted.store(true, Ordering::Relaxed);
        }
    }

    /// The claims by their number that have devices which were of no use on some node.
    pub(super) fn unavailable(&self) -> Vec<usize> {
        let noted = self.unavailable.iter().enumerate();
        noted.filter(|(_, noted)| noted.load(Ordering::Relaxed)).map(|(at, _)| at).collect()
    }
}

/// What was set aside for the pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserved(pub(super) Arc<Found>);

/// Whoever panicked while holding it left something whole behind.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
