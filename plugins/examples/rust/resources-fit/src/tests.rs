//! Verdicts and scores on small clusters.

use longshore_plugin::testing::{Cluster, Node, Run};
use longshore_plugin::{Plugin, Pod, PodInfo, Verdict};

use crate::{Config, ResourcesFit};

const GIB: i64 = 1 << 30;

fn holding(cpu: i64, memory: i64) -> PodInfo {
    Pod::new("default", "other").with_request("cpu", cpu).with_request("memory", memory).info
}

/// `idle` is empty, `busy` has 3 of 4 cores taken, `tiny` has one core, `full` takes no pod more.
fn cluster() -> Cluster {
    let node = |name: &str, cpu: i64| Node::new(name).allocatable("cpu", cpu).allocatable("memory", 8 * GIB);
    Cluster::new()
        .node(node("idle", 4000))
        .node(node("busy", 4000).pod(holding(3000, 6 * GIB)))
        .node(node("tiny", 1000))
        .node(node("full", 4000).allocatable("pods", 1).pod(holding(100, GIB)))
}

fn run() -> Run<ResourcesFit> {
    Run::new(ResourcesFit::new(Config::default()).unwrap(), &cluster())
}

#[test]
fn nodes_without_room_are_rejected_with_every_reason_and_for_good_when_too_small() {
    let pod = Pod::new("default", "web").with_request("cpu", 2000).with_request("memory", 3 * GIB);
    let verdicts = run().filter(&pod);
    assert_eq!(verdicts["idle"], Verdict::Fit);
    assert_eq!(verdicts["busy"], Verdict::unschedulable("Insufficient cpu\nInsufficient memory"));
    assert_eq!(verdicts["tiny"], Verdict::unresolvable("Insufficient cpu"));
    assert_eq!(verdicts["full"], Verdict::unschedulable("Too many pods"));
}

#[test]
fn a_node_is_judged_as_it_would_be_and_then_as_it_is() {
    let pod = Pod::new("default", "web").with_request("cpu", 2000);
    let node = |name: &str| Node::new(name).allocatable("cpu", 4000);
    let emptied = Cluster::new().node(node("idle")).node(node("busy"));
    let mut run = run();
    assert_eq!(run.filter_supposed(&pod, "busy", &emptied), Verdict::Fit);
    assert_eq!(run.filter(&pod)["busy"], Verdict::unschedulable("Insufficient cpu"));
}

#[test]
fn a_resource_that_no_node_offers_is_missing_everywhere() {
    let verdicts = run().filter(&Pod::new("default", "web").with_request("nvidia.com/gpu", 1));
    assert_eq!(verdicts["idle"], Verdict::unresolvable("Insufficient nvidia.com/gpu"));
}

#[test]
fn the_emptier_node_scores_more() {
    let pod = Pod::new("default", "web").with_request("cpu", 1000).with_request("memory", 2 * GIB);
    let scores = run().score(&pod);
    // (75 + 75) / 2, (0 + 0) / 2, (0 + 75) / 2, (72 + 62) / 2.
    assert_eq!([scores["idle"], scores["busy"], scores["tiny"], scores["full"]], [75, 0, 37, 67]);
}

#[test]
fn weights_out_of_range_and_unknown_resources_are_refused() {
    let refused = |config: &str| Run::<ResourcesFit>::configured(config, &Cluster::new()).err().unwrap();
    assert!(refused(r#"{"resources": [{"name": "cpu", "weight": 0}]}"#).message().contains("weight of cpu"));
    assert!(refused(r#"{"resources": [{"name": "tea"}]}"#).message().contains("tea"));
}
