//! How full the nodes are.

use longshore_framework::snapshot::{ResourceColumn, Snapshot};
use serde::Serialize;

use super::rounded;

/// Parts of the histogram.
const PARTS: usize = 10;

/// How much of one resource is requested on the nodes that have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Utilisation {
    /// Resource name.
    pub resource: String,
    /// Nodes that have it.
    pub nodes: usize,
    /// Requested by pods on those nodes, all in all: cpu in thousandths, all else in units.
    pub requested: i64,
    /// Allocatable on those nodes, all in all.
    pub allocatable: i64,
    /// Mean of the nodes' shares, 1 for full.
    pub mean: f64,
    /// Standard deviation of the nodes' shares.
    pub spread: f64,
    /// Nodes by share in ten equal parts from 0 to 1; full and overfull nodes are in the last.
    pub histogram: Vec<usize>,
}

/// Of every resource that some node has: cpu, memory, ephemeral storage, pods, then the others by name.
pub(crate) fn of(snapshot: &Snapshot) -> Vec<Utilisation> {
    let mut columns: Vec<(&str, ResourceColumn<'_>)> =
        snapshot.resource_names().map(|(id, name)| (&**name, snapshot.column(id))).collect();
    let pods = (snapshot.allowed_pods(), snapshot.pod_counts());
    columns.push(("pods", ResourceColumn::Flat { allocatable: pods.0, requested: pods.1 }));
    columns.sort_by_key(|(name, ..)| (place(name), name.to_string()));
    columns.into_iter().filter_map(|(name, column)| utilisation(name, column)).collect()
}

fn place(resource: &str) -> usize {
    ["cpu", "memory", "ephemeral-storage", "pods"].iter().position(|r| *r == resource).unwrap_or(usize::MAX)
}

fn utilisation(name: &str, column: ResourceColumn<'_>) -> Option<Utilisation> {
    let offered = column.cells().filter(|(_, (allocatable, _))| *allocatable > 0);
    let pairs: Vec<(i64, i64)> =
        offered.map(|(_, (allocatable, requested))| (requested, allocatable)).collect();
    if pairs.is_empty() {
        return None;
    }
    let shares: Vec<f64> = pairs.iter().map(|(r, a)| *r as f64 / *a as f64).collect();
    let count = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / count;
    let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count;
    let mut histogram = vec![0; PARTS];
    for (requested, allocatable) in &pairs {
        histogram[part(*requested, *allocatable)] += 1;
    }
    let sum = |pick: fn(&(i64, i64)) -> i64| pairs.iter().map(pick).fold(0, i64::saturating_add);
    Some(Utilisation {
        resource: name.to_string(),
        nodes: pairs.len(),
        requested: sum(|p| p.0),
        allocatable: sum(|p| p.1),
        mean: rounded(mean, 4),
        spread: rounded(variance.sqrt(), 4),
        histogram,
    })
}

/// Which tenth `requested` of `allocatable` is in.
fn part(requested: i64, allocatable: i64) -> usize {
    let tenths = i128::from(requested.max(0)) * PARTS as i128 / i128::from(allocatable.max(1));
    usize::try_from(tenths).unwrap_or(PARTS).min(PARTS - 1)
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    #[test]
    fn shares_of_the_nodes_that_have_the_resource() {
        let mut snapshot = Snapshot::default();
        for (name, cpu) in [("a", "4"), ("b", "2"), ("c", "0")] {
            let node = node(name).allocatable("cpu", cpu).build();
            snapshot.set_node(node);
        }
        let slot = snapshot.slot("a").unwrap();
        snapshot.add_pod(slot, pod("p").request("cpu", "4").build());
        let found = of(&snapshot);
        let cpu = &found[0];
        assert_eq!(
            (cpu.resource.as_str(), cpu.nodes, cpu.requested, cpu.allocatable),
            ("cpu", 2, 4000, 6000)
        );
        assert_eq!((cpu.mean, cpu.spread), (0.5, 0.5));
        assert_eq!(cpu.histogram, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn overfull_nodes_are_in_the_last_part() {
        assert_eq!((part(5, 1), part(-5, 1), part(1, 10), part(i64::MAX, 1)), (9, 0, 1, 9));
    }
}
