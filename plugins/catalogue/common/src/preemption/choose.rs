//! Which node is taken.

use std::cmp::Reverse;

use super::Candidate;

/// The best candidate by kube-scheduler's criteria, one after the other: fewest violated budgets, the least important of the
/// most important victims, the smallest sum of priorities, fewest victims, and where the most important victims are there
/// for the shortest time. The first one of those that are equal.
pub fn choose(candidates: Vec<Candidate>) -> Option<Candidate> {
    // The first of the least.
    candidates.into_iter().min_by_key(|candidate| {
        let highest = candidate.victims.iter().map(|victim| victim.info.priority).max().unwrap_or(i32::MIN);
        // Every victim counts, those of negative priority too.
        let weight = |priority: i32| i64::from(priority) + i64::from(i32::MAX) + 1;
        let sum: i64 = candidate.victims.iter().map(|victim| weight(victim.info.priority)).sum();
        let of_highest = candidate.victims.iter().filter(|victim| victim.info.priority == highest);
        let earliest = of_highest.map(|victim| victim.started).min();
        (candidate.violations, highest, sum, candidate.victims.len(), Reverse(earliest))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::victim;
    use super::*;

    fn candidate(node: &str, violations: usize, victims: &[(i32, i64)]) -> Candidate {
        let victims = victims.iter().map(|(priority, started)| victim("v", *priority, *started)).collect();
        Candidate { node: node.into(), victims, violations }
    }

    #[track_caller]
    fn check(candidates: &[Candidate], want: &str) {
        assert_eq!(choose(candidates.to_vec()).unwrap().node, want);
        let mut turned = candidates.to_vec();
        turned.reverse();
        assert_eq!(choose(turned).unwrap().node, want, "turned round");
    }

    #[test]
    fn criteria_count_one_after_the_other() {
        check(&[candidate("a", 1, &[(1, 0)]), candidate("b", 0, &[(9, 0), (9, 0)])], "b");
        check(&[candidate("a", 0, &[(5, 0)]), candidate("b", 0, &[(4, 0), (4, 0)])], "b");
        check(&[candidate("a", 0, &[(5, 0), (1, 0)]), candidate("b", 0, &[(5, 0), (2, 0)])], "a");
        check(&[candidate("a", 0, &[(5, 0), (-9, 0)]), candidate("b", 0, &[(5, 0)])], "b");
        check(&[candidate("a", 0, &[(5, 10), (5, 90)]), candidate("b", 0, &[(5, 20), (5, 20)])], "b");
    }

    #[test]
    fn the_first_of_equal_ones_is_taken() {
        let equal = vec![candidate("a", 0, &[(5, 1)]), candidate("b", 0, &[(5, 1)])];
        assert_eq!(choose(equal).unwrap().node, "a");
        assert!(choose(Vec::new()).is_none());
    }
}
