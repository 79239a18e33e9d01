//! Matching pods by domain, with the smallest count at hand.

use longshore_framework::Str;
use longshore_framework::domains::{DomainSums, SumHistogram};
use longshore_framework::snapshot::{NO_DOMAIN, Slot, Snapshot};

/// The least count where there is no domain at all, as in kube-scheduler: nothing exceeds it.
const NONE: i64 = i32::MAX as i64;

/// Counts by domain. Only domains of nodes that are counted on exist.
#[derive(Clone, Debug)]
pub(super) struct DomainCounts {
    sums: DomainSums,
    histogram: SumHistogram,
}

impl DomainCounts {
    /// No domain yet.
    pub(super) fn new(snapshot: &Snapshot, key: &Str) -> Self {
        Self { sums: DomainSums::new(snapshot, key), histogram: SumHistogram::default() }
    }

    /// Sets the node's domain and its matching pods; none still makes the domain exist, `None` means that pods on the node
    /// are not counted.
    pub(super) fn set(&mut self, node: Slot, domain: u32, pods: Option<i64>) {
        for change in self.sums.set(node, domain, pods) {
            self.histogram.note(change);
        }
    }

    /// How many domains exist.
    pub(super) fn domains(&self) -> i64 {
        self.sums.existing() as i64
    }

    /// The node's domain, [`NO_DOMAIN`] when it lacks the label.
    pub(super) fn domain(&self, node: Slot) -> u32 {
        self.sums.domain(node)
    }

    /// The count of a domain, 0 when it does not exist.
    pub(super) fn get(&self, domain: u32) -> i64 {
        self.sums.sum(domain)
    }

    /// What tells nodes apart: the domain where nodes share one, and else its count.
    pub(super) fn kind(&self, node: Slot) -> i64 {
        match self.domain(node) {
            domain if self.sums.is_shared() || domain == NO_DOMAIN => i64::from(domain),
            domain => self.get(domain),
        }
    }

    /// The smallest count when the counts of some domains have changed by so much.
    pub(super) fn least(&self, changes: &[(u32, i64)]) -> i64 {
        match changes {
            [] => self.histogram.least().unwrap_or(NONE),
            [(domain, delta)] => {
                let count = self.get(*domain);
                let others = self.histogram.least_but(count).unwrap_or(NONE);
                others.min(count.saturating_add(*delta))
            }
            many => self.least_of_many(many),
        }
    }

    fn least_of_many(&self, changes: &[(u32, i64)]) -> i64 {
        let changed = |domain| changes.iter().find(|(d, _)| *d == domain).map_or(0, |(_, delta)| *delta);
        let now = self.sums.iter().map(|(domain, count)| count.saturating_add(changed(domain)));
        now.min().unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[i64], changes: &[(u32, i64)], want: i64) {
        let mut table = DomainCounts::new(&Snapshot::default(), &"zone".into());
        // Number 0 is a domain that no included node belongs to.
        for (domain, count) in (1..).zip(counts) {
            table.set(Slot(domain), domain, Some(*count));
        }
        assert_eq!(table.domains(), counts.len() as i64);
        assert_eq!(table.least(changes), want, "{counts:?} {changes:?}");
    }

    #[test]
    fn the_least_count_follows_changes_of_one_domain() {
        check(&[3, 1, 2], &[], 1);
        check(&[3, 1, 2], &[(2, 5)], 2);
        check(&[3, 1, 2], &[(2, -1)], 0);
        check(&[3, 1, 2], &[(1, -3)], 0);
        check(&[3, 1, 2], &[(3, 4)], 1);
        check(&[2, 2], &[(1, 1)], 2);
        check(&[4], &[(1, 2)], 6);
    }

    #[test]
    fn the_least_count_follows_changes_of_several_domains() {
        check(&[3, 1, 2], &[(2, 5), (3, 5)], 3);
        check(&[3, 1, 2], &[(1, -3), (2, 1)], 0);
    }

    #[test]
    fn without_domains_nothing_exceeds_the_least_count() {
        check(&[], &[], NONE);
    }
}
