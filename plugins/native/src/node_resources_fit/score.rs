//! The score: how full the node would be with the pod, by one of three strategies.

use longshore_framework::Str;
use longshore_framework::plugin::{Cycle, MAX_SCORE};
use longshore_framework::resources::{CPU, MEMORY, is_scalar};
use longshore_framework::snapshot::{ResourceColumn, Slot};
use smallvec::SmallVec;

use crate::lanes::{self, Block, Check, LANES, Lanes};

/// How fullness becomes a score.
#[derive(Clone, Debug)]
pub(super) enum Strategy {
    /// The emptier, the better.
    LeastAllocated,
    /// The fuller, the better.
    MostAllocated,
    /// As a curve says: the score for each percentage of use, 0 to 100.
    RequestedToCapacityRatio(Box<[i64; 101]>),
}

/// One resource that counts: what nodes have of it and what of that counts as used, and what the pod adds.
struct Part<'a> {
    weight: i64,
    amount: i64,
    column: ResourceColumn<'a>,
    /// 1 divided by what nodes have, where each has a cell.
    reciprocals: Option<&'a [f64]>,
}

/// The resources that count for a pod.
pub(super) struct Parts<'a>(SmallVec<[Part<'a>; 2]>);

impl<'a> Parts<'a> {
    /// Leaves out scalars that the pod does not request and resources that no node offers. cpu and memory count with
    /// the defaults for containers that request none, on both sides; all else counts as requested.
    pub(super) fn resolve(resources: &[(Str, i64)], cx: Cycle<'a>) -> Self {
        let part = |(name, weight): &(Str, i64)| {
            let amount = cx.pod.resources.scored.get(name);
            if amount == 0 && is_scalar(name) {
                return None;
            }
            let id = cx.snapshot.resource(name)?;
            let column = cx.snapshot.column(id);
            let nonzero = match &**name {
                CPU => Some(cx.snapshot.nonzero_cpu()),
                MEMORY => Some(cx.snapshot.nonzero_memory()),
                _ => None,
            };
            let column = match (column, nonzero) {
                (ResourceColumn::Flat { allocatable, .. }, Some(requested)) => {
                    ResourceColumn::Flat { allocatable, requested }
                }
                (other, _) => other,
            };
            Some(Part { weight: *weight, amount, column, reciprocals: cx.snapshot.reciprocals(id) })
        };
        Self(resources.iter().filter_map(part).collect())
    }

    /// Per resource that the node offers: weight, what would be used, and what there is.
    fn at(&self, slot: Slot) -> impl Iterator<Item = (i64, i64, i64)> + '_ {
        let cells = self.0.iter().map(move |p| (p, p.column.at(slot)));
        let offered = cells.filter(|(_, (allocatable, _))| *allocatable != 0);
        offered.map(|(p, (allocatable, used))| (p.weight, used.saturating_add(p.amount), allocatable))
    }
}

impl Strategy {
    /// The strategy RequestedToCapacityRatio for a shape: points of (percentage of use, score 0 to 10), the
    /// percentages rising. Between two points the score lies on the line between them, rounded towards the first;
    /// before the first and after the last it stays.
    pub(super) fn ratio(shape: &[(i64, i64)]) -> Self {
        let mut table = Box::new([0; 101]);
        for (used, score) in table.iter_mut().enumerate() {
            *score = on_shape(shape, used as i64);
        }
        Self::RequestedToCapacityRatio(table)
    }

    /// The score of one node.
    pub(super) fn score(&self, parts: &Parts<'_>, slot: Slot) -> i64 {
        self.score_of(parts.at(slot))
    }

    /// The score of a node of which these are, by resource, the weight, what would be used and what there is.
    pub(super) fn score_of(&self, cells: impl Iterator<Item = (i64, i64, i64)>) -> i64 {
        match self {
            Self::LeastAllocated => mean(cells, least),
            Self::MostAllocated => mean(cells, most),
            Self::RequestedToCapacityRatio(table) => ratio_mean(cells, table),
        }
    }

