//! The slices as the allocator wants them, kept from one pod to the next.

use std::sync::{Arc, PoisonError, RwLock};

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::DeviceSlices;
use rustc_hash::FxHashMap;

use super::allocator::{Inventory, Pool, Reach, Selectors};

/// Of how many nodes it is kept which pools they see. When there are more, all are forgotten.
const MOST_NODES: usize = 1 << 15;

/// Pools in the order in which devices are looked for.
pub(super) type Pools = Arc<[Arc<Pool>]>;

/// What is kept.
#[derive(Default)]
pub(super) struct Kept {
    /// Expressions that were compiled.
    pub(super) selectors: Selectors,
    inner: RwLock<Inner>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

#[derive(Default)]
struct Inner {
    /// Which store it is of.
    lineage: u64,
    /// What of it is known.
    revision: u64,
    inventory: Inventory,
    nodes: FxHashMap<Str, (Arc<Node>, Pools)>,
}

impl Kept {
    /// The pools in which a node has a part. With `rules` devices have the taints of DeviceTaintRules too.
    pub(super) fn pools_of(&self, slices: &DeviceSlices, node: &Arc<Node>, rules: bool) -> Pools {
        let held = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(pools) = held.known(slices, node) {
            return pools;
        }
        drop(held);
        let mut held = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        held.follow(slices, rules);
        if let Some(pools) = held.known(slices, node) {
            return pools;
        }
        let pools: Pools = held.inventory.pools_of(node).into();
        if held.nodes.len() >= MOST_NODES {
            held.nodes.clear();
        }
        held.nodes.insert(node.name.clone(), (Arc::clone(node), Arc::clone(&pools)));
        pools
    }
}

impl Inner {
    fn is_current(&self, slices: &DeviceSlices) -> bool {
        self.lineage == slices.lineage() && self.revision == slices.revision()
    }

    fn known(&self, slices: &DeviceSlices, node: &Arc<Node>) -> Option<Pools> {
        if !self.is_current(slices) {
            return None;
        }
        let (as_of, pools) = self.nodes.get(&node.name)?;
        (Arc::ptr_eq(as_of, node) || as_of.labels == node.labels).then(|| Arc::clone(pools))
    }

    /// Takes in what changed.
    fn follow(&mut self, slices: &DeviceSlices, rules: bool) {
        if self.is_current(slices) {
            return;
        }
        let since = (self.lineage == slices.lineage()).then(|| slices.since(self.revision)).flatten();
        match since {
            Some(changed) => changed.for_each(|name| self.take_in(slices, name, rules)),
            None => {
                *self = Self { lineage: slices.lineage(), ..Self::default() };
                slices.iter().for_each(|slice| self.take_in(slices, &slice.name, rules));
            }
        }
        self.revision = slices.revision();
    }

    fn take_in(&mut self, slices: &DeviceSlices, name: &Str, rules: bool) {
        let slice = if rules { slices.tainted(name) } else { slices.get(name).cloned() };
        let reach = match slice {
            Some(slice) => self.inventory.set(slice),
            None => self.inventory.remove(name),
        };
        match reach {
            Reach::Nodes(nodes) => nodes.iter().for_each(|node| _ = self.nodes.remove(node)),
            Reach::Everywhere => self.nodes.clear(),
        }
    }
}

#[cfg(test)]
mod tests;
