//! An amount per node, summed by topology domain and kept up to date node by node.

use rustc_hash::FxHashMap;

use crate::Str;
use crate::snapshot::{NO_DOMAIN, Slot, Snapshot};

/// The amount of a node that is not counted at all.
const NOT_COUNTED: i64 = i64::MIN;

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    amount: i64,
    /// Nodes that are counted.
    nodes: u32,
}

/// The amounts of one topology key. Every node belongs to the domain it was last [set](Self::set) to, at first that of its
/// label; a domain exists as long as a node of it is counted, be it with 0.
#[derive(Clone, Debug)]
pub struct DomainSums {
    key: Str,
    shared: bool,
    /// By slot.
    domains: Vec<u32>,
    amounts: Vec<i64>,
    /// By domain number.
    sums: Vec<Sum>,
    existing: usize,
    nonzero: usize,
}

impl DomainSums {
    /// Nothing counted yet.
    pub fn new(snapshot: &Snapshot, key: &Str) -> Self {
        let column = snapshot.topology(key);
        Self::by(snapshot, key, |slot| column.domain(slot))
    }

    /// The same with every node in a domain that is not that of its label.
    pub fn by(snapshot: &Snapshot, key: &Str, domain: impl Fn(Slot) -> u32) -> Self {
        let (column, slots) = (snapshot.topology(key), snapshot.slots());
        Self {
            key: key.clone(),
            shared: column.is_shared(),
            domains: (0..slots).map(|at| domain(Slot::from(at))).collect(),
            amounts: vec![NOT_COUNTED; slots],
            sums: vec![Sum::default(); column.domain_count()],
            existing: 0,
            nonzero: 0,
        }
    }

    /// The topology key.
    pub fn key(&self) -> &Str {
        &self.key
    }

    /// Whether nodes share domains; where none do, a node's sum is its own amount.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Sets the node's domain and what it counts with there, `None` for not at all. What it counted before is taken back.
    /// The sum of its former domain and that of its new one, each before and after.
    pub fn set(&mut self, node: Slot, domain: u32, amount: Option<i64>) -> [Change; 2] {
        let at = node.index();
        if at >= self.domains.len() {
            self.domains.resize(at + 1, NO_DOMAIN);
            self.amounts.resize(at + 1, NOT_COUNTED);
        }
        if domain != NO_DOMAIN && self.sums.len() <= domain as usize {
            self.sums.resize(domain as usize + 1, Sum::default());
        }
        let left = match std::mem::replace(&mut self.amounts[at], NOT_COUNTED) {
            NOT_COUNTED => Change::default(),
            was => self.change(self.domains[at], was.saturating_neg(), false),
        };
        self.domains[at] = domain;
        let joined = match amount {
            None => Change::default(),
            Some(amount) => {
                let amount = amount.max(NOT_COUNTED + 1);
                self.amounts[at] = amount;
                self.change(domain, amount, true)
            }
        };
        [left, joined]
    }

    fn change(&mut self, domain: u32, delta: i64, joins: bool) -> Change {
        let Some(sum) = self.sums.get_mut(domain as usize) else { return Change::default() };
        let before = (sum.nodes > 0).then_some(sum.amount);
        sum.amount = sum.amount.saturating_add(delta);
        sum.nodes = if joins { sum.nodes + 1 } else { sum.nodes - 1 };
        let after = (sum.nodes > 0).then_some(sum.amount);
        self.existing = self.existing + usize::from(after.is_some()) - usize::from(before.is_some());
        let counts = |sum: Option<i64>| usize::from(sum.unwrap_or(0) != 0);
        self.nonzero = self.nonzero + counts(after) - counts(before);
        Change { before, after }
    }

    /// The node's domain, [`NO_DOMAIN`] when it lacks the label.
    pub fn domain(&self, node: Slot) -> u32 {
        self.domains.get(node.index()).copied().unwrap_or(NO_DOMAIN)
    }

    /// The sum of a domain; 0 when it does not exist.
    pub fn sum(&self, domain: u32) -> i64 {
        self.sums.get(domain as usize).map_or(0, |sum| sum.amount)
    }