    /// The scores of many nodes.
    pub(super) fn score_all(&self, parts: &Parts<'_>, nodes: &[Slot], scores: &mut [i64]) {
        let one = |slot| self.score(parts, slot);
        match self {
            Self::LeastAllocated => score_means(parts, nodes, scores, unused_percent, one),
            Self::MostAllocated => score_means(parts, nodes, scores, lanes::percent_down, one),
            Self::RequestedToCapacityRatio(_) => score_one_by_one(nodes, scores, one),
        }
    }
}

fn score_one_by_one(nodes: &[Slot], scores: &mut [i64], one: impl Fn(Slot) -> i64) {
    nodes.iter().zip(scores).for_each(|(slot, score)| *score = one(*slot));
}

/// [`mean`] for many nodes, where `percent` is the score of a resource by what is used and the reciprocal of what there is.
fn score_means(
    parts: &Parts<'_>,
    nodes: &[Slot],
    scores: &mut [i64],
    percent: impl Fn(f64, f64) -> f64,
    one: impl Fn(Slot) -> i64,
) {
    match parts.0.len() {
        1 => score_means_of::<1>(parts, nodes, scores, percent, one),
        2 => score_means_of::<2>(parts, nodes, scores, percent, one),
        3 => score_means_of::<3>(parts, nodes, scores, percent, one),
        4 => score_means_of::<4>(parts, nodes, scores, percent, one),
        _ => score_one_by_one(nodes, scores, one),
    }
}

/// The same for a number of resources that is known to the compiler.
fn score_means_of<const N: usize>(
    parts: &Parts<'_>,
    nodes: &[Slot],
    scores: &mut [i64],
    percent: impl Fn(f64, f64) -> f64,
    one: impl Fn(Slot) -> i64,
) {
    let Some(columns) = Columns::<N>::of(parts) else { return score_one_by_one(nodes, scores, one) };
    let mut rooms = [([0; LANES], [0.0; LANES]); N];
    lanes::score_blocks(
        nodes,
        scores,
        #[inline(always)]
        |block, scores| columns.score_block(block, &mut rooms, scores, &percent),
        one,
    );
}

/// What is read of resources that have a cell for every node: weight, what the pod adds, what pods use and the reciprocals
/// of what there is.
struct Columns<'a, const N: usize> {
    columns: [(f64, i64, &'a [i64], &'a [f64]); N],
    weights: i64,
}

impl<'a, const N: usize> Columns<'a, N> {
    /// `None` when a resource has no cell for every node, or the weights are too large.
    fn of(parts: &Parts<'a>) -> Option<Self> {
        let mut columns: [(f64, i64, &'a [i64], &'a [f64]); N] = [(0.0, 0, &[], &[]); N];
        let mut weights = 0_i64;
        for (column, part) in columns.iter_mut().zip(&parts.0) {
            let (_, used) = part.column.flat()?;
            *column = (part.weight as f64, part.amount, used, part.reciprocals?);
            weights = weights.saturating_add(part.weight);
        }
        (1..MAX_WEIGHTS).contains(&weights).then_some(Self { columns, weights })
    }

    /// The scores of a block of nodes that all offer every resource; false when they do not, or when a number is too large.
    #[inline(always)]
    fn score_block(
        &self,
        block: &Block<'_>,
        rooms: &mut [(Lanes, [f64; LANES]); N],
        scores: &mut Lanes,
        percent: impl Fn(f64, f64) -> f64,
    ) -> bool {
        let mut check = Check::default();
        let mut cells = [(0.0, 0.0, &[0; LANES], &[0.0; LANES]); N];
        for ((cell, room), column) in cells.iter_mut().zip(rooms).zip(&self.columns) {
            let (weight, amount, used, reciprocals) = *column;
            let used = block.of_column(used, &mut room.0);
            *cell = (weight, check.number(amount), used, block.of_column(reciprocals, &mut room.1));
        }
        let mean = Mean::over(self.weights);
        let mut bits = 0;
        for at in 0..LANES {
            let mut sum = 0.0;
            for (weight, amount, used, reciprocals) in &cells {
                sum += weight * percent(check.number(used[at]) + amount, reciprocals[at]);
            }
            scores[at] = mean.of_sum(sum);
            bits |= scores[at];
        }
        // What there was no reciprocal for is not a number, which makes a score that is far from any percentage.
        check.passed() && (0..128).contains(&bits)
    }
}

