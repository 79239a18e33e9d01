//! Amounts by topology key and domain.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::domains::DomainSums;
use longshore_framework::snapshot::{NO_DOMAIN, Slot, Snapshot, TopologyColumn};
use smallvec::SmallVec;

/// The number of a key in a [`Table`].
pub(super) type KeyNumber = usize;

/// Amounts summed by domain, for one topology key after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(Vec<DomainSums>);

impl Table {
    /// The number of a key, which is entered if it is new.
    pub(super) fn key(&mut self, snapshot: &Snapshot, key: &Str) -> KeyNumber {
        if let Some(known) = self.find(key) {
            return known;
        }
        self.0.push(DomainSums::new(snapshot, key));
        self.0.len() - 1
    }

    fn find(&self, key: &Str) -> Option<KeyNumber> {
        self.0.iter().position(|sums| sums.key() == key)
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.0.len()
    }

    /// The topology columns of all keys, for [`set`](Self::set).
    pub(super) fn columns(&self, snapshot: &Snapshot) -> SmallVec<[Arc<TopologyColumn>; 4]> {
        self.0.iter().map(|sums| snapshot.topology(sums.key())).collect()
    }

    /// Sets what a node adds to the sums of its domains, by key; what it added before is taken back.
    pub(super) fn set(
        &mut self,
        columns: &[Arc<TopologyColumn>],
        node: Slot,
        amounts: impl Iterator<Item = i64>,
    ) {
        for ((sums, column), amount) in self.0.iter_mut().zip(columns).zip(amounts) {
            sums.set(node, column.domain(node), Some(amount));
        }
    }

    /// The sums of the node's domains, summed over all keys it has.
    pub(super) fn sum(&self, node: Slot) -> i64 {
        // Without the key the domain number is beyond every table.
        self.0.iter().map(|sums| sums.sum(sums.domain(node))).fold(0, i64::saturating_add)
    }

    /// What tells nodes apart: the domain where nodes share one, and else the sum, which is the node's own affair.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        kind.extend(self.0.iter().map(|sums| match sums.domain(node) {
            domain if sums.is_shared() => i64::from(domain),
            domain => sums.sum(domain),
        }));
    }
}

/// A finished table of counts, and how a hypothesis differs from it. Copies share the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    table: Arc<Table>,
    /// Key, domain and difference; few, because a hypothesis concerns one node.
    changes: SmallVec<[(KeyNumber, u32, i64); 2]>,
    /// How many more pairs of key and domain have a count other than 0 than in the table.
    more: i64,
}

impl Counts {
    /// The table, to be brought up to date.
    pub(super) fn table_mut(&mut self) -> &mut Table {
        Arc::make_mut(&mut self.table)
    }

    /// Whether every count is 0.
    pub(super) fn is_empty(&self) -> bool {
        self.more + self.table.0.iter().map(|sums| sums.nonzero() as i64).sum::<i64>() == 0
    }

    /// Changes the count of the node's domain, if the node has the key.
    pub(super) fn change(&mut self, snapshot: &Snapshot, key: &Str, node: Slot, delta: i64) {
        let known = self.table.find(key);
        let domain = match known {
            Some(number) => self.table.0[number].domain(node),
            None => snapshot.topology(key).domain(node),
        };
        if domain == NO_DOMAIN {
            return;
        }
        let key = known.unwrap_or_else(|| self.table_mut().key(snapshot, key));
        let before = self.get(key, domain);
        match self.changes.iter().position(|(k, d, _)| (*k, *d) == (key, domain)) {
            Some(at) => {
                self.changes[at].2 = self.changes[at].2.saturating_add(delta);
                if self.changes[at].2 == 0 {
                    self.changes.swap_remove(at);
                }
            }
            None => self.changes.push((key, domain, delta)),
        }
        self.more += i64::from(self.get(key, domain) != 0) - i64::from(before != 0);
    }

    fn get(&self, key: KeyNumber, domain: u32) -> i64 {
        let counted = self.table.0[key].sum(domain);
        let changed = self.changes.iter().find(|(k, d, _)| (*k, *d) == (key, domain));
        counted.saturating_add(changed.map_or(0, |(_, _, delta)| *delta))
    }

    /// Per key, the count of the node's domain; `None` when the node lacks the key.
    pub(super) fn at(&self, node: Slot) -> impl Iterator<Item = Option<i64>> + '_ {
        self.table.0.iter().enumerate().map(move |(number, sums)| {
            let domain = sums.domain(node);
            (domain != NO_DOMAIN).then(|| self.get(number, domain))
        })
    }

    /// Whether some domain of the node has pods.
    pub(super) fn any(&self, node: Slot) -> bool {
        !self.is_empty() && self.at(node).flatten().any(|count| count > 0)
    }

    /// What tells nodes apart: the domain where nodes share one, and else whether it has pods.
    pub(super) fn kind(&self, node: Slot, kind: &mut Vec<i64>) {
        kind.extend(self.table.0.iter().map(|sums| match sums.domain(node) {
            domain if sums.is_shared() || domain == NO_DOMAIN => i64::from(domain),
            domain => i64::from(sums.sum(domain) > 0),
        }));
    }
}
