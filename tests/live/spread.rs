//! Topology spread.

use std::collections::BTreeMap;

use longshore_tests::control_plane::{Kind, shared};
use serde_json::json;

both!(pods_spread_over_zones_of_unequal_size, a_zone_that_is_full_holds_the_others_back);

fn zones(arena: &longshore_tests::control_plane::Arena, names: &[&str]) {
    for name in names {
        let labels = json!({ "topology.kubernetes.io/zone": &name[..1] });
        arena.node(name, &json!({ "metadata": { "labels": labels } }));
    }
}

fn spreading(app: &str) -> serde_json::Value {
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": { "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": { "matchLabels": { "app": app } },
        }] },
    })
}

fn pods_spread_over_zones_of_unequal_size(kind: Kind) {
    let arena = shared();
    zones(&arena, &["a1", "a2", "a3", "b1", "c1"]);
    let _scheduler = arena.scheduler(kind);
    for n in 0..9 {
        arena.pod(&format!("web-{n}"), &spreading("web"));
    }
    let mut per_zone: BTreeMap<String, usize> = BTreeMap::new();
    for pod in arena.until_all_bound(9) {
        *per_zone.entry(pod["spec"]["nodeName"].as_str().unwrap()[..1].to_owned()).or_default() += 1;
    }
    assert_eq!(per_zone.into_values().collect::<Vec<_>>(), [3, 3, 3]);
}

fn a_zone_that_is_full_holds_the_others_back(kind: Kind) {
    let arena = shared();
    zones(&arena, &["a1"]);
    arena.node(
        "b1",
        &json!({
            "metadata": { "labels": { "topology.kubernetes.io/zone": "b" } },
            "status": { "allocatable": { "pods": "0" } },
        }),
    );
    let _scheduler = arena.scheduler(kind);
    arena.pod("web-0", &spreading("web"));
    assert_eq!(arena.until_bound("web-0"), "a1");
    arena.pod("web-1", &spreading("web"));
    let why = arena.until_unschedulable("web-1");
    assert!(why.contains("1 node(s) didn't match pod topology spread constraints"), "{why}");
    assert!(why.contains("1 Too many pods"), "{why}");
    zones(&arena, &["b2"]);
    assert_eq!(arena.until_bound("web-1"), "b2");
}
