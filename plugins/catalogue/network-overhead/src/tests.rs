use longshore_plugin::testing::{Cluster, Node as Made, Run};
use serde_json::json;

use super::*;

const GROUP: &str = "appgroup.diktyo.x-k8s.io";
const WORKLOAD: &str = "appgroup.diktyo.x-k8s.io.workload";

fn of(workload: &str, name: &str) -> Pod {
    Pod::new("default", name).with_label(GROUP, "shop").with_label(WORKLOAD, workload)
}

fn group() -> Value {
    let web = json!({"workload": {"selector": "web"}, "dependencies": [
        {"workload": {"selector": "db"}, "maxNetworkCost": 10},
    ]});
    let metadata = json!({"namespace": "default", "name": "shop"});
    json!({"metadata": metadata, "spec": {"workloads": [web, {"workload": {"selector": "db"}}]}})
}

/// From zone `z1` it costs 5 to `z2`, from region `r1` 50 to `r2`.
fn topology() -> Value {
    let origin = |from: &str, to: &str, cost: i64| json!([{"origin": from, "costList": [{"destination": to, "networkCost": cost}]}]);
    let list = json!([
        {"topologyKey": "topology.kubernetes.io/zone", "originList": origin("z2", "z1", 5)},
        {"topologyKey": "topology.kubernetes.io/region", "originList": origin("r2", "r1", 50)},
    ]);
    let metadata = json!({"namespace": "default", "name": "nt-default"});
    json!({"metadata": metadata, "spec": {"weights": [{"name": "UserDefined", "topologyList": list}]}})
}

fn cluster() -> Cluster {
    let node = |name: &str, region: &str, zone: &str| {
        Made::new(name)
            .label("topology.kubernetes.io/region", region)
            .label("topology.kubernetes.io/zone", zone)
    };
    Cluster::new()
        .node(node("same", "r1", "z1").pod(of("db", "db").info))
        .node(node("zone", "r1", "z1"))
        .node(node("region", "r1", "z2"))
        .node(node("far", "r2", "z3"))
        .node(node("unknown", "r3", "z4"))
        .node(Made::new("bare"))
}

fn run(cluster: &Cluster) -> Run<NetworkOverhead> {
    Run::configured("null", cluster).unwrap()
}

#[test]
fn what_lies_between_decides() {
    let mut run = run(&cluster().object(GROUPS, group()).object(TOPOLOGIES, topology()));
    let web = of("web", "web");
    assert_eq!(run.pre_filter(&web).unwrap(), PreFilterOutcome::All(Vec::new()));
    let verdicts = run.filter(&web);
    let no = "Node far does not meet several network requirements from Workload dependencies: Satisfied: 0 Violated: 1";
    assert_eq!(verdicts["far"], Verdict::unschedulable(no));
    assert_eq!(verdicts.values().filter(|verdict| verdict.fits()).count(), 5);
    let scores = run.score(&web);
    let costs = ["same", "zone", "region", "far", "unknown", "bare"].map(|name| scores[name]);
    assert_eq!(costs, [0, 1, 5, 50, 100, 100]);
    assert_eq!(run.normalized(&web).unwrap()["region"], 95);
}

#[test]
fn a_pod_that_depends_on_nothing_may_be_anywhere() {
    let mut run = run(&cluster().object(GROUPS, group()).object(TOPOLOGIES, topology()));
    for pod in [of("db", "db"), of("other", "x"), Pod::new("default", "alone")] {
        assert!(run.filter(&pod).values().all(Verdict::fits), "{}", pod.name);
        assert!(run.normalized(&pod).unwrap().values().all(|score| *score == 0), "{}", pod.name);
    }
}

#[test]
fn what_is_missing_is_named() {
    let check = |cluster: Cluster, want: &'static str| {
        let outcome = run(&cluster).pre_filter(&of("web", "web")).unwrap();
        assert_eq!(outcome, PreFilterOutcome::Reject(Reject::unresolvable(want)));
    };
    check(cluster(), "AppGroup shop is in none of the namespaces default");
    check(
        cluster().object(GROUPS, group()),
        "NetworkTopology nt-default is in none of the namespaces default",
    );
}
