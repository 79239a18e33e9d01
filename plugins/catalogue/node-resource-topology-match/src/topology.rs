//! NodeResourceTopology objects: what a node has in each of its NUMA nodes, and how kubelet aligns pods there.

use std::collections::BTreeMap;

use catalogue_common::Quantity;
use longshore_plugin::objects;
use serde::Deserialize;

objects! {
    /// One for each node, of its name.
    pub(crate) TOPOLOGIES: Topology = kind("topology.node.k8s.io/v1alpha2", "NodeResourceTopology")
        .fields(&["topologyPolicies", "attributes", "zones", "metadata.annotations"])
        .about_node(),
}

/// The highest id that a NUMA node may have.
const HIGHEST_ID: usize = 63;

/// kubelet's setting where nothing is said.
const MAX_NUMA_NODES: i64 = 8;
/// More are not believed.
const MOST_NUMA_NODES: i64 = 1024;

/// What kubelet aligns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Container,
    Pod,
}

/// A NUMA node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone {
    pub(crate) id: usize,
    /// What is available there.
    pub(crate) amounts: BTreeMap<String, Quantity>,
    /// Distances to others, by their id.
    pub(crate) distances: BTreeMap<usize, i64>,
}

/// An object, read.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(from = "Wire")]
pub(crate) struct Topology {
    pub(crate) scope: Scope,
    /// Whether kubelet takes only pods, or containers, that fit into one NUMA node.
    pub(crate) single_numa_node: bool,
    pub(crate) max_numa_nodes: i64,
    /// NUMA nodes in the object's order.
    pub(crate) zones: Vec<Zone>,
    /// Which pods the object knows of.
    pub(crate) fingerprint: Option<String>,
    /// Whether these are only those with resources of their own.
    pub(crate) only_exclusive: bool,
}