    /// How many domains exist.
    pub fn existing(&self) -> usize {
        self.existing
    }

    /// How many domains have a sum other than 0.
    pub fn nonzero(&self) -> usize {
        self.nonzero
    }

    /// Every domain that exists, with its sum.
    pub fn iter(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        (0..).zip(&self.sums).filter(|(_, sum)| sum.nodes > 0).map(|(domain, sum)| (domain, sum.amount))
    }
}

/// The sum of a domain before and after; `None` where the domain does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub before: Option<i64>,
    /// After.
    pub after: Option<i64>,
}

/// How many domains have which sum, with the least at hand.
#[derive(Clone, Debug, Default)]
pub struct SumHistogram {
    counts: FxHashMap<i64, u32>,
    /// The least sum, when any domain exists.
    least: Option<i64>,
}

impl SumHistogram {
    /// Takes in a change that [`DomainSums::set`] told.
    pub fn note(&mut self, change: Change) {
        if let Some(before) = change.before {
            self.remove(before);
        }
        if let Some(after) = change.after {
            *self.counts.entry(after).or_default() += 1;
            self.least = Some(self.least.map_or(after, |least| least.min(after)));
        }
    }

    fn remove(&mut self, sum: i64) {
        let Some(count) = self.counts.get_mut(&sum) else { return };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&sum);
            if self.least == Some(sum) {
                self.least = self.counts.keys().min().copied();
            }
        }
    }

    /// The least sum of all domains; `None` when there is none.
    pub fn least(&self) -> Option<i64> {
        self.least
    }

    /// The least sum of all domains but one whose sum is `but`.
    pub fn least_but(&self, but: i64) -> Option<i64> {
        match self.counts.get(&but) {
            Some(1) if self.least == Some(but) => {
                self.counts.keys().filter(|sum| **sum != but).min().copied()
            }
            _ => self.least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::node;
    use crate::node::ZONE;

    /// Zones by node; then nodes, each counted with an amount or not at all.
    #[track_caller]
    fn check(zones: &[&str], steps: &[(usize, Option<i64>)], want: &[(u32, i64)], least: Option<i64>) {
        let mut snapshot = Snapshot::default();
        for (at, zone) in zones.iter().enumerate() {
            snapshot.set_node(node(&format!("n{at}")).label(ZONE, zone).build());
        }
        let column = snapshot.topology(&ZONE.into());
        let mut sums = DomainSums::new(&snapshot, &ZONE.into());
        let mut histogram = SumHistogram::default();
        for (at, amount) in steps {
            for change in sums.set(Slot::from(*at), column.domain(Slot::from(*at)), *amount) {
                histogram.note(change);
            }
        }
        assert_eq!(sums.iter().collect::<Vec<_>>(), want);
        assert_eq!(sums.existing(), want.len());
        assert_eq!(sums.nonzero(), want.iter().filter(|(_, sum)| *sum != 0).count());
        assert_eq!(histogram.least(), least);
    }

    #[test]
    fn sums_follow_their_nodes() {
        check(&["a", "a", "b"], &[(0, Some(1)), (1, Some(2)), (2, Some(5))], &[(0, 3), (1, 5)], Some(3));
        check(&["a", "b"], &[(0, Some(1)), (0, Some(4)), (1, Some(0))], &[(0, 4), (1, 0)], Some(0));
        check(&["a", "b"], &[(0, Some(1)), (1, Some(0)), (1, None)], &[(0, 1)], Some(1));
        check(&["a"], &[(0, Some(1)), (0, None)], &[], None);
    }

    #[test]
    fn the_least_but_one_domain() {
        let mut histogram = SumHistogram::default();
        for sum in [3, 1, 2, 2] {
            histogram.note(Change { before: None, after: Some(sum) });
        }
        assert_eq!((histogram.least_but(1), histogram.least_but(2)), (Some(2), Some(1)));
        histogram.note(Change { before: Some(1), after: Some(2) });
        assert_eq!((histogram.least(), histogram.least_but(2)), (Some(2), Some(2)));
    }
}
