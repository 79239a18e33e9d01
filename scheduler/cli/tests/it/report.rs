//! `--detail`, `--price` and `-o html`.

use serde_json::{Value, json};

use crate::schema;
use crate::support::{run, run_with};

/// A node with 4 cores, on which a pod with 3 cores runs that has to make room for one with 2; a third pod fits nowhere.
const PREEMPTION: &str = "\
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/zone: a, type: small}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '10'}}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {topology.kubernetes.io/zone: a}}
spec: {unschedulable: true, taints: [{key: t, value: v, effect: NoExecute}]}
status: {allocatable: {cpu: '1', memory: 1Gi, pods: '10'}}
---
apiVersion: v1
kind: Node
metadata: {name: n3, labels: {topology.kubernetes.io/zone: b}}
status: {allocatable: {cpu: '1', memory: 1Gi, pods: '10'}}
---
apiVersion: v1
kind: Pod
metadata: {name: low}
spec:
  nodeName: n1
  priority: 1
  containers: [{name: c, image: i, resources: {requests: {cpu: '3', memory: 1Gi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: high}
spec:
  priority: 10
  containers: [{name: c, image: i, resources: {requests: {cpu: '2', memory: 2Gi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: large}
spec:
  priority: 5
  containers: [{name: c, image: i, resources: {requests: {cpu: '9'}}}]
";

fn detail() -> Value {
    let document = run_with(&["simulate", "-f", "-", "--detail", "-o", "json"], PREEMPTION).exits(0).json();
    schema::check("simulation", &document);
    document
}

#[test]
fn nodes_are_told_as_they_were_and_as_they_are() {
    let nodes = &detail()["nodes"];
    let share = |resource: &str, before: i64, requested: i64, allocatable: i64| json!({"resource": resource, "requested": requested, "before": before, "allocatable": allocatable});
    assert_eq!(
        nodes[0]["resources"],
        json!([share("cpu", 3000, 2000, 4000), share("memory", 1 << 30, 2 << 30, 8 << 30)])
    );
    assert_eq!(
        (&nodes[0]["podsBefore"], &nodes[0]["pods"], &nodes[0]["allowedPods"]),
        (&json!(1), &json!(1), &json!(10))
    );
    assert_eq!((&nodes[0]["movable"], &nodes[2]["movable"]), (&json!(1), &json!(0)));
    assert_eq!(nodes[0]["labels"]["type"], "small");
    assert_eq!((&nodes[1]["cordoned"], &nodes[1]["taints"]), (&json!(true), &json!(["t=v:NoExecute"])));
}

#[test]
fn steps_are_in_the_order_in_which_things_happened() {
    let high = json!({"cpu": 2000, "memory": 2_i64 << 30});
    assert_eq!(
        detail()["steps"],
        json!([
            {"pod": "default/low", "did": "Evicted", "node": "n1", "by": "default/high", "requests": {"cpu": 3000, "memory": 1 << 30}},
            {"pod": "default/high", "did": "Placed", "node": "n1", "requests": high},
            {"pod": "default/large", "did": "Pending", "requests": {"cpu": 9000}},
        ])
    );
}

#[test]
fn what_is_left_is_told_by_zone() {
    let capacity = &detail()["capacity"];
    assert_eq!(capacity.as_array().unwrap().len(), 2, "{capacity}");
    let groups = &capacity[1]["groups"];
    assert_eq!(capacity[1]["label"], "topology.kubernetes.io/zone");
    let values: Vec<&Value> = groups.as_array().unwrap().iter().map(|group| &group["value"]).collect();
    assert_eq!(values, ["a", "b"]);
    assert_eq!(
        (&groups[0]["nodes"], &groups[0]["cordoned"], &groups[0]["tainted"]),
        (&json!(2), &json!(1), &json!(1))
    );
    // 2 cores go with 2Gi: of the 6Gi that are free on n1, 4Gi are stranded.
    assert_eq!(
        groups[0]["resources"][1],
        json!({"resource": "memory", "allocatable": 9_i64 << 30, "requested": 2_i64 << 30, "free": 6_i64 << 30, "stranded": 4_i64 << 30})
    );
    assert_eq!(
        groups[0]["largest"][0],
        json!({"resource": "cpu", "node": "n1", "free": {"cpu": 2000, "memory": 6_i64 << 30}})
    );
}

#[test]
fn pending_pods_have_what_would_help() {
    let unplaced = &detail()["unplaced"];
    assert_eq!((&unplaced[0]["pods"], &unplaced[0]["tried"]), (&json!(["default/large"]), &json!(true)));
    let fixes = unplaced[0]["fixes"].as_array().unwrap();
    assert!(fixes.iter().any(|fix| fix["change"] == "lower cpu to 2 or less"), "{fixes:?}");
}

#[test]
fn a_plain_document_has_none_of_it() {
    let document = run_with(&["simulate", "-f", "-", "-o", "json"], PREEMPTION).exits(0).json();
    for field in ["nodes", "steps", "capacity", "unplaced"] {
        assert!(document.get(field).is_none(), "{field}");
    }
    run_with(&["simulate", "-f", "-", "--detail"], PREEMPTION).exits(0).warns(&["--detail shows only with"]);
}

const COMPARE: [&str; 5] = ["simulate", "-f", "examples/cluster", "--compare", "profiles/binpack.yaml"];

#[test]
fn each_run_of_a_comparison_has_it_too_and_a_cost() {
    let price = ["--price", "node.kubernetes.io/instance-type=m8:0.5", "--detail", "-o", "json"];
    let document = run(&[&COMPARE[..], &price].concat()).exits(0).json();
    schema::check("comparison", &document);
    for of in document["runs"].as_array().unwrap() {
        let in_use: Vec<&Value> =
            of["nodes"].as_array().unwrap().iter().filter(|node| node["movable"] != 0).collect();
        assert_eq!(of["nodesInUse"], in_use.len());
        let priced =
            in_use.iter().filter(|n| n["labels"]["node.kubernetes.io/instance-type"] == "m8").count();
        assert!(priced > 0 && priced < in_use.len());
        assert_eq!(of["cost"], json!({"total": 0.5 * priced as f64, "unpriced": in_use.len() - priced}));
    }
    run(&[&COMPARE[..], &price[..2]].concat()).exits(0).says(&["cost of nodes in use", "without a price"]);
    run(&["simulate", "-f", "examples/cluster", "--price", "a=b:1"]).exits(2).warns(&["--compare"]);
    run(&[&COMPARE[..], &["--price", "a=b"]].concat()).exits(2).warns(&["is no price"]);
}

#[test]
fn pages_are_made_of_all_three() {
    let explain = ["explain", "shop/recommender", "-f", "examples/cluster", "-f", "examples/workload"];
    for (args, kind) in
        [(&COMPARE[..3], "Simulation"), (&COMPARE[..], "Comparison"), (&explain[..], "Explanation")]
    {
        let page = run(&[args, &["-o", "html"]].concat()).exits(0).out;
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        assert!(page.contains(&format!("{{\"kind\":\"{kind}\"")), "{kind}");
    }
}
