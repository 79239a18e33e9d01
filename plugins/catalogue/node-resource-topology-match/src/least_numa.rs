//! LeastNUMANodes: over how few NUMA nodes the pod, or its containers, would be spread, and how near these are to each other.

use catalogue_common::pod::Amounts;

use crate::demand::Demand;
use crate::score::BEST;
use crate::topology::{Scope, Topology, Zone};

/// The distance of NUMA nodes of which nothing is said.
const FAR: i64 = 255;
/// Of more NUMA nodes only the first so many are combined: there would be too many combinations.
const MOST_ZONES: usize = 16;

/// Which NUMA nodes, by their places, and whether they are as near to each other as any so many.
struct Spread {
    places: Vec<usize>,
    nearest: bool,
}

pub(crate) fn score(demand: &Demand, topology: &Topology, zones: &[Zone]) -> i64 {
    let zones = &zones[..zones.len().min(MOST_ZONES)];
    let (count, nearest) = match topology.scope {
        Scope::Pod if nowhere(&demand.whole, zones) => return BEST,
        Scope::Pod => match spread(demand, &demand.whole, zones) {
            Some(found) => (found.places.len(), found.nearest),
            None => return 0,
        },
        Scope::Container => match containers(demand, &mut zones.to_vec()) {
            Some((0, _)) => return BEST,
            Some(found) => found,
            None => return 0,
        },
    };
    let unit = BEST / topology.max_numa_nodes.max(1);
    BEST - count as i64 * unit + if nearest { unit / 2 } else { 0 }
}

/// The most NUMA nodes that a container needs, and whether all are as near as can be; 0 when none needs any.
fn containers(demand: &Demand, zones: &mut [Zone]) -> Option<(usize, bool)> {
    let (mut most, mut all_nearest) = (0, true);
    for part in demand.parts.iter().filter(|part| !part.requests.is_empty()) {
        if nowhere(&part.requests, zones) {
            continue;
        }
        let found = spread(demand, &part.requests, zones)?;
        all_nearest &= found.nearest;
        most = most.max(found.places.len());
        let mut ids: Vec<usize> = found.places.iter().map(|place| zones[*place].id).collect();
        ids.sort_unstable();
        take(&part.requests, zones, &ids);
    }
    Some((most, all_nearest))
}

/// Whether no NUMA node lists any of it.
fn nowhere(requests: &Amounts, zones: &[Zone]) -> bool {
    !requests.keys().any(|name| zones.iter().any(|zone| zone.amounts.contains_key(name)))
}

/// Takes what is asked from NUMA nodes, one after the other. An id stands for the place: the ids are dense.
fn take(requests: &Amounts, zones: &mut [Zone], ids: &[usize]) {
    for (resource, wanted) in requests {
        let mut left = *wanted;
        for id in ids {
            let Some(there) = zones.get_mut(*id).and_then(|zone| zone.amounts.get_mut(resource)) else {
                continue;
            };
            let taken = left.min(*there);
            *there = there.minus(taken);
            left = left.minus(taken);
        }
    }
}

/// The fewest NUMA nodes that have enough together; the first nearest ones, else the nearest of those that do.
fn spread(demand: &Demand, requests: &Amounts, zones: &[Zone]) -> Option<Spread> {
    (1..=zones.len()).find_map(|count| {
        let combinations = combinations(zones.len(), count);
        let distances: Vec<f32> = combinations.iter().map(|places| distance(zones, places)).collect();
        let least = distances.iter().copied().fold(FAR as f32, f32::min);
        // The highest that any can be.
        let (mut best, mut nearest) = (None, 256.0);
        for (places, distance) in combinations.iter().zip(distances) {
            if !enough(demand, requests, zones, places) {
                continue;
            }
            if distance == least {
                return Some(Spread { places: places.clone(), nearest: true });
            }
            if distance < nearest {
                (best, nearest) = (Some(places), distance);
            }
        }
        best.map(|places| Spread { places: places.clone(), nearest: false })
    })
}

/// Whether each of these lists everything that is asked, and together they have enough.
fn enough(demand: &Demand, requests: &Amounts, zones: &[Zone], places: &[usize]) -> bool {
    requests.iter().all(|(resource, wanted)| {
        let amounts = places.iter().map(|place| zones[*place].amounts.get(resource).copied());
        let sum = amounts.reduce(|sum, amount| Some(sum?.plus(amount?))).flatten();
        sum.is_some_and(|there| wanted.is_zero() || demand.is_enough(resource, *wanted, there))
    })
}

/// The mean distance of NUMA nodes, each to itself included.
fn distance(zones: &[Zone], places: &[usize]) -> f32 {
    let pairs = places.iter().flat_map(|from| places.iter().map(|to| (&zones[*from], zones[*to].id)));
    let sum: i64 = pairs.map(|(from, to)| from.distances.get(&to).copied().unwrap_or(FAR)).sum();
    sum as f32 / (places.len() * places.len()) as f32
}

/// Every choice of `count` of so many places, in order.
fn combinations(of: usize, count: usize) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut chosen: Vec<usize> = (0..count).collect();
    loop {
        found.push(chosen.clone());
        // The last place that can still move on.
        let Some(at) = (0..count).rev().find(|at| chosen[*at] < of - count + at) else { return found };
        chosen[at] += 1;
        for next in at + 1..count {
            chosen[next] = chosen[next - 1] + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_come_in_order() {
        assert_eq!(combinations(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(combinations(4, 1).len(), 4);
        assert_eq!(combinations(4, 4), [[0, 1, 2, 3]]);
        assert_eq!(combinations(16, 8).len(), 12870);
    }
}
