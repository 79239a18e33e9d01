//! The nodes at the end of a simulation, and as they were before it.

use std::collections::BTreeMap;

use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{ResourceColumn, Slot, Snapshot};
use serde::Serialize;

use super::steps::{Did, Step};

/// A node, how full it is, and what came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeUse {
    /// The node.
    pub node: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is marked unschedulable.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cordoned: bool,
    /// Its taints, as `key=value:effect`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<String>,
    /// Pods on it.
    pub pods: usize,
    /// Pods that were on it before.
    pub pods_before: usize,
    /// How many pods it may have.
    pub allowed_pods: i64,
    /// Pods on it that do not belong to the node itself, as those of DaemonSets do.
    pub movable: usize,
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
    /// What pods that were on it before asked for, likewise.
    pub before: i64,
    /// What the node has, likewise.
    pub allocatable: i64,
}

impl NodeUse {
    /// How much it has of a resource.
    pub fn share(&self, resource: &str) -> Option<&Share> {
        self.resources.iter().find(|share| share.resource == resource)
    }

    fn new(node: &Node, pods: &[std::sync::Arc<Pod>]) -> Self {
        let taints = node.taints.iter().map(|taint| match &*taint.value {
            "" => format!("{}:{}", taint.key, taint.effect.as_str()),
            value => format!("{}={value}:{}", taint.key, taint.effect.as_str()),
        });
        Self {
            node: node.name.to_string(),
            labels: node.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            cordoned: node.unschedulable,
            taints: taints.collect(),
            pods: pods.len(),
            pods_before: pods.len(),
            allowed_pods: node.allocatable_pods,
            movable: pods.iter().filter(|pod| is_movable(pod)).count(),
            ..Self::default()
        }
    }

    /// Takes a step back: what came is not there yet, what had to leave still is.
    fn undo(&mut self, step: &Step) {
        let sign = match step.did {
            Did::Placed => -1,
            Did::Evicted => 1,
            Did::Pending => return,
        };
        self.pods_before = self.pods_before.saturating_add_signed(sign);
        for (name, amount) in &step.requests {
            if let Some(share) = self.resources.iter_mut().find(|share| share.resource == *name) {
                share.before = share.before.saturating_add(amount.saturating_mul(sign as i64));
            }
        }
    }
}

/// Whether a pod belongs to no DaemonSet and not to the node itself, so that the node could not be removed without it.
pub fn is_movable(pod: &Pod) -> bool {
    let owner = pod.meta.owner.as_ref().map(|owner| &*owner.kind);
    !matches!(owner, Some("DaemonSet" | "Node"))
}

/// All nodes by name, each with the pods that were placed there. What was there before is what there is now without what was done.
pub(crate) fn of(
    snapshot: &Snapshot,
    placed: impl Iterator<Item = (String, String)>,
    steps: &[Step],
) -> Vec<NodeUse> {
    let mut all: BTreeMap<String, NodeUse> = BTreeMap::new();
    for slot in snapshot.order() {
        let node = NodeUse::new(snapshot.node(*slot), snapshot.pods(*slot));
        all.insert(node.node.clone(), node);
    }
    let mut columns: Vec<(String, ResourceColumn<'_>)> =
        snapshot.resource_names().map(|(id, name)| (name.to_string(), snapshot.column(id))).collect();
    columns.sort_by(|(a, _), (b, _)| a.cmp(b));
    let touched = touched(steps);
    let is_there = |slot: Slot| snapshot.live().contains(slot.index());
    for (resource, column) in columns {
        for (slot, (allocatable, requested)) in column.cells().filter(|(slot, _)| is_there(*slot)) {
            let name = &snapshot.node(slot).name;
            let was = touched.contains(&(&**name, &*resource));
            if (allocatable > 0 || requested > 0 || was)
                && let Some(node) = all.get_mut(&**name)
            {
                node.resources.push(Share {
                    resource: resource.clone(),
                    requested,
                    before: requested,
                    allocatable,
                });
            }
        }
    }
    for (node, pod) in placed {
        if let Some(node) = all.get_mut(&node) {
            node.placed.push(pod);
        }
    }
    for step in steps {
        if let Some(node) = step.node.as_ref().and_then(|name| all.get_mut(name)) {
            node.undo(step);
        }
    }
    all.into_values().collect()
}

/// Which resources of which nodes evicted pods held: a node may have nothing else of them.
fn touched(steps: &[Step]) -> std::collections::BTreeSet<(&str, &str)> {
    let evicted = steps.iter().filter(|step| step.did == Did::Evicted);
    evicted
        .filter_map(|step| Some((step.node.as_deref()?, &step.requests)))
        .flat_map(|(node, requests)| requests.keys().map(move |name| (node, name.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    #[test]
    fn a_node_has_its_pods_and_what_they_ask_for() {
        let mut snapshot = Snapshot::default();
        snapshot.set_node(node("b").allocatable("cpu", "4").build());
        let slot = snapshot.set_node(node("a").allocatable("cpu", "2").label("zone", "z").build());
        snapshot.add_pod(slot, pod("p").request("cpu", "1").build());
        let step = |did, pod: &str, cpu| Step {
            pod: pod.to_string(),
            did,
            node: Some("a".to_string()),
            by: None,
            owner: None,
            requests: BTreeMap::from([("cpu".to_string(), cpu)]),
        };
        let steps = [step(Did::Evicted, "default/v", 1500), step(Did::Placed, "default/p", 1000)];
        let found = of(&snapshot, [("a".to_string(), "default/p".to_string())].into_iter(), &steps);
        assert_eq!(found.iter().map(|n| n.node.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let cpu = Share { resource: "cpu".to_string(), requested: 1000, before: 1500, allocatable: 2000 };
        assert_eq!((found[0].pods, found[0].pods_before, found[0].placed.len()), (1, 1, 1));
        assert_eq!((found[0].share("cpu"), found[0].movable), (Some(&cpu), 1));
        assert_eq!(found[0].labels["zone"], "z");
        assert_eq!((found[1].pods_before, found[1].share("cpu").unwrap().before), (0, 0));
    }

    #[test]
    fn pods_of_daemon_sets_and_of_the_node_do_not_keep_a_node() {
        let of = |kind: &str| {
            let mut pod = pod("p").build();
            std::sync::Arc::make_mut(&mut pod).meta.owner = Some(longshore_framework::pod::Owner {
                api_version: "apps/v1".into(),
                kind: kind.into(),
                name: "o".into(),
                uid: "u".into(),
            });
            is_movable(&pod)
        };
        assert_eq!((of("DaemonSet"), of("Node"), of("ReplicaSet")), (false, false, true));
        assert!(is_movable(&pod("p").build()));
    }
}
