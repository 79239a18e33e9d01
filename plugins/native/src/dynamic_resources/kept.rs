//! The slices as the allocator wants them, kept from one pod to the next.

use std::sync::{Arc, PoisonError, RwLock};

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::DeviceSlices;
use rustc_hash::FxHashMap;

use super::allocator::{Inventory, Pools, Reach, Selectors};
use super::gates::SliceRules;

/// Of how many nodes it is kept which pools they see. When there are more, all are forgotten.
const MOST_NODES: usize = 1 << 15;

/// Lists of pools that are shared by the nodes that see the same ones, at the most.
const MOST_LISTS: usize = 1 << 12;

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
    nodes: FxHashMap<Str, (Arc<Node>, Arc<Pools>)>,
    /// Lists of several pools, by where these are in memory: they are there as long as the list is.
    lists: FxHashMap<Vec<usize>, Arc<Pools>>,
}

impl Kept {
    /// The pools in which a node has a part. What of slices counts is `rules`, always the same.
    pub(super) fn pools_of(&self, slices: &DeviceSlices, node: &Arc<Node>, rules: SliceRules) -> Arc<Pools> {
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
        let pools = held.list(node);
        if held.nodes.len() >= MOST_NODES {
            held.nodes.clear();
        }
        held.nodes.insert(node.name.clone(), (Arc::clone(node), Arc::clone(&pools)));
        pools
    }
}

impl Inner {
    /// The pools that a node sees, the same for nodes that see the same ones.
    fn list(&mut self, node: &Node) -> Arc<Pools> {
        let pools = self.inventory.pools_of(node);
        if pools.len() < 2 {
            return Arc::new(Pools::new(pools));
        }
        if self.lists.len() >= MOST_LISTS {
            self.lists.clear();
        }
        let key = pools.iter().map(|pool| Arc::as_ptr(pool) as usize).collect();
        Arc::clone(self.lists.entry(key).or_insert_with(|| Arc::new(Pools::new(pools))))
    }

    fn is_current(&self, slices: &DeviceSlices) -> bool {
        self.lineage == slices.lineage() && self.revision == slices.revision()
    }

    fn known(&self, slices: &DeviceSlices, node: &Arc<Node>) -> Option<Arc<Pools>> {
        if !self.is_current(slices) {
            return None;
        }
        let (as_of, pools) = self.nodes.get(&node.name)?;
        (Arc::ptr_eq(as_of, node) || as_of.labels == node.labels).then(|| Arc::clone(pools))
    }

    /// Takes in what changed.
    fn follow(&mut self, slices: &DeviceSlices, rules: SliceRules) {
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

    fn take_in(&mut self, slices: &DeviceSlices, name: &Str, rules: SliceRules) {
        let slice = if rules.taint_rules { slices.tainted(name) } else { slices.get(name).cloned() };
        let reach = match slice {
            Some(slice) => self.inventory.set(rules.applied(slice)),
            None => self.inventory.remove(name),
        };
        match reach {
            Reach::Nodes(nodes) => nodes.iter().for_each(|node| _ = self.nodes.remove(node)),
            Reach::Everywhere => {
                self.nodes.clear();
                self.lists.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests;
