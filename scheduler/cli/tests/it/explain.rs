//! `longshore explain`, on the example cluster.

use serde_json::json;

use crate::support::{NODE, pod, run, run_with};

fn explain(pod: &str, more: &[&str]) -> crate::support::Ran {
    let mut args = vec!["explain", pod, "-f", "examples/cluster", "-f", "examples/workload"];
    args.extend(more);
    run(&args)
}

#[test]
fn a_pod_that_fits_nowhere_and_what_would_help() {
    explain("recommender", &[]).exits(0).says(&[
        "shop/recommender fits nowhere.\n  0/12 nodes are available:",
        "NodeAffinity            8   no use     node(s) didn't match Pod's node affinity/selector",
        "tolerate the taint nvidia.com/gpu=present:NoSchedule: gpu-a1, gpu-c1",
        "drop nodeSelector example.com/pool=gpu: ",
        "taint nvidia.com/gpu=present:NoSchedule is not tolerated",
    ]);
    let json = explain("recommender", &["-o", "json", "--top", "1"]).exits(0).json();
    assert_eq!(json["status"], "Unschedulable");
    assert_eq!(json["feasible"], 0);
    assert_eq!(
        json["nearest"],
        json!([{"nodes": ["gpu-a1", "gpu-c1"], "problems": ["taint nvidia.com/gpu=present:NoSchedule is not tolerated"]}])
    );
}

#[test]
fn a_pod_that_is_placed_with_its_scores() {
    let ran =
        explain("orders-1", &[]).exits(0).says(&["data/orders-1 goes to ", "TOTAL", "NodeResourcesFit"]);
    assert!(!ran.out.contains("What would help"), "{}", ran.out);
    let json = explain("orders-1", &["-o", "json"]).exits(0).json();
    assert_eq!(json["status"], "Scheduled");
    let best = &json["scores"][0];
    assert_eq!((&best["chosen"], &best["node"]), (&json!(true), &json["node"]));
    let weighted = best["scores"].as_array().unwrap().iter();
    let total: i64 = weighted.map(|s| s["score"].as_i64().unwrap() * s["weight"].as_i64().unwrap()).sum();
    assert_eq!(best["total"], total);
}

#[test]
fn the_explanation_agrees_with_the_simulation() {
    let args = ["simulate", "-f", "examples/cluster", "-f", "examples/workload", "-o", "json"];
    let simulated = run(&args).exits(0).json();
    for placement in simulated["placements"].as_array().unwrap().iter().step_by(7) {
        let json = explain(placement["pod"].as_str().unwrap(), &["-o", "json"]).exits(0).json();
        assert_eq!(json["node"], placement["node"], "{placement}");
    }
    for pending in simulated["pending"].as_array().unwrap() {
        let json = explain(pending["pod"].as_str().unwrap(), &["-o", "json"]).exits(0).json();
        assert_eq!(json["message"], pending["message"], "{pending}");
    }
}

#[test]
fn a_pod_that_preempts_with_its_victims() {
    explain("checkout", &[]).exits(0).says(&[
        "once others have made room.",
        "these have to go: batch/report-",
        "1 protected by a PodDisruptionBudget",
    ]);
    let json = explain("checkout", &["-o", "json"]).exits(0).json();
    assert_eq!(json["status"], "Preempting");
    assert_eq!(json["preemption"]["node"], json["node"]);
    assert_eq!(json["preemption"]["candidates"].as_array().unwrap().len(), 6);
}

#[test]
fn running_and_gated_pods() {
    explain("search-0", &[]).exits(0).says(&["shop/search-0 runs on general-a1."]);
    explain("migration", &["-n", "data"])
        .exits(0)
        .says(&["data/migration is gated.", "example.com/backup-done"]);
}

#[test]
fn a_running_pod_as_if_it_waited() {
    explain("search-0", &["--as-pending"]).exits(0).says(&[
        "shop/search-0 goes to ",
        "It runs on general-a1. This is where it would go if it were not there and waited now.",
        "TOTAL",
    ]);
    let json = explain("search-0", &["--as-pending", "-o", "json"]).exits(0).json();
    assert_eq!((&json["status"], &json["decidedBefore"]), (&json!("Scheduled"), &json!(0)));
    // Its own request does not stand in its way.
    let input = format!("{NODE}{}", pod("only", "3").replace("spec:", "spec:\n  nodeName: n1"));
    let args = ["explain", "only", "-f", "-", "--as-pending", "-o", "json"];
    assert_eq!(run_with(&args, &input).exits(0).json()["node"], "n1");
}

#[test]
fn pods_of_a_workload_with_the_same_answer_are_told_once() {
    let deployment = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n  \
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, resources: {requests: {cpu: 9}}}]}}\n";
    let input = format!("{NODE}{deployment}{}", pod("other", "1"));
    let explain = |words: &[&str], more: &[&str]| {
        run_with(&[&["explain"], words, &["-f", "-"], more].concat(), &input).exits(0)
    };
    explain(&["deployment/web"], &[]).says(&["3 pods have the same answer", "fits nowhere."]);
    let json = explain(&["deploy", "web"], &["-o", "json"]).json();
    assert_eq!(json["alike"].as_array().unwrap().len(), 2, "{json}");
    let list = explain(&["deploy/web", "other"], &["-o", "json"]).json();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&json!("List"), 2));
    assert_eq!(list["items"][1]["pod"], "default/other");
    run_with(&["explain", "sts/web", "-f", "-"], &input).exits(1).warns(&["statefulset/web has no pods"]);
}

#[test]
fn an_unknown_pod_is_an_error_with_the_nearest_names() {
    let ran = explain("chekout", &[])
        .exits(1)
        .warns(&["error: there is no pod chekout; did you mean shop/checkout"]);
    assert!(ran.out.is_empty());
    explain("checkout", &["-n", "data"])
        .exits(1)
        .warns(&["there is no pod data/checkout; did you mean shop/checkout"]);
    run(&["explain", "-f", "examples/cluster"]).exits(2);
}

#[test]
fn now_leaves_the_pods_before_it_out() {
    let input = format!("{NODE}{}{}", pod("first", "3"), pod("second", "2"));
    let json = |more: &[&str]| {
        let mut args = vec!["explain", "second", "-f", "-", "-o", "json"];
        args.extend(more);
        run_with(&args, &input).exits(0).json()
    };
    let (turn, now) = (json(&[]), json(&["--now"]));
    assert_eq!((&turn["status"], &turn["decidedBefore"]), (&json!("Unschedulable"), &json!(1)));
    assert_eq!(turn["nearest"], json!([{"nodes": ["n1"], "problems": ["short of 1 cpu"]}]));
    assert_eq!(
        turn["relaxations"],
        json!([
            {"change": "lower cpu to 1 or less", "of": "Pod", "nodes": 1, "on": ["n1"]},
            {"change": "add a node like n1", "of": "Cluster", "nodes": 1, "on": []},
        ])
    );
    assert_eq!(
        (&now["status"], &now["decidedBefore"], &now["node"]),
        (&json!("Scheduled"), &json!(0), &json!("n1"))
    );
}
