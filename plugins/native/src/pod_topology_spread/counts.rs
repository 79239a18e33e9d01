//! Matching pods by domain, with the smallest count at hand.

use longshore_framework::snapshot::NO_DOMAIN;

/// The least count where there is no domain at all, as in kube-scheduler: nothing exceeds it.
const NONE: i64 = i32::MAX as i64;

/// Counts by domain number. Only domains of nodes that are counted on exist.
#[derive(Debug)]
pub(super) struct DomainCounts {
    counts: Vec<Option<i64>>,
    domains: i64,
    /// The two domains with the smallest counts: when one domain changes, the least of the others is one of these.
    smallest: [(u32, i64); 2],
}

impl DomainCounts {
    /// No domain yet; numbers are below `domains`.
    pub(super) fn new(domains: usize) -> Self {
        Self { counts: vec![None; domains], domains: 0, smallest: [(NO_DOMAIN, NONE); 2] }
    }

    /// Adds matching pods of an included node; none still makes the domain exist.
    pub(super) fn add(&mut self, domain: u32, pods: i64) {
        if let Some(count) = self.counts.get_mut(domain as usize) {
            self.domains += i64::from(count.is_none());
            *count = Some(count.unwrap_or(0).saturating_add(pods));
        }
    }

    /// Finds the smallest counts; to be called after the last [`add`](Self::add).
    pub(super) fn finish(&mut self) {
        for (domain, count) in (0..).zip(&self.counts) {
            let Some(count) = *count else { continue };
            if count < self.smallest[0].1 {
                self.smallest = [(domain, count), self.smallest[0]];
            } else if count < self.smallest[1].1 {
                self.smallest[1] = (domain, count);
            }
        }
    }

    /// How many domains exist.
    pub(super) fn domains(&self) -> i64 {
        self.domains
    }

    /// The count of a domain, 0 when it does not exist.
    pub(super) fn get(&self, domain: u32) -> i64 {
        self.counts.get(domain as usize).copied().flatten().unwrap_or(0)
    }

    /// The smallest count when the counts of some domains have changed by so much.
    pub(super) fn least(&self, changes: &[(u32, i64)]) -> i64 {
        match changes {
            [] => self.smallest[0].1,
            [(domain, delta)] => {
                let others =
                    if self.smallest[0].0 == *domain { self.smallest[1].1 } else { self.smallest[0].1 };
                others.min(self.get(*domain).saturating_add(*delta))
            }
            many => self.least_of_many(many),
        }
    }

    fn least_of_many(&self, changes: &[(u32, i64)]) -> i64 {
        let changed = |domain| changes.iter().find(|(d, _)| *d == domain).map_or(0, |(_, delta)| *delta);
        let counts = (0..).zip(&self.counts);
        let now = counts.filter_map(|(domain, count)| Some((*count)?.saturating_add(changed(domain))));
        now.min().unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[i64], changes: &[(u32, i64)], want: i64) {
        // Number 0 is a domain that no included node belongs to.
        let mut table = DomainCounts::new(counts.len() + 1);
        for (domain, count) in (1..).zip(counts) {
            table.add(domain, *count);
        }
        table.finish();
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
