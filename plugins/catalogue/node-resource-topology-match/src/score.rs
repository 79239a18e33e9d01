//! Score: how well NUMA nodes would be used.

use std::collections::BTreeMap;

use catalogue_common::Quantity;
use catalogue_common::pod::Amounts;

use crate::args::{Settings, Strategy};
use crate::demand::Demand;
use crate::least_numa;
use crate::topology::{Scope, Topology, Zone};

/// The best score.
pub(crate) const BEST: i64 = 100;

/// The score of a node for a Guaranteed pod. `zones` are the topology's, less what is set aside.
pub(crate) fn score(settings: &Settings, demand: &Demand, topology: &Topology, zones: &[Zone]) -> i64 {
    if settings.strategy == Strategy::LeastNumaNodes {
        return least_numa::score(demand, topology, zones);
    }
    if !topology.single_numa_node {
        return 0;
    }
    match topology.scope {
        Scope::Pod => lowest(settings, &demand.whole, zones),
        Scope::Container => {
            let scores = demand.parts.iter().map(|part| lowest(settings, &part.requests, zones));
            scores.sum::<i64>() / (demand.parts.len() as i64).max(1)
        }
    }
}

/// The lowest score of a NUMA node that has one.
fn lowest(settings: &Settings, requests: &Amounts, zones: &[Zone]) -> i64 {
    let scores = zones.iter().map(|zone| value(settings, requests, &zone.amounts));
    scores.filter(|score| *score != 0).min().unwrap_or(0)
}

fn value(settings: &Settings, requests: &Amounts, there: &BTreeMap<String, Quantity>) -> i64 {
    let amounts = requests.iter().map(|(name, wanted)| {
        let weight = settings.weights.get(name).copied().unwrap_or(1);
        (*wanted, there.get(name).copied().unwrap_or_default(), weight)
    });
    match settings.strategy {
        Strategy::LeastAllocated => mean(amounts, |wanted, there| there.saturating_sub(wanted)),
        Strategy::MostAllocated => mean(amounts, |wanted, _| wanted),
        Strategy::BalancedAllocation => balance(amounts.map(|(wanted, there, _)| (wanted, there))),
        Strategy::LeastNumaNodes => 0,
    }
}

/// The weighted mean of parts of what is there, in hundredths. Cores count whole, rounded up.
fn mean(amounts: impl Iterator<Item = (Quantity, Quantity, i64)>, part: impl Fn(i64, i64) -> i64) -> i64 {
    let (mut sum, mut weights) = (0_i64, 0_i64);
    for (wanted, there, weight) in amounts {
        let score = if there.is_zero() || wanted > there {
            0
        } else {
            part(wanted.units(), there.units()).saturating_mul(100) / there.units()
        };
        sum = sum.saturating_add(score.saturating_mul(weight));
        weights = weights.saturating_add(weight);
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// 100 less the variance of the parts that would be taken. Nothing where one asks for more than there is.
fn balance(amounts: impl Iterator<Item = (Quantity, Quantity)>) -> i64 {
    let parts: Vec<f64> = amounts
        .map(|(wanted, there)| match there.units() {
            0 => 1.0,
            there => wanted.units() as f64 / there as f64,
        })
        .collect();
    if parts.iter().any(|part| *part > 1.0) {
        return 0;
    }
    ((1.0 - variance(&parts)) * 100.0) as i64
}

/// The variance of a sample, as gonum computes it. Of a single part 0: a Guaranteed pod asks for cpu and memory, so there are two
/// at least.
fn variance(parts: &[f64]) -> f64 {
    let count = parts.len() as f64;
    if parts.len() < 2 {
        return 0.0;
    }
    let mean = parts.iter().sum::<f64>() / count;
    let (mut squares, mut rest) = (0.0, 0.0);
    for part in parts {
        let off = part - mean;
        squares += off * off;
        rest += off;
    }
    (squares - rest * rest / count) / (count - 1.0)
}
