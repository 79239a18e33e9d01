//! Node affinity, pod affinity and anti-affinity.

use longshore_tests::control_plane::{Arena, Kind, shared};
use serde_json::{Value, json};

both!(required_and_preferred_labels, pods_follow_their_friends, pods_avoid_their_like);

/// Nodes a1, a2 in zone a, b1, b2 in zone b.
fn two_zones(arena: &Arena) {
    for name in ["a1", "a2", "b1", "b2"] {
        let labels = json!({ "topology.kubernetes.io/zone": &name[..1], "number": &name[1..] });
        arena.node(name, &json!({ "metadata": { "labels": labels } }));
    }
}

fn labels(key: &str, values: &[&str]) -> Value {
    json!({ "matchExpressions": [{ "key": key, "operator": "In", "values": values }] })
}

fn near(app: &str, topology: &str) -> Value {
    json!([{ "labelSelector": { "matchLabels": { "app": app } }, "topologyKey": topology }])
}

fn required_and_preferred_labels(kind: Kind) {
    let arena = shared();
    two_zones(&arena);
    let _scheduler = arena.scheduler(kind);
    let affinity = json!({
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [labels("topology.kubernetes.io/zone", &["b"])],
        },
        "preferredDuringSchedulingIgnoredDuringExecution": [
            { "weight": 100, "preference": labels("number", &["2"]) },
        ],
    });
    arena.pod("web", &json!({ "spec": { "affinity": { "nodeAffinity": affinity } } }));
    assert_eq!(arena.until_bound("web"), "b2");
}

fn pods_follow_their_friends(kind: Kind) {
    let arena = shared();
    two_zones(&arena);
    let _scheduler = arena.scheduler(kind);
    let rule = json!({ "requiredDuringSchedulingIgnoredDuringExecution": near("leader", "topology.kubernetes.io/zone") });
    let follower = json!({ "spec": { "affinity": { "podAffinity": rule } } });
    arena.pod("early", &follower);
    let why = arena.until_unschedulable("early");
    assert!(why.contains("4 node(s) didn't match pod affinity rules"), "{why}");
    arena.pod("leader", &json!({ "spec": { "nodeSelector": { "kubernetes.io/hostname": "b1" } } }));
    arena.pod("late", &follower);
    for name in ["early", "late"] {
        let node = arena.until_bound(name);
        assert!(node.starts_with('b'), "{name} is on {node}");
    }
}

fn pods_avoid_their_like(kind: Kind) {
    let arena = shared();
    two_zones(&arena);
    let _scheduler = arena.scheduler(kind);
    let rule = json!({ "requiredDuringSchedulingIgnoredDuringExecution": near("db", "topology.kubernetes.io/zone") });
    for name in ["db-0", "db-1", "db-2"] {
        arena.pod(
            name,
            &json!({ "metadata": { "labels": { "app": "db" } }, "spec": { "affinity": { "podAntiAffinity": rule } } }),
        );
    }
    let bound = arena.until("two of three to be bound", "db-2", || {
        let nodes: Vec<_> = (0..3).filter_map(|n| arena.node_of(&format!("db-{n}"))).collect();
        (nodes.len() == 2).then_some(nodes)
    });
    assert_ne!(bound[0][..1], bound[1][..1], "one in each zone: {bound:?}");
    let left = (0..3).map(|n| format!("db-{n}")).find(|name| arena.node_of(name).is_none()).unwrap();
    let why = arena.until_unschedulable(&left);
    assert!(why.contains("4 node(s) didn't match pod anti-affinity rules"), "{why}");
}
