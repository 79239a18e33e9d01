//! A cluster that is made up, for measuring and checking: nodes of several sizes, zones, labels and taints, some of them
//! with pods, and a few pods that wait.

use longshore_manifest::Source;
use serde_json::{Value, json};

use super::Scene;

/// Pods that are on no node.
pub(crate) const PENDING: usize = 8;

/// A cluster with so many nodes; the same number gives the same cluster.
pub(crate) fn cluster(nodes: usize) -> Scene {
    let items: Vec<Value> = (0..nodes)
        .map(node)
        .chain((0..nodes).filter(|at| at % 3 != 0).map(|at| pod(at, Some(&node_name(at)))))
        .chain((nodes..nodes + PENDING).map(|at| pod(at, None)))
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let sources = [Source { name: "made up".to_string(), text: list.to_string().into_bytes() }];
    Scene::of(&sources, &longshore_manifest::read(&sources))
}

fn node_name(at: usize) -> String {
    format!("node-{at}")
}

/// A node as [`cluster`] has it.
pub(crate) fn node(at: usize) -> Value {
    let size = [4, 8, 16, 32][at % 4];
    let taints = match at % 11 {
        0 => json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]),
        _ => json!([]),
    };
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": node_name(at),
            "labels": {
                "kubernetes.io/hostname": node_name(at),
                "topology.kubernetes.io/zone": format!("zone-{}", at % 3),
                "topology.kubernetes.io/region": "here",
                "node.kubernetes.io/instance-type": format!("m{size}"),
                "disk": if at.is_multiple_of(2) { "ssd" } else { "hdd" },
            },
            "annotations": {"cost": (at % 7).to_string()},
        },
        "spec": {"taints": taints, "unschedulable": at % 13 == 12},
        "status": {
            "allocatable": {"cpu": size.to_string(), "memory": format!("{}Gi", size * 4), "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// A pod as [`cluster`] has it.
pub(crate) fn pod(at: usize, node: Option<&str>) -> Value {
    let app = ["web", "db", "batch"][at % 3];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("pod-{at}"), "uid": format!("uid-{at}"), "namespace": "default",
            "labels": {"app": app},
        },
        "spec": {
            "priority": at % 4,
            "containers": [{
                "name": "c",
                "resources": {"requests": {
                    "cpu": format!("{}m", 100 + 250 * (at % 5)), "memory": format!("{}Mi", 128 * (1 + at % 4)),
                }},
            }],
        },
    });
    if let Some(node) = node {
        pod["spec"]["nodeName"] = node.into();
    }
    pod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_cluster_is_read_without_complaint() {
        let scene = cluster(30);
        assert_eq!(scene.snapshot.len(), 30);
        let pending = scene.pods.iter().filter(|p| p.meta.node_name.is_none()).count();
        assert_eq!((scene.pods.len(), pending), (20 + PENDING, PENDING));
        assert!(scene.raw.node("node-7").is_some() && scene.raw.pod("uid-30").is_some());
    }
}
