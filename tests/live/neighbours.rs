//! Two schedulers on one cluster.

use std::collections::BTreeMap;

use longshore_tests::control_plane::{
    ADMIN, ControlPlane, Kind, LONG, Options, Scheduler, SchedulerOptions, alone, binaries, objects, until,
};
use serde_json::{Value, json};

const NODES: usize = 1000;
const PODS: usize = 4000;

#[test]
fn longshore_and_kube_scheduler_share_a_cluster_of_1000_nodes() {
    if !binaries::have("kube-scheduler") {
        return;
    }
    let _turn = alone();
    let plane = ControlPlane::start(&Options::default());
    let api = plane.api(ADMIN);
    api.create_all((0..NODES).map(|n| objects::node(&format!("node-{n}"))));
    let _theirs = Scheduler::start(&plane, &SchedulerOptions::new(Kind::KubeScheduler));
    let profiles = json!({ "profiles": [{ "schedulerName": "longshore" }] });
    let ours = Scheduler::start(&plane, &SchedulerOptions::new(Kind::Longshore).config(&profiles));
    // Together they fill half of the cluster.
    api.create_all((0..PODS).map(|n| {
        let pod = objects::asking(objects::pod("default", &format!("pod-{n}")), "500m");
        let scheduler = if n % 2 == 0 { "default-scheduler" } else { "longshore" };
        objects::with(pod, &json!({ "spec": { "schedulerName": scheduler } }))
    }));
    let unbound = "/api/v1/pods?limit=1&fieldSelector=spec.nodeName=";
    let story = || {
        let pods = api.list("/api/v1/pods?fieldSelector=spec.nodeName=");
        let (theirs, left): (Vec<_>, Vec<_>) =
            pods.iter().partition(|pod| pod["spec"]["schedulerName"] == "default-scheduler");
        let wanted = ["scheduler_schedule_attempts_total", "scheduler_pending_pods"];
        let samples =
            ours.metrics().samples.into_iter().filter(|sample| wanted.contains(&sample.name.as_str()));
        let first = left.first().map_or_else(String::new, |pod| pod["status"].to_string());
        format!(
            "left: {} of theirs, {} of ours, {first}\n{:#?}",
            theirs.len(),
            left.len(),
            samples.collect::<Vec<_>>()
        )
    };
    until("every pod to be bound", LONG, story, || api.list(unbound).is_empty().then_some(()));
    let mut used: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for pod in api.list("/api/v1/pods") {
        let entry = used.entry(pod["spec"]["nodeName"].as_str().unwrap().to_owned()).or_default();
        *entry = (entry.0 + millicores(&pod), entry.1 + 1);
    }
    assert_eq!(used.values().map(|(_, pods)| pods).sum::<usize>(), PODS);
    for (node, (millicores, pods)) in used {
        assert!(millicores <= 4000 && pods <= 110, "{node} has {pods} pods with {millicores}m");
    }
    let bound = ours.metrics().sum("scheduler_schedule_attempts_total", &[("result", "scheduled")]);
    assert!(bound >= (PODS / 2) as f64, "{bound} of ours");
}

fn millicores(pod: &Value) -> u64 {
    let text = pod["spec"]["containers"][0]["resources"]["requests"]["cpu"].as_str().unwrap();
    text.strip_suffix('m').map_or_else(|| text.parse::<u64>().unwrap() * 1000, |milli| milli.parse().unwrap())
}
