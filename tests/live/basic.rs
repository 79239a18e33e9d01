//! Pods that fit, pods that do not, and what wakes them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{Arena, Kind, condition, objects, shared};
use serde_json::{Value, json};

both!(
    pods_share_out_over_the_nodes,
    a_pod_that_fits_nowhere_says_why,
    a_node_wakes_a_pending_pod_within_a_second,
    a_pod_that_goes_makes_room_for_one_that_waits,
    a_gated_pod_waits_for_its_last_gate,
    a_deleted_pod_is_forgotten,
    a_pod_of_another_scheduler_is_left_alone,
    a_cordoned_node_gets_nothing_until_it_is_uncordoned,
);

fn pods_share_out_over_the_nodes(kind: Kind) {
    let arena = shared();
    for name in ["a", "b", "c"] {
        arena.node(name, &json!({}));
    }
    let _scheduler = arena.scheduler(kind);
    arena.api.create_all((0..30).map(|n| arena.new_pod(&format!("web-{n}"))));
    let per_node = per_node(&arena.until_all_bound(30));
    assert_eq!(per_node.values().copied().collect::<Vec<_>>(), [10, 10, 10], "{per_node:?}");
}

fn a_pod_that_fits_nowhere_says_why(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({ "metadata": { "labels": { "disk": "ssd" } } }));
    let _scheduler = arena.scheduler(kind);
    let pod = objects::asking(arena.new_pod("big"), "5");
    arena.api.create(&objects::with(pod, &json!({ "spec": { "nodeSelector": { "disk": "ssd" } } })));
    // Up to 1.36 a pod without claims hears that it has none.
    let claims = if arena.minor() < 37 { "no new claims to deallocate, " } else { "" };
    let why: &str = &format!(
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. \
         {claims}preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    );
    assert_eq!(arena.until_unschedulable("big"), why);
    let scheduled = condition(&arena.get_pod("big").unwrap(), "PodScheduled").unwrap();
    assert_eq!((&scheduled["status"], &scheduled["reason"]), (&json!("False"), &json!("Unschedulable")));
    let event = arena.until_event("big", "FailedScheduling");
    assert_eq!((&event["note"], &event["type"]), (&json!(why), &json!("Warning")));
}

fn a_node_wakes_a_pending_pod_within_a_second(kind: Kind) {
    let arena = shared();
    arena.node("small", &json!({ "status": { "allocatable": { "cpu": "1" } } }));
    let _scheduler = arena.scheduler(kind);
    arena.api.create(&objects::asking(arena.new_pod("waits"), "2"));
    arena.until_unschedulable("waits");
    // Past the back-off of its first attempt, which both keep to.
    std::thread::sleep(Duration::from_millis(1100));
    arena.node("large", &json!({}));
    let start = Instant::now();
    assert_eq!(arena.until_bound("waits"), "large");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

fn a_pod_that_goes_makes_room_for_one_that_waits(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler(kind);
    arena.api.create(&objects::asking(arena.new_pod("first"), "3"));
    arena.until_bound("first");
    arena.api.create(&objects::asking(arena.new_pod("second"), "3"));
    arena.until_unschedulable("second");
    arena.api.delete(&arena.path("pods/first")).unwrap();
    assert_eq!(arena.until_bound("second"), "a");
}

fn a_gated_pod_waits_for_its_last_gate(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler(kind);
    let gates = json!({ "spec": { "schedulingGates": [{ "name": "x/one" }, { "name": "x/two" }] } });
    arena.pod("gated", &gates);
    arena.pod("free", &json!({}));
    arena.until_bound("free");
    let path = arena.path("pods/gated");
    arena.api.patch(&path, &json!({ "spec": { "schedulingGates": [{ "name": "x/two" }] } })).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let pod = arena.get_pod("gated").unwrap();
    assert_eq!(pod["spec"]["nodeName"], Value::Null);
    assert_eq!(condition(&pod, "PodScheduled").unwrap()["reason"], "SchedulingGated");
    arena.api.patch(&path, &json!({ "spec": { "schedulingGates": null } })).unwrap();
    assert_eq!(arena.until_bound("gated"), "a");
}

fn a_deleted_pod_is_forgotten(kind: Kind) {
    let arena = shared();
    let _scheduler = arena.scheduler(kind);
    arena.pod("gone", &json!({}));
    arena.until_unschedulable("gone");
    arena.api.delete(&arena.path("pods/gone")).unwrap();
    // The same name once more: another pod, that has to be seen as one.
    arena.pod("gone", &json!({ "spec": { "nodeSelector": { "kubernetes.io/hostname": "b" } } }));
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    assert_eq!(arena.until_bound("gone"), "b");
}

fn a_pod_of_another_scheduler_is_left_alone(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler(kind);
    arena.pod("other", &json!({ "spec": { "schedulerName": "somebody-else" } }));
    arena.pod("ours", &json!({}));
    arena.until_bound("ours");
    let other = arena.get_pod("other").unwrap();
    assert_eq!((&other["spec"]["nodeName"], condition(&other, "PodScheduled")), (&Value::Null, None));
}

fn a_cordoned_node_gets_nothing_until_it_is_uncordoned(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({ "spec": { "unschedulable": true } }));
    let _scheduler = arena.scheduler(kind);
    arena.pod("web", &json!({}));
    let why = arena.until_unschedulable("web");
    assert!(why.starts_with("0/1 nodes are available: 1 node(s) were unschedulable."), "{why}");
    arena.api.patch("/api/v1/nodes/a", &json!({ "spec": { "unschedulable": null } })).unwrap();
    assert_eq!(arena.until_bound("web"), "a");
}

fn per_node(pods: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for pod in pods {
        *counts.entry(pod["spec"]["nodeName"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn bound_pods_are_counted_before_the_first_decision() {
    let arena: Arena = shared();
    arena.node("a", &json!({}));
    arena.api.create(&objects::with(
        objects::asking(arena.new_pod("old"), "3"),
        &json!({ "spec": { "nodeName": "a" } }),
    ));
    arena.api.create(&objects::asking(arena.new_pod("new"), "2"));
    let _scheduler = arena.scheduler(Kind::Longshore);
    let why = arena.until_unschedulable("new");
    assert!(why.contains("1 Insufficient cpu"), "{why}");
}
