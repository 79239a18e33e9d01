//! Preemption while the watch is behind.

use std::time::Duration;

use longshore_tests::control_plane::proxy::{Delay, Gateway};
use longshore_tests::control_plane::{Kind, SCHEDULER, SchedulerOptions, objects, shared, until};
use serde_json::{Value, json};

/// Each with one pod that fills most of it.
const NODES: usize = 300;
/// Each needs a node.
const PREEMPTORS: usize = 200;

fn name(pod: &Value) -> &str {
    pod["metadata"]["name"].as_str().unwrap_or_default()
}

#[test]
fn as_many_pods_are_evicted_as_have_to_be_though_events_come_late() {
    let arena = shared();
    arena.api.create(&objects::priority_class("low", 10));
    arena.api.create(&objects::priority_class("high", 1000));
    // The admission plugin that turns a class into a number reads it from its own cache.
    std::thread::sleep(Duration::from_millis(200));
    let pod = |name: String, class: &str| {
        let pod = objects::asking(arena.new_pod(&name), "3");
        objects::with(pod, &json!({ "spec": { "priorityClassName": class } }))
    };
    let node = |at: usize| format!("n{at:03}");
    arena.api.create_all((0..NODES).map(|at| objects::node(&node(at))));
    arena.api.create_all((0..NODES).map(|at| {
        objects::with(pod(format!("low-{at}"), "low"), &json!({ "spec": { "nodeName": node(at) } }))
    }));
    let gateway = Gateway::start(arena.plane);
    gateway.delay_watches(Delay::up_to(Duration::from_millis(400)));
    let options = SchedulerOptions::new(Kind::Longshore);
    let _scheduler =
        arena.scheduler_with(&options.kubeconfig(gateway.kubeconfig_file(arena.plane, SCHEDULER)));
    arena.api.create_all((0..PREEMPTORS).map(|at| pod(format!("high-{at}"), "high")));
    let pods = || arena.api.list(&arena.path("pods"));
    let bound = || {
        let pods = pods();
        let high = pods.iter().filter(|pod| name(pod).starts_with("high-"));
        high.filter(|pod| pod["spec"]["nodeName"].is_string()).count()
    };
    let limit = Duration::from_secs(120);
    let story = || format!("{} have a node", bound());
    until("every preemptor to have a node", limit, story, || (bound() == PREEMPTORS).then_some(()));
    let pods = pods();
    let low = pods.iter().filter(|pod| name(pod).starts_with("low-"));
    let left = low.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count();
    assert_eq!(NODES - left, PREEMPTORS, "evicted");
}
