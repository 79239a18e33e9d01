//! All slices, by pool, with the nodes that can have a part in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_framework::Str;
use longshore_framework::device::{DeviceNodes, ResourceSlice, SliceNodes};
use longshore_framework::node::Node;
use rustc_hash::FxHashMap;

use super::pool::{self, Pool};
use super::slice::Slice;

/// Of how many sets of slices of a pool it is kept what a node sees.
const MOST_SEEN: usize = 8;

/// A pool as those see it who see the slices in these places.
type Seen = (Vec<usize>, Option<Arc<Pool>>);

/// Driver and name of a pool.
type PoolId = (Str, Str);

/// The nodes that see a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// These.
    Nodes(Vec<Str>),
    /// It may be any.
    Everywhere,
}

impl Reach {
    /// The nodes of both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nodes(mut nodes), Self::Nodes(more)) => {
                nodes.extend(more);
                Self::Nodes(nodes)
            }
            _ => Self::Everywhere,
        }
    }
}

/// The slices of a cluster.
#[derive(Default)]
pub struct Inventory {
    pools: BTreeMap<PoolId, Vec<Arc<Slice>>>,
    /// Pools as nodes see them, by the places of the slices that these see. What is seen by many is there once.
    seen: Mutex<FxHashMap<PoolId, Vec<Seen>>>,
    /// The pool of each slice, by the name of the slice.
    slices: FxHashMap<Str, PoolId>,
    /// Pools with slices of one node, by its name, and how many slices these are.
    local: FxHashMap<Str, BTreeMap<PoolId, u32>>,
    /// Pools with slices that are not of one node, and how many.
    shared: BTreeMap<PoolId, u32>,
    /// Pools whose shared counters contradict themselves. Every node hears of these, because counters count wherever they
    /// are published.
    suspects: BTreeMap<PoolId, Arc<Pool>>,
}

impl Inventory {
    /// Takes in a slice in place of the one of that name. Returns who may see other pools than before.
    pub fn set(&mut self, slice: Arc<ResourceSlice>) -> Reach {
        let before = self.remove(&slice.name);
        let id = (slice.driver.clone(), slice.pool.clone());
        self.slices.insert(slice.name.clone(), id.clone());
        *self.counts(&slice).entry(id.clone()).or_default() += 1;
        let slices = self.pools.entry(id.clone()).or_default();
        let at = slices.partition_point(|have| have.published.name < slice.name);
        slices.insert(at, Arc::new(Slice::new(slice)));
        self.all_seen().remove(&id);
        self.suspect(id.clone());
        before.and(self.reach(&id))
    }

    fn all_seen(&self) -> MutexGuard<'_, FxHashMap<PoolId, Vec<Seen>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sees a pool as it is now.
    fn reach(&self, id: &PoolId) -> Reach {
        let mut nodes = Vec::new();
        for slice in self.pools.get(id).into_iter().flatten() {
            match &slice.published.nodes {
                // Counters concern everybody when they are wrong.
                _ if !slice.published.counters.is_empty() => return Reach::Everywhere,
                SliceNodes::Of(DeviceNodes::Named(node)) => nodes.push(node.clone()),
                SliceNodes::Unknown => {}
                _ => return Reach::Everywhere,
            }
        }
        Reach::Nodes(nodes)
    }

    /// Looks for contradictions in the counters of a pool.
    fn suspect(&mut self, id: PoolId) {
        let pool = self.pools.get(&id).and_then(|slices| Pool::of_nobody(slices));
        match pool.filter(Pool::is_invalid) {
            Some(pool) => self.suspects.insert(id, Arc::new(pool)),
            None => self.suspects.remove(&id),
        };
    }

    /// Forgets the slice of that name. Returns who may see other pools than before.
    pub fn remove(&mut self, name: &Str) -> Reach {
        let nobody = Reach::Nodes(Vec::new());
        let Some(id) = self.slices.remove(name) else { return nobody };
        let before = self.reach(&id);
        let Some(slices) = self.pools.get_mut(&id) else { return nobody };
        let Some(at) = slices.iter().position(|slice| slice.published.name == *name) else { return nobody };
        let gone = slices.remove(at);
        if slices.is_empty() {
            self.pools.remove(&id);
        }
        let counts = self.counts(&gone.published);
        if let Some(count) = counts.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&id);
            }
        }
        let empty = counts.is_empty();
        if let (true, SliceNodes::Of(DeviceNodes::Named(node))) = (empty, &gone.published.nodes) {
            self.local.remove(node);
        }
        self.all_seen().remove(&id);
        self.suspect(id);
        before
    }

    fn counts(&mut self, slice: &ResourceSlice) -> &mut BTreeMap<PoolId, u32> {
        match &slice.nodes {
            SliceNodes::Of(DeviceNodes::Named(node)) => self.local.entry(node.clone()).or_default(),
            _ => &mut self.shared,
        }
    }

    /// The pools in which a node has a part, in the order in which devices are looked for.
    pub fn pools_of(&self, node: &Node) -> Vec<Arc<Pool>> {
        let local = self.local.get(&node.name).into_iter().flat_map(BTreeMap::keys);
        let ids: BTreeSet<&PoolId> = local.chain(self.shared.keys()).collect();
        let mut pools: Vec<Arc<Pool>> = Vec::new();
        let mut all_seen = self.all_seen();
        for id in ids {
            let Some(slices) = self.pools.get(id) else { continue };
            let places = pool::places_for(slices, node);
            if places.is_empty() {
                continue;
            }
            let seen = all_seen.entry(id.clone()).or_default();
            let known = seen.iter().find(|(known, _)| *known == places).map(|(_, pool)| pool.clone());
            let pool = known.unwrap_or_else(|| {
                let pool = Pool::of_places(slices, &places).map(Arc::new);
                if seen.len() < MOST_SEEN {
                    seen.push((places, pool.clone()));
                }
                pool
            });
            pools.extend(pool);
        }
        drop(all_seen);
        let own: BTreeSet<PoolId> =
            pools.iter().map(|pool| (pool.driver.clone(), pool.name.clone())).collect();
        let suspects = self.suspects.iter().filter(|(id, _)| !own.contains(id));
        pools.extend(suspects.map(|(_, pool)| Arc::clone(pool)));
        pool::sort(&mut pools);
        pools
    }
}
