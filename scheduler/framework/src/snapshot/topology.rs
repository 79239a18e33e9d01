//! The domain of every node for one topology key.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Slot;
use crate::Str;
use crate::bitset::BitSet;
use crate::node::Node;

/// The domain of a node without the label.
pub const NO_DOMAIN: u32 = u32::MAX;

/// Domains are numbered in the order they were first seen; a number outlives its last node until the column is built
/// anew.
#[derive(Clone, Debug)]
pub struct TopologyColumn {
    key: Str,
    domains: Vec<u32>,
    values: Vec<Str>,
    by_value: FxHashMap<Str, u32>,
}

impl TopologyColumn {
    pub(super) fn build(key: &Str, nodes: &[Arc<Node>], live: &BitSet) -> Self {
        let mut column = Self {
            key: Arc::clone(key),
            domains: vec![NO_DOMAIN; nodes.len()],
            values: Vec::new(),
            by_value: FxHashMap::default(),
        };
        for slot in live.iter() {
            column.set(Slot::from(slot), nodes[slot].labels.get(key).cloned());
        }
        column
    }

    pub(super) fn set(&mut self, slot: Slot, value: Option<Str>) {
        if slot.index() >= self.domains.len() {
            self.domains.resize(slot.index() + 1, NO_DOMAIN);
        }
        self.domains[slot.index()] = value.map_or(NO_DOMAIN, |v| self.number(v));
    }

    fn number(&mut self, value: Str) -> u32 {
        if let Some(have) = self.by_value.get(&value) {
            return *have;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(NO_DOMAIN);
        self.values.push(Arc::clone(&value));
        self.by_value.insert(value, number);
        number
    }

    /// The topology key.
    pub fn key(&self) -> &Str {
        &self.key
    }

    /// The domain of a node, [`NO_DOMAIN`] when it lacks the label.
    pub fn domain(&self, slot: Slot) -> u32 {
        self.domains.get(slot.index()).copied().unwrap_or(NO_DOMAIN)
    }

    /// One more than the largest domain number: the length of a table by domain.
    pub fn domain_count(&self) -> usize {
        self.values.len()
    }

    /// The label value of a domain.
    pub fn value(&self, domain: u32) -> Option<&Str> {
        self.values.get(domain as usize)
    }
}
