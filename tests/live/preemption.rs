//! Priority, preemption and disruption budgets.

use std::time::Duration;

use longshore_tests::control_plane::{Arena, Kind, condition, objects, shared};
use serde_json::{Value, json};

both!(
    the_important_pod_goes_first,
    preemption_evicts_with_the_known_words,
    preemption_spares_a_disruption_budget,
    a_pod_that_never_preempts_waits,
);

fn classes(arena: &Arena) {
    arena.api.create(&objects::priority_class("low", 10));
    arena.api.create(&objects::priority_class("high", 1000));
    // The admission plugin that turns a class into a number reads it from its own cache.
    std::thread::sleep(Duration::from_millis(200));
}

/// A pod of `class` that fills three quarters of a node.
fn pod_of(arena: &Arena, name: &str, class: &str) -> Value {
    let pod = objects::asking(arena.new_pod(name), "3");
    objects::with(pod, &json!({ "spec": { "priorityClassName": class } }))
}

fn the_important_pod_goes_first(kind: Kind) {
    let arena = shared();
    classes(&arena);
    arena.api.create(&pod_of(&arena, "low", "low"));
    arena.api.create(&pod_of(&arena, "high", "high"));
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler(kind);
    assert_eq!(arena.until_bound("high"), "a");
    arena.until_unschedulable("low");
}

fn preemption_evicts_with_the_known_words(kind: Kind) {
    let arena = shared();
    classes(&arena);
    arena.node("a", &json!({}));
    let scheduler = arena.scheduler(kind);
    // A finalizer keeps the victim to be looked at after its end.
    let kept = json!({ "metadata": { "finalizers": ["longshore.dev/look"] } });
    arena.api.create(&objects::with(pod_of(&arena, "victim", "low"), &kept));
    arena.until_bound("victim");
    let uid =
        arena.api.create(&pod_of(&arena, "high", "high"))["metadata"]["uid"].as_str().unwrap().to_owned();
    let victim = arena.until("the victim to be deleted", "victim", || {
        arena.get_pod("victim").filter(|pod| pod["metadata"]["deletionTimestamp"].is_string())
    });
    let target = condition(&victim, "DisruptionTarget").unwrap();
    assert_eq!(target["reason"], "PreemptionByScheduler");
    assert_eq!(
        target["message"], "default-scheduler: preempting to accommodate a higher priority pod",
        "{target}"
    );
    let nominated = || arena.get_pod("high").filter(|pod| pod["status"]["nominatedNodeName"] == "a");
    arena.until("the preemptor to be nominated", "high", nominated);
    let event = arena.until_event("victim", "Preempted");
    assert_eq!(event["note"], format!("Preempted by pod {uid} on node a"));
    assert_eq!((&event["action"], &event["type"]), (&json!("Preempting"), &json!("Normal")));
    let release = json!({ "metadata": { "finalizers": null } });
    arena.api.patch(&arena.path("pods/victim"), &release).unwrap();
    assert_eq!(arena.until_bound("high"), "a");
    let attempts = scheduler.metrics().sum("scheduler_preemption_attempts_total", &[]);
    assert!(attempts >= 1.0, "{attempts}");
}

fn preemption_spares_a_disruption_budget(kind: Kind) {
    let arena = shared();
    classes(&arena);
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let _scheduler = arena.scheduler(kind);
    for name in ["guarded", "free"] {
        arena.api.create(&pod_of(&arena, name, "low"));
        arena.until_bound(name);
    }
    arena.api.create(&objects::pod_disruption_budget(&arena.namespace, "guard", "guarded", 1));
    let path = format!("/apis/policy/v1/namespaces/{}/poddisruptionbudgets/guard", arena.namespace);
    arena.until("the budget to be counted", "guarded", || {
        arena.api.get(&path).ok().filter(|budget| budget["status"]["currentHealthy"] == 1)
    });
    let freed = arena.node_of("free").unwrap();
    arena.api.create(&pod_of(&arena, "high", "high"));
    assert_eq!(arena.until_bound("high"), freed);
    assert!(arena.get_pod("free").is_none(), "the free one was evicted");
    assert!(arena.get_pod("guarded").is_some(), "the guarded one was not");
}

fn a_pod_that_never_preempts_waits(kind: Kind) {
    let arena = shared();
    classes(&arena);
    let polite =
        objects::with(objects::priority_class("polite", 1000), &json!({ "preemptionPolicy": "Never" }));
    arena.api.create(&polite);
    std::thread::sleep(Duration::from_millis(200));
    arena.node("a", &json!({}));
    let _scheduler = arena.scheduler(kind);
    arena.api.create(&pod_of(&arena, "low", "low"));
    arena.until_bound("low");
    arena.api.create(&pod_of(&arena, "polite", "polite"));
    let why = arena.until_unschedulable("polite");
    assert!(why.contains("not eligible due to preemptionPolicy=Never"), "{why}");
    assert!(arena.get_pod("low").unwrap()["metadata"]["deletionTimestamp"].is_null());
}
