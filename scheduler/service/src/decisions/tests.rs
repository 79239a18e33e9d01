//! The ring, and what an entry says.

use std::sync::Arc;

use longshore_engine::{Engine, Options, TieBreak};
use longshore_framework::features::Features;
use longshore_framework::fixture::{node, pod};
use longshore_framework::group::{GroupTopology, OwnGroup};
use longshore_framework::port::Input;
use serde_json::{Value, json};

use super::*;

fn engine(trace: bool) -> Engine {
    engine_with(trace, 0)
}

fn engine_with(trace: bool, described_nodes: usize) -> Engine {
    let profiles = longshore_simulation::default_profiles(Features::default()).unwrap();
    let options = Options {
        trace,
        described_nodes,
        tie_break: TieBreak::First,
        adopt_all: true,
        example_nodes: Some(2),
        ..Options::default()
    };
    let mut engine = Engine::new(profiles, options);
    for name in ["a", "b", "c"] {
        engine.apply(Input::Node(node(name).allocatable("cpu", "2").build()));
    }
    engine
}

/// What the ring says of a pod with this cpu request.
fn decided(cpu: &str, trace: bool) -> Value {
    let mut engine = engine(trace);
    engine.apply(Input::Pod(pod("p").request("cpu", cpu).build()));
    let mut ring = Decisions::new(Limits::default(), None);
    ring.add(&engine.step().unwrap(), Timestamp(1_767_225_600_250));
    serde_json::to_value(ring.document("default", "p").unwrap()).unwrap()
}

#[test]
fn a_success_is_names_and_numbers() {
    let want = json!({
        "apiVersion": "longshore.dev/v1alpha1",
        "kind": "DecisionList",
        "pod": "default/p",
        "decisions": [{
            "uid": "default/p", "time": "2026-01-01T00:00:00.25Z", "attempt": 1, "profile": "default-scheduler",
            "status": "Scheduled", "node": "a", "evaluated": 3, "feasible": 3, "tied": 3, "scoresFrom": "NotKept",
        }],
    });
    assert_eq!(decided("1", false), want);
}

#[test]
fn a_failure_says_which_plugin_rejected_how_many_nodes_and_names_some() {
    let list = decided("3", false);
    let decision = &list["decisions"][0];
    assert_eq!(decision["status"], "Unschedulable");
    assert!(
        decision["message"].as_str().unwrap().starts_with("0/3 nodes are available: 3 Insufficient cpu.")
    );
    let want = json!([{
        "plugin": "NodeResourcesFit", "code": "UnschedulableAndUnresolvable", "reasons": ["Insufficient cpu"],
        "count": 3, "nodes": ["a", "b"],
    }]);
    assert_eq!(decision["filters"], want);
}

