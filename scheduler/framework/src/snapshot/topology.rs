//! The domain of every node for one topology key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dashmap::DashMap;
use rustc_hash::FxHashMap;

use super::Slot;
use crate::Str;
use crate::bitset::BitSet;
use crate::node::Node;

/// The domain of a node without the label.
pub const NO_DOMAIN: u32 = u32::MAX;

/// Domains are numbered. The number of a domain whose last node is gone goes to the next new one: whoever counts by domain
/// is told of both nodes, takes back what the one counted with and adds the other. So tables by domain are as long as there
/// were ever domains at a time.
#[derive(Clone, Debug)]
pub struct TopologyColumn {
    key: Str,
    domains: Vec<u32>,
    values: Vec<Str>,
    by_value: FxHashMap<Str, u32>,
    /// Numbers that no domain has.
    free: Vec<u32>,
    /// Nodes by domain, and how many domains have two or more.
    nodes: Vec<u32>,
    shared: usize,
    /// How many nodes have the label.
    labelled: usize,
}

impl TopologyColumn {
    pub(super) fn build(key: &Str, nodes: &[Arc<Node>], live: &BitSet) -> Self {
        let mut column = Self {
            key: Arc::clone(key),
            domains: vec![NO_DOMAIN; nodes.len()],
            values: Vec::new(),
            by_value: FxHashMap::default(),
            free: Vec::new(),
            nodes: Vec::new(),
            shared: 0,
            labelled: 0,
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
        let domain = value.map_or(NO_DOMAIN, |v| self.number(v));
        let before = std::mem::replace(&mut self.domains[slot.index()], domain);
        if let Some(nodes) = self.nodes.get_mut(domain as usize) {
            *nodes += 1;
            self.labelled += 1;
            self.shared += usize::from(*nodes == 2);
        }
        if let Some(nodes) = self.nodes.get_mut(before as usize) {
            *nodes -= 1;
            self.labelled -= 1;
            self.shared -= usize::from(*nodes == 1);
            if *nodes == 0 {
                self.forget(before);
            }
        }
    }

    /// A domain has no node any more. The one whose value is empty keeps its number: plugins treat it apart from others.
    fn forget(&mut self, domain: u32) {
        let value = &mut self.values[domain as usize];
        if !value.is_empty() {
            self.by_value.remove(&std::mem::take(value));
            self.free.push(domain);
        }
    }

    fn number(&mut self, value: Str) -> u32 {
        if let Some(have) = self.by_value.get(&value) {
            return *have;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.values.push(Str::default());
            self.nodes.push(0);
            u32::try_from(self.values.len() - 1).unwrap_or(NO_DOMAIN)
        });
        if let Some(place) = self.values.get_mut(number as usize) {
            *place = Arc::clone(&value);
        }
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

    /// Whether some domain has two or more nodes. Where none has, as with host names, what happens in a domain happens on
    /// its node.
    pub fn is_shared(&self) -> bool {
        self.shared > 0
    }

    /// How many nodes have the label.
    pub fn labelled(&self) -> usize {
        self.labelled
    }

    /// One more than the largest domain number: the length of a table by domain.
    pub fn domain_count(&self) -> usize {
        self.values.len()
    }

    /// The domain with this label value, if any node has it; the one with the empty value also if any node ever had it.
    pub fn find(&self, value: &str) -> Option<u32> {
        self.by_value.get(value).copied()
    }

    /// The nodes with this label value, by looking at all.
    pub fn nodes_of<'c>(&'c self, value: &str) -> impl Iterator<Item = Slot> + use<'c> {
        let domain = self.find(value);
        let found = self.domains.iter().enumerate().filter(move |(_, have)| Some(**have) == domain);
        found.map(|(slot, _)| Slot::from(slot))
    }

    /// The label value of a domain.
    pub fn value(&self, domain: u32) -> Option<&Str> {
        self.values.get(domain as usize)
    }
}

/// Columns kept at the most; keys come from pods, which are not trusted to be few.
const MAX_COLUMNS: usize = 256;

/// The columns by key. A column is built by whichever thread of a decision asks first, and then kept up to date. As long
/// as nothing changes a column keeps its numbers: whoever counts by them has to hear of it when they are given anew.
#[derive(Debug)]
pub(super) struct Topologies {
    columns: DashMap<Str, Arc<TopologyColumn>>,
    /// So many columns at the most.
    most: usize,
    /// There was no room for a column.
    crowded: AtomicBool,
}

impl Clone for Topologies {
    fn clone(&self) -> Self {
        Self { columns: self.columns.clone(), ..Self::with_room_for(self.most) }
    }
}

impl Default for Topologies {
    fn default() -> Self {
        Self::with_room_for(MAX_COLUMNS)
    }
}

impl Topologies {
    /// Keeps so many columns at the most.
    pub(super) fn with_room_for(most: usize) -> Self {
        Self { columns: DashMap::new(), most, crowded: AtomicBool::default() }
    }

    pub(super) fn get(&self, key: &Str, nodes: &[Arc<Node>], live: &BitSet) -> Arc<TopologyColumn> {
        if let Some(column) = self.columns.get(key) {
            return Arc::clone(&column);
        }
        let column = Arc::new(TopologyColumn::build(key, nodes, live));
        if self.columns.len() < self.most {
            self.columns.insert(Arc::clone(key), Arc::clone(&column));
        } else {
            self.crowded.store(true, Ordering::Release);
        }
        column
    }

    /// Drops all columns if there was no room for one; whether it did.
    pub(super) fn make_room(&mut self) -> bool {
        let crowded = std::mem::take(self.crowded.get_mut());
        if crowded {
            self.columns.clear();
        }
        crowded
    }

    /// A node came, changed its labels, or went; whether a key has now shared domains that had none, or the other way
    /// round.
    pub(super) fn set(&mut self, slot: Slot, node: Option<&Node>) -> bool {
        let mut turned = false;
        for mut column in self.columns.iter_mut() {
            let value = node.and_then(|n| n.labels.get(column.key()).cloned());
            let column = Arc::make_mut(&mut column);
            let was_shared = column.is_shared();
            column.set(slot, value);
            turned |= column.is_shared() != was_shared;
        }
        turned
    }
}
