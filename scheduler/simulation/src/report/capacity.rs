//! What is left of the nodes: how much is free, how much of that is stranded, and the largest pod that still fits. For all nodes
//! together, and by the labels that divide them, such as the zone or the pool.

use std::collections::{BTreeMap, BTreeSet};

use longshore_framework::resources::{CPU, MEMORY};
use serde::Serialize;

use super::{NodeUse, Share};

/// Values that a label may have to be one that divides the nodes, at the most.
const MOST_VALUES: usize = 64;

/// Labels that nodes are divided by, at the most.
const MOST_LABELS: usize = 12;

/// The nodes divided by a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// The label; absent for all nodes together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// One for each value, by value, the nodes without the label first.
    pub groups: Vec<Left>,
}

/// What is left of some nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// Their value of the label; absent for nodes without it, and for all nodes together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How many nodes there are.
    pub nodes: usize,
    /// How many of them are marked unschedulable: nothing of theirs is free.
    pub cordoned: usize,
    /// How many have a taint that keeps pods away.
    pub tainted: usize,
    /// What they have, by name of the resource.
    pub resources: Vec<Free>,
    /// For each resource of which something is free, the pod that could ask for the most of it.
    pub largest: Vec<Largest>,
}

/// What is free of a resource: cpu in thousandths, all else in units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Free {
    /// Its name.
    pub resource: String,
    /// What the nodes have.
    pub allocatable: i64,
    /// What pods on them ask for.
    pub requested: i64,
    /// What is free on nodes that take pods.
    pub free: i64,
    /// What of that pods of the usual shape cannot use, because something else runs out first.
    pub stranded: i64,
}

/// The most of a resource that one pod could ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Largest {
    /// The resource.
    pub resource: String,
    /// The node where so much is free.
    pub node: String,
    /// All that is free there, by name of the resource.
    pub free: BTreeMap<String, i64>,
}

/// The shape of the pods of a cluster: how much memory they ask for with so much cpu.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    cpu: i128,
    memory: i128,
}

/// All nodes together, then by each label that divides them, zones and pools first.
pub(crate) fn of(nodes: &[NodeUse]) -> Vec<Capacity> {
    let asked = |name: &str| {
        let shares = nodes.iter().filter_map(|node| node.share(name));
        shares.map(|share| i128::from(share.requested.max(0))).sum()
    };
    let shape = Shape { cpu: asked(CPU), memory: asked(MEMORY) };
    let all: Vec<&NodeUse> = nodes.iter().collect();
    let mut found = vec![Capacity { label: None, groups: vec![left(None, &all, shape)] }];
    for label in dividing(nodes) {
        let mut groups: BTreeMap<Option<&String>, Vec<&NodeUse>> = BTreeMap::new();
        for node in nodes {
            groups.entry(node.labels.get(&label)).or_default().push(node);
        }
        let groups = groups.into_iter().map(|(value, nodes)| left(value.cloned(), &nodes, shape)).collect();
        found.push(Capacity { label: Some(label), groups });
    }
    found
}

/// Labels that divide the nodes into some groups that are larger than a node.
fn dividing(nodes: &[NodeUse]) -> Vec<String> {
    let mut values: BTreeMap<&String, (usize, BTreeSet<&String>)> = BTreeMap::new();
    for (key, value) in nodes.iter().flat_map(|node| &node.labels) {
        let (count, seen) = values.entry(key).or_default();
        *count += 1;
        if seen.len() <= MOST_VALUES {
            seen.insert(value);
        }
    }
    let divides = |(count, seen): &(usize, BTreeSet<&String>)| {
        let groups = seen.len() + usize::from(*count < nodes.len());
        (2..=MOST_VALUES).contains(&groups) && seen.len() < *count
    };
    let mut labels: Vec<&String> =
        values.iter().filter(|(_, of)| divides(of)).map(|(label, _)| *label).collect();
    labels.sort_by_key(|label| (place(label), *label));
    labels.into_iter().take(MOST_LABELS).cloned().collect()
}

/// What people divide nodes by comes first.
fn place(label: &str) -> usize {
    let name = label.rsplit('/').next().unwrap_or(label);
    match name {
        "zone" => 0,
        _ if name.contains("pool") || name.contains("nodegroup") => 1,
        "instance-type" => 2,
        "region" => 3,
        _ => 4,
    }
}

fn left(value: Option<String>, nodes: &[&NodeUse], shape: Shape) -> Left {
    let keeps_away = |taint: &String| taint.ends_with(":NoSchedule") || taint.ends_with(":NoExecute");
    let mut sums: BTreeMap<&str, Free> = BTreeMap::new();
    let mut best: BTreeMap<&str, (Vec<i64>, &NodeUse)> = BTreeMap::new();
    for node in nodes {
        let takes = takes(node);
        for share in &node.resources {
            let sum = sums.entry(&share.resource).or_default();
            sum.allocatable = sum.allocatable.saturating_add(share.allocatable);
            sum.requested = sum.requested.saturating_add(share.requested);
            if node.cordoned {
                continue;
            }
            let free = free(share);
            sum.free = sum.free.saturating_add(free);
            sum.stranded = sum.stranded.saturating_add(stranded(node, share, shape));
            if !takes || free == 0 {
                continue;
            }
            let key = vec![free, free_of(node, CPU), free_of(node, MEMORY)];
            match best.get(share.resource.as_str()) {
                Some((known, _)) if *known >= key => {}
                _ => drop(best.insert(&share.resource, (key, node))),
            }
        }
    }
    let largest = best.into_iter().map(|(resource, (_, node))| Largest {
        resource: resource.to_string(),
        node: node.node.clone(),
        free: node.resources.iter().map(|share| (share.resource.clone(), free(share))).collect(),
    });
    Left {
        value,
        nodes: nodes.len(),
        cordoned: nodes.iter().filter(|node| node.cordoned).count(),
        tainted: nodes.iter().filter(|node| node.taints.iter().any(keeps_away)).count(),
        largest: largest.collect(),
        resources: sums
            .into_iter()
            .map(|(resource, sum)| Free { resource: resource.to_string(), ..sum })
            .collect(),
    }
}

