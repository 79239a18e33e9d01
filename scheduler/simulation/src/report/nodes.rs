//! The nodes at the end of a simulation.

use std::collections::BTreeMap;

use longshore_framework::snapshot::{ResourceColumn, Slot, Snapshot};
use serde::Serialize;

/// A node, how full it is, and what came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeUse {
    /// The node.
    pub node: String,
    /// Pods on it.
    pub pods: usize,
    /// Pods that were placed there, as `namespace/name`, in order.
    pub placed: Vec<String>,
    /// What it has, by name of the resource.
    pub resources: Vec<Share>,
}

/// How much of one resource a node has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// Its name.
    pub resource: String,
    /// What pods on the node ask for: cpu in thousandths, all else in units.
    pub requested: i64,
    /// What the node has, likewise.
    pub allocatable: i64,
}

/// All nodes by name, each with the pods that were placed there.
pub(crate) fn of(snapshot: &Snapshot, placed: impl Iterator<Item = (String, String)>) -> Vec<NodeUse> {
    let mut all: BTreeMap<String, NodeUse> = BTreeMap::new();
    for slot in snapshot.order() {
        let node = snapshot.node(*slot).name.to_string();
        let pods = snapshot.pods(*slot).len();
        all.insert(node.clone(), NodeUse { node, pods, ..NodeUse::default() });
    }
    let mut columns: Vec<(String, ResourceColumn<'_>)> =
        snapshot.resource_names().map(|(id, name)| (name.to_string(), snapshot.column(id))).collect();
    columns.sort_by(|(a, _), (b, _)| a.cmp(b));
    let is_there = |slot: Slot| snapshot.live().contains(slot.index());
    for (resource, column) in columns {
        for (slot, (allocatable, requested)) in
            column.cells().filter(|(slot, (has, asked))| is_there(*slot) && (*has > 0 || *asked > 0))
        {
            if let Some(node) = all.get_mut(&*snapshot.node(slot).name) {
                node.resources.push(Share { resource: resource.clone(), requested, allocatable });
            }
        }
    }
    for (node, pod) in placed {
        if let Some(node) = all.get_mut(&node) {
            node.placed.push(pod);
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    #[test]
    fn a_node_has_its_pods_and_what_they_ask_for() {
        let mut snapshot = Snapshot::default();
        snapshot.set_node(node("b").allocatable("cpu", "4").build());
        let slot = snapshot.set_node(node("a").allocatable("cpu", "2").build());
        snapshot.add_pod(slot, pod("p").request("cpu", "1").build());
        let found = of(&snapshot, [("a".to_string(), "default/p".to_string())].into_iter());
        assert_eq!(found.iter().map(|n| n.node.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let cpu = Share { resource: "cpu".to_string(), requested: 1000, allocatable: 2000 };
        assert_eq!((found[0].pods, &found[0].resources, found[0].placed.len()), (1, &vec![cpu], 1));
    }
}
