//! The pools that a node sees, in the order in which devices are looked for, and what is remembered of them from one search
//! to the next.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_framework::Str;
use longshore_framework::device::{Attribute, DeviceNodes, SliceNodes};
use longshore_framework::device_use::InUse;
use rustc_hash::FxHashMap;

use super::openings::{Key, Openings};
use super::pool::Pool;

/// So many pools, or more, are worth remembering of which there is something left.
const MANY: usize = 8;

/// Kinds of requests, and attributes, that something is remembered for, at the most. When there are more, all are forgotten.
const MOST_KEYS: usize = 256;

/// Driver and name of a pool.
type PoolId = (Str, Str);

/// The places of the pools with a device that has a value, by value of an attribute.
type ByValue = FxHashMap<Attribute, Vec<usize>>;

/// The pools that a node sees. Nodes that see the same ones share this.
pub struct Pools {
    pools: Vec<Arc<Pool>>,
    /// What is found for a claim is the same on all these nodes, whichever devices it is.
    uniform: bool,
    /// It is remembered in which there may be something.
    remembers: bool,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    places: Option<Arc<FxHashMap<PoolId, usize>>>,
    /// By attribute.
    valued: FxHashMap<Str, Arc<ByValue>>,
    openings: FxHashMap<Key, Arc<Openings>>,
}

impl std::fmt::Debug for Pools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pools({})", self.pools.len())
    }
}

impl Deref for Pools {
    type Target = [Arc<Pool>];

    fn deref(&self) -> &[Arc<Pool>] {
        &self.pools
    }
}

impl Pools {
    /// These, in order.
    pub fn new(pools: Vec<Arc<Pool>>) -> Self {
        let uniform = pools.iter().all(|pool| is_uniform(pool));
        let remembers = pools.len() >= MANY;
        Self { pools, uniform, remembers, memory: Mutex::default() }
    }

    /// These, and nothing is remembered of them.
    #[cfg(test)]
    pub(super) fn forgetful(pools: Vec<Arc<Pool>>) -> Self {
        Self { remembers: false, ..Self::new(pools) }
    }

    /// Whether what is found on one node that sees these is found on every other one as well.
    pub fn is_uniform(&self) -> bool {
        self.uniform
    }

    /// Whether they are so many that it is remembered in which there may be something.
    pub(super) fn are_many(&self) -> bool {
        self.remembers
    }

    /// In which of them there may be something for requests of a kind.
    pub(super) fn openings(&self, key: &Key, in_use: &InUse) -> Arc<Openings> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let places = Arc::clone(memory.places.get_or_insert_with(|| Arc::new(places(&self.pools))));
        if memory.openings.len() >= MOST_KEYS {
            memory.openings.clear();
        }
        let known = memory.openings.remove(key);
        let current = match known {
            Some(known) => known.followed(in_use, &places, self.pools.len()),
            None => Arc::new(Openings::new(self.pools.len(), in_use)),
        };
        memory.openings.insert(key.clone(), Arc::clone(&current));
        current
    }

    /// Remembers what a search found out.
    pub(super) fn learn(&self, key: &Key, learnt: Openings) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = memory.openings.get_mut(key) {
            match Arc::get_mut(known) {
                Some(known) => known.add(&learnt),
                None => *known = Arc::new(known.with(&learnt)),
            }
        }
    }

    /// The pools with a device of which an attribute has this value, as bits.
    pub(super) fn valued(&self, attribute: &Str, value: &Attribute) -> Arc<[u64]> {
        let mut bits = vec![0_u64; self.pools.len().div_ceil(64)];
        for at in self.by_value(attribute).get(value).into_iter().flatten() {
            bits[at / 64] |= 1 << (at % 64);
        }
        bits.into()
    }

    fn by_value(&self, attribute: &Str) -> Arc<ByValue> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = memory.valued.get(attribute) {
            return Arc::clone(known);
        }
        if memory.valued.len() >= MOST_KEYS {
            memory.valued.clear();
        }
        let mut by_value = ByValue::default();
        for (at, pool) in self.pools.iter().enumerate() {
            for value in pool.values(attribute) {
                let pools = by_value.entry(value.clone()).or_default();
                if pools.last() != Some(&at) {
                    pools.push(at);
                }
            }
        }
        let by_value = Arc::new(by_value);
        memory.valued.insert(attribute.clone(), Arc::clone(&by_value));
        by_value
    }
}

fn places(pools: &[Arc<Pool>]) -> FxHashMap<PoolId, usize> {
    pools.iter().enumerate().map(|(at, pool)| ((pool.driver.clone(), pool.name.clone()), at)).collect()
}

/// Whether it says nothing of single nodes, or of what is allocated of it.
fn is_uniform(pool: &Pool) -> bool {
    pool.slices.iter().all(|slice| {
        let nodes =
            matches!(slice.published.nodes, SliceNodes::Of(DeviceNodes::All | DeviceNodes::Selector(_)));
        nodes && !slice.published.devices.iter().any(|device| device.binds_to_node)
    })
}
