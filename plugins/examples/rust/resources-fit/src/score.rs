//! How empty the node would be with the pod.

use longshore_plugin::prelude::*;

use crate::ResourcesFit;
use crate::resources::Resource;

/// The score of an empty node.
const BEST: i64 = 100;

/// One resource that counts, and what the pod adds.
#[derive(Debug)]
pub struct Part {
    weight: i64,
    amount: i64,
    resource: &'static Resource,
}

impl Part {
    /// `None` for a scalar that the pod does not request.
    pub fn of(resource: &'static Resource, weight: i64, pod: &Pod) -> Option<Self> {
        let amount = pod.scored_request(resource.name);
        (amount != 0 || resource.always).then_some(Self { weight, amount, resource })
    }
}

impl Score for ResourcesFit {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let parts = cycle.prepared.parts.iter();
        mean(parts.map(|part| {
            let used = node.number(part.resource.used).saturating_add(part.amount);
            (part.weight, used, node.number(part.resource.allocatable))
        }))
    }

    fn score_all(&self, cycle: &Cycle<Self>, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.reserve(nodes.count());
        let parts = cycle.prepared.parts.iter();
        let columns: Vec<_> = parts
            .map(|part| (part, nodes.numbers(part.resource.used), nodes.numbers(part.resource.allocatable)))
            .collect();
        nodes.each(|node| {
            let at = node.row() as usize;
            let parts = columns.iter();
            let score = mean(
                parts.map(|(part, used, has)| (part.weight, used[at].saturating_add(part.amount), has[at])),
            );
            scores.push(score);
        });
    }
}

/// The weighted mean over the resources that the node offers (weight, what would be used, what there is), rounded down;
/// 0 over none.
fn mean(parts: impl Iterator<Item = (i64, i64, i64)>) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for (weight, used, capacity) in parts {
        if capacity != 0 {
            sum += weight * least(used, capacity);
            weights += weight;
        }
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// What would be left, in percent, rounded down.
fn least(used: i64, capacity: i64) -> i64 {
    /// A hundredfold of more does not fit.
    const MOST: i64 = i64::MAX / BEST;
    if used > capacity {
        return 0;
    }
    let left = capacity.saturating_sub(used);
    if (0..=MOST).contains(&left) {
        left * BEST / capacity
    } else {
        i64::try_from(i128::from(left) * i128::from(BEST) / i128::from(capacity)).unwrap_or(BEST)
    }
}
