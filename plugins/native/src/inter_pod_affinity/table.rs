//! Amounts by topology key and domain.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::snapshot::{NO_DOMAIN, Slot, Snapshot, TopologyColumn};
use smallvec::SmallVec;

/// The amounts of one topology key, by domain number.
#[derive(Clone, Debug)]
struct Key {
    column: Arc<TopologyColumn>,
    amounts: Vec<i64>,
}

impl Key {
    fn amount(&self, domain: u32) -> i64 {
        self.amounts.get(domain as usize).copied().unwrap_or(0)
    }
}

/// The number of a key in a [`Table`].
pub(super) type KeyNumber = usize;

/// The table as it is built.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(Vec<Key>);

impl Table {
    /// The number of a key, which is entered if it is new.
    pub(super) fn key(&mut self, snapshot: &Snapshot, key: &Str) -> KeyNumber {
        if let Some(known) = self.0.iter().position(|k| k.column.key() == key) {
            return known;
        }
        let column = snapshot.topology(key);
        let amounts = vec![0; column.domain_count()];
        self.0.push(Key { column, amounts });
        self.0.len() - 1
    }

    /// Adds to the amount of the node's domain; whether the node has the key.
    pub(super) fn add(&mut self, key: KeyNumber, node: Slot, amount: i64) -> bool {
        let key = &mut self.0[key];
        let domain = key.column.domain(node);
        if let Some(cell) = key.amounts.get_mut(domain as usize) {
            *cell = cell.saturating_add(amount);
        }
        domain != NO_DOMAIN
    }

    /// The amounts of the node's domains, summed over all keys it has.
    pub(super) fn sum(&self, node: Slot) -> i64 {
        // Without the key the domain number is beyond every table.
        self.0.iter().map(|k| k.amount(k.column.domain(node))).fold(0, i64::saturating_add)
    }
}

/// A finished table of counts, and how a hypothesis differs from it. Copies share the table.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    table: Arc<Table>,
    /// Key, domain and difference; few, because a hypothesis concerns one node.
    changes: SmallVec<[(KeyNumber, u32, i64); 2]>,
    /// How many pairs of key and domain have a count other than 0.
    entries: i64,
}

impl From<Table> for Counts {
    fn from(table: Table) -> Self {
        let entries = table.0.iter().flat_map(|k| &k.amounts).filter(|amount| **amount != 0).count() as i64;
        Self { table: Arc::new(table), changes: SmallVec::new(), entries }
    }
}

impl Counts {
    /// Whether every count is 0.
    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Changes the count of the node's domain, if the node has the key.
    pub(super) fn change(&mut self, snapshot: &Snapshot, key: &Str, node: Slot, delta: i64) {
        let known = self.table.0.iter().position(|k| k.column.key() == key);
        let domain = match known {
            Some(number) => self.table.0[number].column.domain(node),
            None => snapshot.topology(key).domain(node),
        };
        if domain == NO_DOMAIN {
            return;
        }
        let key = known.unwrap_or_else(|| Arc::make_mut(&mut self.table).key(snapshot, key));
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
        self.entries += i64::from(self.get(key, domain) != 0) - i64::from(before != 0);
    }

    fn get(&self, key: KeyNumber, domain: u32) -> i64 {
        let counted = self.table.0[key].amount(domain);
        let changed = self.changes.iter().find(|(k, d, _)| (*k, *d) == (key, domain));
        counted.saturating_add(changed.map_or(0, |(_, _, delta)| *delta))
    }

    /// Per key, the count of the node's domain; `None` when the node lacks the key.
    pub(super) fn at(&self, node: Slot) -> impl Iterator<Item = Option<i64>> + '_ {
        self.table.0.iter().enumerate().map(move |(number, key)| {
            let domain = key.column.domain(node);
            (domain != NO_DOMAIN).then(|| self.get(number, domain))
        })
    }

    /// Whether some domain of the node has pods.
    pub(super) fn any(&self, node: Slot) -> bool {
        !self.is_empty() && self.at(node).flatten().any(|count| count > 0)
    }
}
