//! The score: how full the node would be with the pod, by one of three strategies.

pub(super) mod columns;

use longshore_framework::Str;
use longshore_framework::plugin::{Cycle, MAX_SCORE};
use longshore_framework::resources::{CPU, MEMORY, is_scalar};
use longshore_framework::snapshot::{ResourceColumn, Slot};
use smallvec::SmallVec;

use crate::dynamic_resources::count::{Counter, OfResource};
use crate::shape;
use columns::{Left, Used};

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
    /// `None` where no node offers it.
    column: Option<ResourceColumn<'a>>,
    /// 1 divided by what nodes have, where each has a cell.
    reciprocals: Option<&'a [f64]>,
    /// On nodes that do not offer it devices are given for it.
    devices: Option<OfResource<'a>>,
}

impl Part<'_> {
    /// What the node has, and what of that counts as used.
    fn at(&self, slot: Slot) -> (i64, i64) {
        let own = self.column.as_ref().map_or((0, 0), |column| column.at(slot));
        self.devices.as_ref().map_or(own, |devices| devices.at(slot, own))
    }
}

/// The resources that count for a pod.
pub(super) struct Parts<'a>(SmallVec<[Part<'a>; 2]>);

impl<'a> Parts<'a> {
    /// Leaves out scalars that the pod does not request and resources that no node offers. cpu and memory count with
    /// the defaults for containers that request none, on both sides; all else counts as requested.
    /// What devices are given for is counted by `counter`, if there is one.
    pub(super) fn resolve(resources: &[(Str, i64)], cx: Cycle<'a>, counter: Option<&'a Counter>) -> Self {
        let part = |(name, weight): &(Str, i64)| {
            let amount = cx.pod.resources.scored.get(name);
            if amount == 0 && is_scalar(name) {
                return None;
            }
            let devices = counter.and_then(|counter| OfResource::find(cx, name, counter));
            let Some(id) = cx.snapshot.resource(name) else {
                let part = |devices| Part {
                    weight: *weight,
                    amount,
                    column: None,
                    reciprocals: None,
                    devices: Some(devices),
                };
                return devices.map(part);
            };
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
            let (column, reciprocals) = (Some(column), cx.snapshot.reciprocals(id));
            Some(Part { weight: *weight, amount, column, reciprocals, devices })
        };
        Self(resources.iter().filter_map(part).collect())
    }

    /// Per resource that the node offers: weight, what would be used, and what there is.
    fn at(&self, slot: Slot) -> impl Iterator<Item = (i64, i64, i64)> + '_ {
        let cells = self.0.iter().map(move |p| (p, p.at(slot)));
        let offered = cells.filter(|(_, (allocatable, _))| *allocatable != 0);
        offered.map(|(p, (allocatable, used))| (p.weight, used.saturating_add(p.amount), allocatable))
    }
}

impl Strategy {
    /// The strategy RequestedToCapacityRatio for a shape: points of (percentage of use, score 0 to 10), the
    /// percentages rising. Between two points the score lies on the line between them, rounded towards the first;
    /// before the first and after the last it stays.
    pub(super) fn ratio(shape: &[(i64, i64)]) -> Self {
        Self::RequestedToCapacityRatio(shape::table(shape))
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
            Self::LeastAllocated => columns::score_means(parts, nodes, scores, Left, one),
            Self::MostAllocated => columns::score_means(parts, nodes, scores, Used, one),
            Self::RequestedToCapacityRatio(_) => columns::score_one_by_one(nodes, scores, one),
        }
    }
}

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
