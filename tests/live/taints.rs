//! Taints and tolerations.

use longshore_tests::control_plane::{Kind, shared};
use serde_json::{Value, json};

both!(
    only_who_tolerates_a_taint_gets_the_node,
    a_taint_that_goes_wakes_the_pod,
    a_soft_taint_is_the_last_choice
);

fn taint(key: &str, effect: &str) -> Value {
    json!({ "spec": { "taints": [{ "key": key, "value": "yes", "effect": effect }] } })
}

fn only_who_tolerates_a_taint_gets_the_node(kind: Kind) {
    let arena = shared();
    arena.node("gpu", &taint("gpu", "NoSchedule"));
    let _scheduler = arena.scheduler(kind);
    arena.pod("plain", &json!({}));
    let toleration = json!({ "key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule" });
    arena.pod("trained", &json!({ "spec": { "tolerations": [toleration] } }));
    assert_eq!(arena.until_bound("trained"), "gpu");
    let why = arena.until_unschedulable("plain");
    assert!(why.starts_with("0/1 nodes are available: 1 node(s) had untolerated taint(s)."), "{why}");
}

fn a_taint_that_goes_wakes_the_pod(kind: Kind) {
    let arena = shared();
    arena.node("a", &taint("drain", "NoExecute"));
    let _scheduler = arena.scheduler(kind);
    arena.pod("web", &json!({}));
    arena.until_unschedulable("web");
    arena.api.patch("/api/v1/nodes/a", &json!({ "spec": { "taints": null } })).unwrap();
    assert_eq!(arena.until_bound("web"), "a");
}

fn a_soft_taint_is_the_last_choice(kind: Kind) {
    let arena = shared();
    arena.node("soft", &taint("busy", "PreferNoSchedule"));
    arena.node("clean", &json!({}));
    let _scheduler = arena.scheduler(kind);
    arena.pod("web", &json!({}));
    assert_eq!(arena.until_bound("web"), "clean");
}
