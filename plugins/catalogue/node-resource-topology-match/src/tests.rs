use longshore_plugin::testing::{Cluster, Node as Made, Run, set_pods, set_raw_pods};
use serde_json::json;

use super::*;

/// A NUMA node with so many cores, GiB and gpus.
fn zone(id: usize, cpu: &str, memory: i64, gpus: Option<i64>) -> Value {
    let mut resources = vec![
        json!({"name": "cpu", "available": cpu}),
        json!({"name": "memory", "available": format!("{memory}Gi")}),
    ];
    resources.extend(gpus.map(|gpus| json!({"name": "vendor.com/gpu", "available": gpus.to_string()})));
    let costs = json!([{"name": format!("node-{id}"), "value": 10}, {"name": format!("node-{}", id ^ 1), "value": 20}]);
    json!({"name": format!("node-{id}"), "type": "Node", "resources": resources, "costs": costs})
}

fn topology(name: &str, policy: &str, scope: &str, zones: &[Value]) -> Value {
    let attributes = json!([{"name": "topologyManagerPolicy", "value": policy}, {"name": "topologyManagerScope", "value": scope}]);
    json!({"metadata": {"name": name}, "attributes": attributes, "zones": zones})
}

fn cluster(topologies: &[Value]) -> Cluster {
    let with = |cluster: Cluster, topology: &Value| {
        let name = topology["metadata"]["name"].as_str().unwrap_or_default();
        cluster.node(Made::new(name)).object(TOPOLOGIES, topology)
    };
    topologies.iter().fold(Cluster::new(), with)
}

/// A pod of containers with so many cores and GiB each, Guaranteed or not.
fn pod(name: &str, containers: &[(&str, i64)], guaranteed: bool) -> Pod {
    let container = |(cpu, memory): &(&str, i64)| {
        let amounts = json!({"cpu": cpu, "memory": format!("{memory}Gi")});
        let limits = if guaranteed { amounts.clone() } else { json!({}) };
        json!({"resources": {"requests": amounts, "limits": limits}})
    };
    let containers: Vec<Value> = containers.iter().map(container).collect();
    let mut pod = Pod::new("shop", name);
    pod.raw = Some(json!({"spec": {"containers": containers}}).to_string().into_bytes());
    pod
}

fn run(config: &str, topologies: &[Value]) -> Run<TopologyMatch> {
    Run::configured(config, &cluster(topologies)).unwrap()
}

#[track_caller]
fn filtered(pod: &Pod, topology: Value, want: Option<&'static str>) {
    let found = run("null", &[topology]).filter(pod).into_values().next().unwrap();
    assert_eq!(found, want.map_or(Verdict::Fit, Verdict::unschedulable));
}

const SINGLE: &str = "single-numa-node";

#[test]
fn a_pod_fits_where_one_numa_node_has_everything() {
    let zones = [zone(0, "2", 8, None), zone(1, "4", 2, None)];
    let of = |scope| topology("a", SINGLE, scope, &zones);
    filtered(&pod("p", &[("2", 4)], true), of("pod"), None);
    filtered(&pod("p", &[("3", 4)], true), of("pod"), Some("cannot align pod"));
    filtered(&pod("p", &[("3", 4)], false), of("pod"), None);
    filtered(&pod("p", &[("2", 4), ("4", 2)], true), of("container"), None);
    filtered(
        &pod("p", &[("2", 1), ("2", 1), ("3", 1)], true),
        of("container"),
        Some("cannot align container"),
    );
    filtered(&pod("p", &[("2", 4), ("4", 2)], true), of("pod"), Some("cannot align pod"));
    filtered(&pod("p", &[("9", 9)], true), topology("a", "restricted", "pod", &zones), None);
}

#[test]
fn extended_resources_count_for_every_pod_and_may_be_the_nodes() {
    let mut gpu = pod("p", &[("1", 1)], false);
    let json = json!({"spec": {"containers": [{"resources": {"requests": {"vendor.com/gpu": "2"}}}]}});
    gpu.raw = Some(json.to_string().into_bytes());
    let of = |gpus| topology("a", SINGLE, "pod", &[zone(0, "2", 8, gpus), zone(1, "2", 8, gpus)]);
    filtered(&gpu, of(Some(1)), Some("cannot align pod"));
    filtered(&gpu, of(Some(2)), None);
    filtered(&gpu, of(None), None);
}

#[track_caller]
fn scored(strategy: &str, pod: &Pod, topology: Value, want: i64) {
    let config = json!({"scoringStrategy": {"type": strategy}}).to_string();
    assert_eq!(run(&config, &[topology]).score(pod)["a"], want, "{strategy}");
}