/// A weighted mean, rounded down.
#[derive(Clone, Copy)]
pub(super) struct Mean {
    reciprocal: f64,
    half: f64,
}

impl Mean {
    /// Over so many weights, of which there are some but fewer than [`MAX_WEIGHTS`].
    ///
    /// The sum plus one half is at least half a weight away from any multiple of the weights, which is far more than the
    /// product with the reciprocal is off: so it cannot be rounded to the wrong side. Rounded down it is what is nearest
    /// after one half is taken away; half is added and 1 taken away, to stay above 0.
    pub(super) fn over(weights: i64) -> Self {
        let reciprocal = 1.0 / weights as f64;
        Self { reciprocal, half: 0.5 * reciprocal + 0.5 }
    }

    #[inline(always)]
    pub(super) fn of_sum(self, sum: f64) -> i64 {
        lanes::nearest(sum * self.reciprocal + self.half).wrapping_sub(1)
    }
}

/// How much is left in percent, rounded down.
#[inline(always)]
pub(super) fn unused_percent(used: f64, reciprocal: f64) -> f64 {
    MAX_SCORE as f64 - lanes::percent_up(used, reciprocal)
}

/// Weights are from 1 to 100; a sum from here on takes the slow way.
pub(super) const MAX_WEIGHTS: i64 = 1 << 20;

/// The weighted mean over the resources, rounded down; 0 over none.
fn mean(cells: impl Iterator<Item = (i64, i64, i64)>, score: impl Fn(i64, i64) -> i64) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for (weight, used, capacity) in cells {
        sum += weight * score(used, capacity);
        weights += weight;
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// The weighted mean over the resources whose score is not 0, rounded to the nearest.
fn ratio_mean(cells: impl Iterator<Item = (i64, i64, i64)>, table: &[i64; 101]) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for (weight, used, capacity) in cells {
        let score = table[usize::try_from(most(used, capacity)).unwrap_or(0).min(100)];
        if score > 0 {
            sum += weight * score;
            weights += weight;
        }
    }
    if weights == 0 { 0 } else { (2 * sum + weights) / (2 * weights) }
}

fn least(used: i64, capacity: i64) -> i64 {
    if used > capacity { 0 } else { percentage(capacity.saturating_sub(used), capacity) }
}

fn most(used: i64, capacity: i64) -> i64 {
    if used > capacity { MAX_SCORE } else { percentage(used, capacity) }
}

/// `part` of `whole` in percent, rounded down, also where a hundredfold part would not fit.
fn percentage(part: i64, whole: i64) -> i64 {
    match part.checked_mul(MAX_SCORE) {
        Some(scaled) => scaled / whole,
        None => {
            i64::try_from(i128::from(part) * i128::from(MAX_SCORE) / i128::from(whole)).unwrap_or(MAX_SCORE)
        }
    }
}

/// The score at `used` percent, as a shape has it, times 10.
fn on_shape(shape: &[(i64, i64)], used: i64) -> i64 {
    const SCALE: i64 = MAX_SCORE / 10;
    let after = shape.iter().position(|(at, _)| used <= *at);
    let score = |at: usize| shape.get(at).map_or(0, |(_, score)| score * SCALE);
    match after {
        None => score(shape.len().wrapping_sub(1)),
        Some(0) => score(0),
        Some(at) => {
            let (from, to) = (shape[at - 1].0, shape[at].0);
            let rise = (score(at) - score(at - 1)) * (used - from);
            // Shapes that are not rising are refused with a message; they must not break the arithmetic either.
            score(at - 1) + rise.checked_div(to - from).unwrap_or(0)
        }
    }
}