impl Topology {
    /// Whether the ids of the NUMA nodes are 0, 1, 2 and so on, in any order.
    pub(crate) fn ids_are_dense(&self) -> bool {
        let mut seen = vec![false; self.zones.len()];
        self.zones.iter().all(|zone| seen.get_mut(zone.id).is_some_and(|seen| !std::mem::replace(seen, true)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    metadata: WireMetadata,
    topology_policies: Option<Vec<String>>,
    attributes: Option<Vec<Attribute>>,
    zones: Option<Vec<WireZone>>,
}

#[derive(Default, Deserialize)]
struct WireMetadata {
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct WireZone {
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    costs: Option<Vec<Cost>>,
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Cost {
    name: String,
    value: i64,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    available: Quantity,
}

impl From<Wire> for Topology {
    fn from(wire: Wire) -> Self {
        let mut topology = Self {
            scope: Scope::Container,
            single_numa_node: false,
            max_numa_nodes: MAX_NUMA_NODES,
            zones: wire.zones.into_iter().flatten().filter_map(zone).collect(),
            fingerprint: None,
            only_exclusive: false,
        };
        // The older way to say it.
        if let Some(policy) = wire.topology_policies.iter().flatten().next() {
            topology.take_policy(policy);
        }
        for attribute in wire.attributes.iter().flatten() {
            topology.take_attribute(&attribute.name, &attribute.value);
        }
        if topology.fingerprint.is_none() {
            topology.only_exclusive = false;
            let annotations = wire.metadata.annotations.unwrap_or_default();
            topology.fingerprint = annotations.get("topology.node.k8s.io/fingerprint").cloned();
        }
        topology
    }
}

impl Topology {
    fn take_policy(&mut self, policy: &str) {
        let scope = match policy {
            _ if policy.ends_with("PodLevel") => Scope::Pod,
            _ => Scope::Container,
        };
        match policy {
            "SingleNUMANodePodLevel" | "SingleNUMANodeContainerLevel" => self.single_numa_node = true,
            "BestEffortPodLevel"
            | "BestEffortContainerLevel"
            | "RestrictedPodLevel"
            | "RestrictedContainerLevel" => self.single_numa_node = false,
            _ => return,
        }
        self.scope = scope;
    }

    /// Values that mean nothing leave what was said before.
    fn take_attribute(&mut self, name: &str, value: &str) {
        match (name, value) {
            ("topologyManagerScope", "container") => self.scope = Scope::Container,
            ("topologyManagerScope", "pod") => self.scope = Scope::Pod,
            ("topologyManagerPolicy", "single-numa-node") => self.single_numa_node = true,
            ("topologyManagerPolicy", "none" | "best-effort" | "restricted") => self.single_numa_node = false,
            ("topologyManagerMaxNUMANodes", value) => {
                if let Some(most) = value.parse().ok().filter(|most: &i64| *most > 1) {
                    self.max_numa_nodes = most.min(MOST_NUMA_NODES);
                }
            }
            ("nodeTopologyPodsFingerprint", value) => self.fingerprint = Some(value.to_owned()),
            ("nodeTopologyPodsFingerprintMethod", value) => {
                self.only_exclusive = value == "with-exclusive-resources";
            }
            _ => {}
        }
    }
}

fn zone(wire: WireZone) -> Option<Zone> {
    let id = id(&wire.name).filter(|_| wire.kind == "Node")?;
    let amounts = wire.resources.into_iter().flatten().map(|each| (each.name, each.available)).collect();
    let costs = wire.costs.into_iter().flatten();
    let distances = costs.filter_map(|cost| Some((self::id(&cost.name)?, cost.value))).collect();
    Some(Zone { id, amounts, distances })
}

/// The id in `node-<id>`.
fn id(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("node-")?;
    digits.parse().ok().filter(|id| *id <= HIGHEST_ID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Topology {
        serde_json::from_value(value).unwrap()
    }

    #[track_caller]
    fn check(value: Value, scope: Scope, single: bool, most: i64) {
        let topology = read(value.clone());
        let found = (topology.scope, topology.single_numa_node, topology.max_numa_nodes);
        assert_eq!(found, (scope, single, most), "{value}");
    }

    #[test]
    fn attributes_go_before_policies_each_on_its_own() {
        let attributes = |pairs: &[(&str, &str)]| -> Value {
            pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
        };
        check(json!({"zones": []}), Scope::Container, false, 8);
        check(json!({"topologyPolicies": ["SingleNUMANodePodLevel", "x"]}), Scope::Pod, true, 8);
        check(json!({"topologyPolicies": ["SingleNUMANodeLevel"]}), Scope::Container, false, 8);
        let pod = attributes(&[("topologyManagerScope", "pod"), ("topologyManagerPolicy", "all")]);
        check(
            json!({"topologyPolicies": ["SingleNUMANodeContainerLevel"], "attributes": pod}),
            Scope::Pod,
            true,
            8,
        );
        let most = |value| json!({"attributes": attributes(&[("topologyManagerMaxNUMANodes", value)])});
        check(most("4"), Scope::Container, false, 4);
        check(most("1"), Scope::Container, false, 8);
        check(most("9999"), Scope::Container, false, 1024);
    }

    #[test]
    fn zones_that_are_no_numa_nodes_are_left_out() {
        let topology = read(json!({"zones": [
            {"name": "node-1", "type": "Node", "costs": [{"name": "node-0", "value": 20}, {"name": "x", "value": 1}],
             "resources": [{"name": "cpu", "available": "1500m"}]},
            {"name": "node-64", "type": "Node"},
            {"name": "node-0", "type": "Core"},
            {"name": "zero", "type": "Node"},
        ]}));
        let amounts = [("cpu".to_owned(), Quantity::thousandths(1500))].into();
        assert_eq!(topology.zones, [Zone { id: 1, amounts, distances: [(0, 20)].into() }]);
        assert!(!topology.ids_are_dense());
    }

    #[test]
    fn a_fingerprint_may_stand_in_an_annotation() {
        let annotated = json!({"annotations": {"topology.node.k8s.io/fingerprint": "pfp0v001aa"}});
        let method =
            json!([{"name": "nodeTopologyPodsFingerprintMethod", "value": "with-exclusive-resources"}]);
        let topology = read(json!({"metadata": annotated, "attributes": method}));
        assert_eq!((topology.fingerprint.as_deref(), topology.only_exclusive), (Some("pfp0v001aa"), false));
    }
}