#[test]
fn zones_are_scored_by_the_strategy() {
    let zones = [zone(0, "4", 8, None), zone(1, "8", 8, None)];
    let of = |scope| topology("a", SINGLE, scope, &zones);
    let one = pod("p", &[("1500m", 4)], true);
    // Two cores of four and of eight; half of the memory.
    scored("LeastAllocated", &one, of("pod"), 50);
    scored("MostAllocated", &one, of("pod"), 37);
    scored("BalancedAllocation", &one, of("pod"), 96);
    let two = pod("p", &[("4", 4), ("8", 4)], true);
    scored("MostAllocated", &two, of("container"), (50 + 25) / 2);
    scored("LeastAllocated", &two, of("container"), (25 + 25) / 2);
    scored("LeastAllocated", &pod("p", &[("1", 1)], false), of("pod"), 100);
    scored("LeastAllocated", &one, topology("a", "none", "pod", &zones), 0);
}

#[test]
fn the_fewest_and_nearest_numa_nodes_are_best() {
    let zones = [zone(0, "4", 8, None), zone(1, "4", 8, None), zone(2, "4", 8, None)];
    let of = |scope| topology("a", "none", scope, &zones);
    scored("LeastNUMANodes", &pod("p", &[("4", 8)], true), of("pod"), 94);
    scored("LeastNUMANodes", &pod("p", &[("8", 8)], true), of("pod"), 82);
    scored("LeastNUMANodes", &pod("p", &[("12", 8)], true), of("pod"), 70);
    scored("LeastNUMANodes", &pod("p", &[("13", 8)], true), of("pod"), 0);
    scored("LeastNUMANodes", &pod("p", &[("4", 8), ("4", 8), ("4", 8)], true), of("container"), 94);
    // The second has to do with nodes 1 and 2, which are further apart than 0 and 1.
    scored("LeastNUMANodes", &pod("p", &[("4", 8), ("8", 8)], true), of("container"), 76);
}

#[test]
fn ids_with_holes_are_named() {
    let holes = topology("a", SINGLE, "pod", &[zone(0, "4", 8, None), zone(2, "4", 8, None)]);
    let want = "NodeResourceTopology a has NUMA ids that are not 0 to 1";
    filtered(&pod("p", &[("1", 1)], true), holes.clone(), Some(want));
    filtered(&pod("p", &[("1", 1)], false), holes.clone(), None);
    scored("LeastNUMANodes", &pod("p", &[("1", 1)], true), holes, 94);
}

#[test]
fn pods_count_in_every_numa_node_until_the_object_knows_of_them() {
    let config = r#"{"cacheResyncPeriodSeconds": 5}"#;
    let mut object = topology("a", SINGLE, "pod", &[zone(0, "4", 8, None), zone(1, "4", 8, None)]);
    let mut run = run(config, &[object.clone()]);
    let (first, second) = (pod("first", &[("3", 1)], true), pod("second", &[("2", 1)], true));
    assert_eq!(run.reserve(&first, "a").unwrap(), Verdict::Fit);
    let no = Verdict::unschedulable("cannot align pod");
    assert_eq!(run.filter(&second)["a"], no);

    let mut info = first.info.clone();
    info.node = Some("a".into());
    set_pods(vec![info]);
    set_raw_pods(vec![(first.uid.clone(), json!({"status": {"phase": "Running"}}).to_string())]);
    run.tick().unwrap();
    assert_eq!(run.filter(&second)["a"], no, "the object has no fingerprint");
    let print = fingerprint::fingerprint([("shop", "first")].into_iter());
    let attributes = object["attributes"].as_array_mut().unwrap();
    attributes.push(json!({"name": "nodeTopologyPodsFingerprint", "value": print}));
    run.change(&cluster(&[object]));
    assert_eq!(run.filter(&second)["a"], no, "not looked at yet");
    run.tick().unwrap();
    assert_eq!(run.filter(&second)["a"], Verdict::Fit);
}

#[test]
fn a_pod_on_its_way_keeps_others_away_when_asked_to() {
    let object = topology("a", SINGLE, "pod", &[zone(0, "4", 8, None)]);
    let mut run = run(r#"{"discardReservedNodes": true}"#, &[object]);
    let (first, second) = (pod("first", &[("1", 1)], true), pod("second", &[("1", 1)], true));
    run.reserve(&first, "a").unwrap();
    assert_eq!(run.filter(&second)["a"], Verdict::unschedulable(INVALID));
    assert_eq!(run.score(&second)["a"], 0);
    run.post_bind(&first, "a");
    assert_eq!(run.filter(&second)["a"], Verdict::Fit);
    run.reserve(&first, "a").unwrap();
    run.unreserve(&first, "a");
    assert_eq!(run.filter(&second)["a"], Verdict::Fit);
}
