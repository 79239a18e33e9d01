//! Which pod is of which group, and which kind of pod comes next: by chance, but the same in every run and every program.

use crate::workload::{Groups, Order};

/// A number from another: the finalizer of splitmix64. The program that drives kube-scheduler has the same.
pub(crate) fn mixed(number: usize) -> u64 {
    let mut z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A share of 1 from a number.
fn share(number: usize) -> f64 {
    (mixed(number) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Says of which group a pod is.
#[derive(Clone, Debug)]
pub(super) enum Grouping {
    /// There is one group.
    One,
    /// So many pods one after the other are of one group.
    Runs(usize),
    /// Each of so many groups has its turn.
    Turn(usize),
    /// Any of so many groups.
    Random(usize),
    /// Shares of all pods that groups have, summed up.
    HeavyTail(Vec<f64>),
}

impl Grouping {
    /// As an operation has it.
    pub(super) fn new(groups: Option<&Groups>) -> Self {
        let Some(groups) = groups else { return Self::One };
        match (groups.size, groups.count.unwrap_or(1), groups.order) {
            (Some(size), _, _) => Self::Runs(size),
            (None, count, Order::Turn) => Self::Turn(count),
            (None, count, Order::Random) => Self::Random(count),
            (None, count, Order::HeavyTail) => Self::HeavyTail(heavy_tail(count)),
        }
    }

    /// The group of the pod with this number, and its place in the group: a number that no other pod of the group has.
    pub(super) fn of(&self, number: usize) -> (usize, usize) {
        match self {
            Self::One => (0, number),
            Self::Runs(size) => (number / size, number % size),
            Self::Turn(count) => (number % count, number / count),
            Self::Random(count) => (below(*count, number), number),
            Self::HeavyTail(sums) => (sums.partition_point(|sum| *sum <= share(number)), number),
        }
    }
}

/// A number below `count` from another number.
fn below(count: usize, number: usize) -> usize {
    usize::try_from(mixed(number) % count as u64).unwrap_or_default()
}

fn heavy_tail(count: usize) -> Vec<f64> {
    let weight = |group: usize| 1.0 / (group as f64 + 1.0);
    let all: f64 = (0..count).map(weight).sum();
    let sum_up = |sum: &mut f64, group: usize| {
        *sum += weight(group) / all;
        Some(*sum)
    };
    // The last sum may be a little less than 1; nothing is above the last group.
    (0..count.saturating_sub(1)).scan(0.0, sum_up).collect()
}

/// The kind of pod whose turn it is, where kinds have these shares.
pub(crate) fn kind(shares: &[u64], place: usize) -> usize {
    let all = shares.iter().sum::<u64>().max(1);
    // Another sequence than that of groups.
    let mut left = mixed(place ^ (1 << 40)) % all;
    let ends_in = |share: &u64| match left.checked_sub(*share) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    };
    shares.iter().position(ends_in).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouping(size: Option<usize>, count: Option<usize>, order: Order) -> Grouping {
        Grouping::new(Some(&Groups { count, size, order }))
    }

    #[track_caller]
    fn check(grouping: &Grouping, want: [(usize, usize); 4]) {
        assert_eq!([0, 1, 2, 3].map(|number| grouping.of(number)), want);
    }

    #[test]
    fn groups_have_turns_or_come_one_after_the_other() {
        check(&Grouping::new(None), [(0, 0), (0, 1), (0, 2), (0, 3)]);
        check(&grouping(Some(2), None, Order::Turn), [(0, 0), (0, 1), (1, 0), (1, 1)]);
        check(&grouping(None, Some(3), Order::Turn), [(0, 0), (1, 0), (2, 0), (0, 1)]);
        // The program that drives kube-scheduler is held to the same.
        check(&grouping(None, Some(8), Order::Random), [(7, 0), (4, 1), (7, 2), (4, 3)]);
    }

    /// How many of 10,000 pods each group has.
    fn counts(groups: usize, order: Order) -> Vec<usize> {
        let grouping = grouping(None, Some(groups), order);
        let mut counts = vec![0; groups];
        (0..10_000).for_each(|number| counts[grouping.of(number).0] += 1);
        counts
    }

    #[test]
    fn at_random_groups_are_about_as_large_as_they_should_be() {
        assert!(counts(10, Order::Random).iter().all(|count| (900..1100).contains(count)));
        let tail = counts(300, Order::HeavyTail);
        assert!((1450..1750).contains(&tail[0]) && (700..900).contains(&tail[1]), "{tail:?}");
        assert!(tail[299] < 15 && tail.iter().all(|count| *count > 0), "{tail:?}");
    }

    #[test]
    fn kinds_come_as_often_as_their_shares_say() {
        let mut counts = [0; 3];
        (0..10_000).for_each(|place| counts[kind(&[90, 0, 10], place)] += 1);
        assert!(counts[0] > 8_800 && counts[1] == 0 && counts[2] > 900, "{counts:?}");
    }
}
