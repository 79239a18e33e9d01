//! The means over resources for many nodes at once.

use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::snapshot::Slot;

use super::Parts;
use crate::lanes::{self, Block, Check, LANES, Lanes};

/// Weights are from 1 to 100; a sum from here on takes the slow way.
pub(in super::super) const MAX_WEIGHTS: i64 = 1 << 20;

/// Which part of each resource a mean is made of.
pub(in super::super) trait Share: Copy {
    /// How much is used in percent, rounded so that what is left of 100 is rounded down where that is what counts.
    fn percent_used(self, used: f64, reciprocal: f64) -> f64;
    /// The sum that counts, given that of what is used and that of 100 for each resource.
    fn sum(self, used: i64, hundreds: i64) -> i64;
}

/// What is used.
#[derive(Clone, Copy)]
pub(in super::super) struct Used;

impl Share for Used {
    #[inline(always)]
    fn percent_used(self, used: f64, reciprocal: f64) -> f64 {
        lanes::percent_down(used, reciprocal)
    }

    #[inline(always)]
    fn sum(self, used: i64, _hundreds: i64) -> i64 {
        used
    }
}

/// What is left.
#[derive(Clone, Copy)]
pub(in super::super) struct Left;

impl Share for Left {
    #[inline(always)]
    fn percent_used(self, used: f64, reciprocal: f64) -> f64 {
        lanes::percent_up(used, reciprocal)
    }

    #[inline(always)]
    fn sum(self, used: i64, hundreds: i64) -> i64 {
        hundreds - used
    }
}

pub(super) fn score_one_by_one(nodes: &[Slot], scores: &mut [i64], one: impl Fn(Slot) -> i64) {
    nodes.iter().zip(scores).for_each(|(slot, score)| *score = one(*slot));
}

/// The weighted mean over the resources for many nodes, rounded down, and by `one` where it cannot be computed here.
pub(super) fn score_means(
    parts: &Parts<'_>,
    nodes: &[Slot],
    scores: &mut [i64],
    share: impl Share,
    one: impl Fn(Slot) -> i64,
) {
    match parts.0.len() {
        1 => score_means_of::<1>(parts, nodes, scores, share, one),
        2 => score_means_of::<2>(parts, nodes, scores, share, one),
        3 => score_means_of::<3>(parts, nodes, scores, share, one),
        4 => score_means_of::<4>(parts, nodes, scores, share, one),
        _ => score_one_by_one(nodes, scores, one),
    }
}

/// The same for a number of resources that is known to the compiler.
fn score_means_of<const N: usize>(
    parts: &Parts<'_>,
    nodes: &[Slot],
    scores: &mut [i64],
    share: impl Share,
    one: impl Fn(Slot) -> i64,
) {
    let Some(columns) = Columns::<N>::of(parts) else { return score_one_by_one(nodes, scores, one) };
    let mut rooms = [([0; LANES], [0.0; LANES]); N];
    let weights = columns.weights;
    if weights.count_ones() == 1 {
        let shift = weights.trailing_zeros();
        lanes::score_blocks(
            nodes,
            scores,
            #[inline(always)]
            |block, scores| {
                columns.score_block(
                    (block, &mut rooms),
                    scores,
                    share,
                    #[inline(always)]
                    |sum| (sum as u64 >> shift) as i64,
                )
            },
            one,
        );
    } else {
        let divide = Divide::by(weights);
        lanes::score_blocks(
            nodes,
            scores,
            #[inline(always)]
            |block, scores| {
                columns.score_block(
                    (block, &mut rooms),
                    scores,
                    share,
                    #[inline(always)]
                    |sum| divide.down(sum),
                )
            },
            one,
        );
    }
}

/// Divides by a small number.
#[derive(Clone, Copy)]
pub(in super::super) struct Divide {
    reciprocal: f64,
    half: f64,
}

impl Divide {
    pub(in super::super) fn by(number: i64) -> Self {
        let reciprocal = 1.0 / number as f64;
        Self { reciprocal, half: 0.5 * reciprocal + 0.5 }
    }

    /// `sum` divided and rounded down. The sum plus one half is at least half a divisor away from any multiple of it, which
    /// is far more than the product with the reciprocal is off: so it cannot be rounded to the wrong side. Rounded down it
    /// is what is nearest after one half is taken away; half is added and 1 taken away, to stay above 0.
    #[inline(always)]
    pub(in super::super) fn down(self, sum: i64) -> i64 {
        lanes::nearest(lanes::float(sum) * self.reciprocal + self.half).wrapping_sub(1)
    }
}

/// What is read of resources that have a cell for every node: weight, what the pod adds, what pods use and the reciprocals
/// of what there is.
struct Columns<'a, const N: usize> {
    columns: [(u32, i64, &'a [i64], &'a [f64]); N],
    weights: i64,
}

impl<'a, const N: usize> Columns<'a, N> {
    /// `None` when a resource has no cell for every node, or the weights are too large.
    fn of(parts: &Parts<'a>) -> Option<Self> {
        let mut columns: [(u32, i64, &'a [i64], &'a [f64]); N] = [(0, 0, &[], &[]); N];
        let mut weights = 0_i64;
        for (column, part) in columns.iter_mut().zip(&parts.0) {
            if part.devices.is_some() {
                return None;
            }
            let (_, used) = part.column.as_ref()?.flat()?;
            *column = (u32::try_from(part.weight).ok()?, part.amount, used, part.reciprocals?);
            weights = weights.saturating_add(part.weight);
        }
        (1..MAX_WEIGHTS).contains(&weights).then_some(Self { columns, weights })
    }

    /// The scores of a block of nodes that all offer every resource; false when they do not, or when a number is too large.
    #[inline(always)]
    fn score_block(
        &self,
        (block, rooms): (Block<'_>, &mut [(Lanes, [f64; LANES]); N]),
        scores: &mut Lanes,
        share: impl Share,
        divide: impl Fn(i64) -> i64,
    ) -> bool {
        let mut check = Check::default();
        let mut cells = [(0, check.summand(0), &[0; LANES], &[0.0; LANES]); N];
        for ((cell, room), column) in cells.iter_mut().zip(rooms).zip(&self.columns) {
            let (weight, amount, used, reciprocals) = *column;
            let used = block.of_column(used, &mut room.0);
            let reciprocals = block.of_column(reciprocals, &mut room.1);
            *cell = (i64::from(weight), check.summand(amount), used, reciprocals);
        }
        let hundreds = MAX_SCORE * self.weights;
        for at in 0..LANES {
            let mut percents = 0;
            for (weight, amount, used, reciprocals) in &cells {
                let percent = share.percent_used(check.sum(used[at], *amount), reciprocals[at]);
                // Numbers of 32 bits, which are multiplied several at a time.
                percents += weight * check.percent(percent);
            }
            scores[at] = divide(share.sum(percents, hundreds));
        }
        check.passed()
    }
}