#[test]
fn scores_are_there_while_the_engine_traces() {
    let list = decided("1", true);
    let scores = list["decisions"][0]["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 3);
    assert_eq!((&scores[0]["node"], &scores[0]["chosen"]), (&json!("a"), &json!(true)));
}

/// A pod that has to take the place of others on `a` or `b`, where it costs less.
#[test]
fn a_preemption_says_what_it_weighed() {
    let mut engine = engine(false);
    for (name, node, priority) in [("x", "a", 5), ("y", "b", 7), ("z", "c", 5)] {
        engine.apply(Input::Pod(pod(name).request("cpu", "2").priority(priority).on(node).build()));
    }
    engine.apply(Input::Pod(pod("p").request("cpu", "1").priority(10).build()));
    let mut ring = Decisions::new(Limits::default(), None);
    ring.add(&engine.step().unwrap(), Timestamp(0));
    let list = serde_json::to_value(ring.document("default", "p").unwrap()).unwrap();
    let decision = &list["decisions"][0];
    assert_eq!(decision["status"], "Preempting");
    let preemption = &decision["preemption"];
    assert_eq!(preemption["node"], decision["node"]);
    assert_eq!(
        (&preemption["decidedBy"], &preemption["equal"]),
        (&json!("LowestHighestPriority"), &json!(2))
    );
    let nodes: Vec<&Value> =
        preemption["candidates"].as_array().unwrap().iter().map(|c| &c["node"]).collect();
    assert_eq!((nodes[0], nodes[2]), (&decision["node"], &json!("b")));
    let worst = &preemption["candidates"][2];
    assert_eq!((&worst["count"], &worst["highestPriority"]), (&json!(1), &json!(7)));
    assert_eq!(worst["victims"], json!(["default/y"]));
}

#[test]
fn the_best_nodes_are_kept_with_what_each_plugin_gave_them() {
    let mut engine = engine_with(false, 2);
    engine.apply(Input::Pod(pod("there").request("cpu", "1").on("a").build()));
    let mut ring = Decisions::new(Limits::default(), None);
    for (name, from) in [("p", "Decision"), ("q", "SameMoment")] {
        engine.apply(Input::Pod(pod(name).request("cpu", "100m").build()));
        ring.add(&engine.step().unwrap(), Timestamp(0));
        let list = serde_json::to_value(ring.document("default", name).unwrap()).unwrap();
        let decision = &list["decisions"][0];
        assert_eq!(decision["scoresFrom"], from, "{name}");
        let best = &decision["scores"][0];
        assert_eq!((&best["node"], &best["chosen"]), (&decision["node"], &json!(true)));
        let sum = |n: &Value| {
            let scores = n["scores"].as_array().unwrap();
            scores.iter().map(|s| s["score"].as_i64().unwrap() * s["weight"].as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(best["total"], sum(best));
        assert_eq!(decision["scores"].as_array().unwrap().len(), 2);
        assert!(best["scores"].as_array().unwrap().iter().any(|s| s["plugin"] == "NodeResourcesFit"));
    }
    assert!(ring.names.len() < 12, "{:?}", ring.names);
}

fn decision(name: &str, message: usize) -> Decision {
    let mut engine = engine(false);
    engine.apply(Input::Pod(pod(name).build()));
    let mut decision = Decision::of(&engine.step().unwrap(), Timestamp(0), 0);
    decision.message = Some("x".repeat(message).into());
    decision
}

/// Names of the pods that a ring with these limits still knows after taking in these.
#[track_caller]
fn check(limits: Limits, pods: &[(&str, usize)], known: &[(&str, usize)], dropped: u64) {
    let counter = IntCounter::new("dropped", "dropped").unwrap();
    let mut ring = Decisions::new(limits, Some(counter.clone()));
    for (name, message) in pods {
        ring.push(decision(name, *message));
    }
    for (name, attempts) in known {
        assert_eq!(ring.for_pod("default", name).len(), *attempts, "{name}");
        assert_eq!(ring.document("default", name).is_some(), *attempts > 0, "{name}");
    }
    assert_eq!((ring.dropped(), counter.get()), (dropped, dropped));
    assert_eq!(ring.len() as u64 + dropped, pods.len() as u64);
    assert_eq!(ring.bytes, ring.entries.iter().map(|e| e.bytes).sum::<usize>());
    assert!(ring.newest.len() <= ring.len());
}

#[test]
fn the_oldest_make_room_by_number_and_by_size() {
    let pods = [("p", 0), ("q", 0), ("p", 0), ("r", 0)];
    let limits = Limits { count: 3, ..Limits::default() };
    check(limits, &pods, &[("p", 1), ("q", 1), ("r", 1), ("s", 0)], 1);
    check(Limits { count: 2, ..limits }, &pods, &[("p", 1), ("q", 0), ("r", 1)], 2);
    check(Limits::default(), &pods, &[("p", 2), ("q", 1), ("r", 1)], 0);
    let small = Limits { bytes: 10_000, ..Limits::default() };
    check(small, &[("p", 6_000), ("q", 6_000)], &[("p", 0), ("q", 1)], 1);
    // One that is larger than the ring is kept alone.
    check(small, &[("p", 20_000)], &[("p", 1)], 0);
    check(Limits { count: 0, ..limits }, &[("p", 0)], &[("p", 1)], 0);
}

#[test]
fn a_pod_shows_its_newest_attempts_first_and_not_too_many() {
    let mut ring = Decisions::new(Limits { per_pod: 2, ..Limits::default() }, None);
    for attempt in 1..=4 {
        ring.push(Decision { attempt, ..decision("p", 0) });
    }
    let attempts: Vec<u32> = ring.for_pod("default", "p").iter().map(|d| d.attempt).collect();
    assert_eq!(attempts, [4, 3]);
    assert!(ring.for_pod("other", "p").is_empty());
    assert_eq!(ring.newest(&"default".into(), &"p".into()).map(|d| d.attempt), Some(4));
}

#[test]
fn a_pod_of_a_group_says_what_came_of_the_group() {
    let mut engine = engine(false);
    let own = OwnGroup {
        topology: GroupTopology { preferred: Vec::new(), required: Some("kubernetes.io/hostname".into()) },
        ..OwnGroup::new("g", Some(3))
    };
    let own = Arc::new(own);
    for name in ["p", "q", "r"] {
        let new = pod(name).request("cpu", "1").meta(|meta| meta.own_group = Some(Arc::clone(&own)));
        engine.apply(Input::Pod(new.build()));
    }
    let mut ring = Decisions::new(Limits::default(), None);
    for attempt in engine.step().unwrap().into_each() {
        ring.add(&attempt, Timestamp(1_767_225_600_250));
    }
    let list = serde_json::to_value(ring.document("default", "q").unwrap()).unwrap();
    let mut group = list["decisions"][0]["group"].clone();
    let message = group["message"].as_str().unwrap();
    assert!(message.ends_with("; the nearest kubernetes.io/hostname is a with 2 of 3"), "{message}");
    group["message"] = Value::Null;
    let domain = |name: &str| json!({"key": "kubernetes.io/hostname", "name": name, "nodes": 1, "fit": 2});
    let want = json!({
        "name": "default/g", "outcome": "Unschedulable", "minCount": 3, "pods": 3, "fit": 2, "message": null,
        "domains": [domain("a"), domain("b"), domain("c")],
    });
    assert_eq!(group, want);
}