fn free(share: &Share) -> i64 {
    share.allocatable.saturating_sub(share.requested).max(0)
}

fn free_of(node: &NodeUse, resource: &str) -> i64 {
    node.share(resource).map_or(0, free)
}

/// Whether the node takes one more pod, whatever that asks for.
fn takes(node: &NodeUse) -> bool {
    !node.cordoned && i64::try_from(node.pods).unwrap_or(i64::MAX) < node.allowed_pods
}

/// What is free of a resource and stays so when the node is filled with pods that ask for cpu and memory in the usual proportion.
/// Of other resources that is all of it, where cpu or memory are used up.
fn stranded(node: &NodeUse, share: &Share, shape: Shape) -> i64 {
    let own = free(share);
    let (cpu, memory) = (free_of(node, CPU), free_of(node, MEMORY));
    if !takes(node) {
        return own;
    }
    // What is left of `own` once `other` is used up, where pods ask for `per_own` of one with `per_other` of the other.
    let beyond = |other: i64, per_own: i128, per_other: i128| {
        if per_own <= 0 || per_other <= 0 {
            return 0;
        }
        let used = i128::from(other).saturating_mul(per_own) / per_other;
        i64::try_from((i128::from(own) - used).max(0)).unwrap_or(own)
    };
    match share.resource.as_str() {
        CPU => beyond(memory, shape.cpu, shape.memory),
        MEMORY => beyond(cpu, shape.memory, shape.cpu),
        _ if cpu == 0 || memory == 0 => own,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, zone: Option<&str>, cpu: (i64, i64), memory: (i64, i64)) -> NodeUse {
        let share = |resource: &str, (requested, allocatable): (i64, i64)| Share {
            resource: resource.to_string(),
            requested,
            before: 0,
            allocatable,
        };
        let mut labels = BTreeMap::from([("kubernetes.io/hostname".to_string(), name.to_string())]);
        labels.extend(zone.map(|zone| ("topology.kubernetes.io/zone".to_string(), zone.to_string())));
        NodeUse {
            node: name.to_string(),
            labels,
            pods: 1,
            allowed_pods: 10,
            resources: vec![share(CPU, cpu), share(MEMORY, memory)],
            ..NodeUse::default()
        }
    }

    fn of_resource<'l>(left: &'l Left, name: &str) -> &'l Free {
        left.resources.iter().find(|free| free.resource == name).unwrap()
    }

    #[test]
    fn what_the_other_resource_cannot_go_with_is_stranded() {
        // All pods together ask for 4 cpu and 8 memory.
        let nodes = [node("a", None, (3, 4), (4, 12)), node("b", None, (1, 4), (4, 4))];
        let all = &of(&nodes)[0].groups[0];
        let (cpu, memory) = (of_resource(all, CPU), of_resource(all, MEMORY));
        assert_eq!((cpu.free, memory.free), (4, 8));
        // On a, 1 cpu goes with 2 of 8 memory; on b there is no memory for 3 cpu.
        assert_eq!((cpu.stranded, memory.stranded), (3, 6));
        let largest = |name: &str| all.largest.iter().find(|l| l.resource == name).unwrap();
        assert_eq!((largest(CPU).node.as_str(), largest(CPU).free[MEMORY]), ("b", 0));
        assert_eq!((largest(MEMORY).node.as_str(), largest(MEMORY).free[CPU]), ("a", 1));
    }

    #[test]
    fn nothing_is_free_on_cordoned_nodes_and_all_is_stranded_without_room_for_a_pod() {
        let mut nodes = [node("a", None, (1, 4), (1, 4)), node("b", None, (1, 4), (1, 4))];
        nodes[0].cordoned = true;
        nodes[1].allowed_pods = 1;
        let all = &of(&nodes)[0].groups[0];
        let cpu = of_resource(all, CPU);
        assert_eq!((cpu.allocatable, cpu.requested, cpu.free, cpu.stranded), (8, 2, 3, 3));
        assert_eq!((all.cordoned, all.largest.len()), (1, 0));
    }

    #[test]
    fn labels_that_name_each_node_do_not_divide_them() {
        let nodes = [
            node("a", Some("x"), (0, 1), (0, 1)),
            node("b", Some("x"), (0, 1), (0, 1)),
            node("c", None, (0, 1), (0, 1)),
        ];
        let found = of(&nodes);
        let labels: Vec<Option<&str>> = found.iter().map(|c| c.label.as_deref()).collect();
        assert_eq!(labels, [None, Some("topology.kubernetes.io/zone")]);
        let counts: Vec<(Option<&str>, usize)> =
            found[1].groups.iter().map(|g| (g.value.as_deref(), g.nodes)).collect();
        assert_eq!(counts, [(None, 1), (Some("x"), 2)]);
    }
}
