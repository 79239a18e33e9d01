//! Advice for random pods in random clusters is followed to the letter, and the pod fits on every node that it names.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};

use crate::support::{Scratch, run_with};

/// Memory is in Mi.
#[derive(Clone, Debug)]
struct Draft {
    nodes: Vec<NodeDraft>,
    cpu: u32,
    memory: u32,
    wants_disk: bool,
    wants_port: bool,
    keeps_away: bool,
    added: bool,
}

#[derive(Clone, Debug)]
struct NodeDraft {
    cordoned: bool,
    taint: Option<&'static str>,
    pods: u32,
    disk: bool,
    pool: bool,
    /// Cpu in thousandths, memory in Mi, whether it has the port.
    running: Vec<(u32, u32, bool)>,
}

const TAINTS: [&str; 5] = [
    "team",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/unschedulable",
    "karpenter.sh/disrupted",
];

fn node_draft() -> impl Strategy<Value = NodeDraft> {
    let taint = prop::option::weighted(0.4, prop::sample::select(TAINTS.to_vec()));
    let running = prop::collection::vec((0..2500u32, 0..5000u32, any::<bool>()), 0..3);
    let parts = (prop::bool::weighted(0.3), taint, 1..4u32, any::<bool>(), any::<bool>(), running);
    parts.prop_map(|(cordoned, taint, pods, disk, pool, running)| NodeDraft {
        cordoned,
        taint,
        pods,
        disk,
        pool,
        running,
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.3));
    let parts = (prop::collection::vec(node_draft(), 1..5), 1..6000u32, 1..10_000u32, flags);
    parts.prop_map(|(nodes, cpu, memory, (wants_disk, wants_port, keeps_away, added))| Draft {
        nodes,
        cpu,
        memory,
        wants_disk,
        wants_port,
        keeps_away,
        added,
    })
}

/// The cluster and the pod `default/web`, the last.
fn objects(draft: &Draft) -> Vec<Value> {
    let mut objects = Vec::new();
    for (at, node) in draft.nodes.iter().enumerate() {
        let name = format!("n{at}");
        let mut labels = json!({"kubernetes.io/hostname": name});
        for (key, value, has) in [("disk", "ssd", node.disk), ("pool", "x", node.pool)] {
            if has {
                labels[key] = value.into();
            }
        }
        let taints =
            node.taint.iter().map(|key| json!({"key": key, "effect": "NoSchedule"})).collect::<Vec<_>>();
        objects.push(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "spec": {"unschedulable": node.cordoned, "taints": taints},
            "status": {"allocatable": {"cpu": "4000m", "memory": "8192Mi", "pods": node.pods.to_string()}},
        }));
        for (number, (cpu, memory, port)) in node.running.iter().enumerate() {
            let mut pod = pod(&format!("{name}-{number}"), *cpu, *memory, *port);
            pod["spec"]["nodeName"] = name.clone().into();
            pod["metadata"]["labels"] = json!({"app": "x"});
            objects.push(pod);
        }
    }
    objects.push(web(draft));
    objects
}

fn web(draft: &Draft) -> Value {
    let mut web = pod("web", draft.cpu, draft.memory, draft.wants_port);
    if draft.wants_disk {
        web["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    }
    if draft.keeps_away {
        let term =
            json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "x"}}});
        web["spec"]["affinity"] =
            json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    }
    web
}

fn pod(name: &str, cpu: u32, memory: u32, port: bool) -> Value {
    let ports = if port { json!([{"containerPort": 80, "hostPort": 80}]) } else { json!([]) };
    let requests = json!({"cpu": format!("{cpu}m"), "memory": format!("{memory}Mi")});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "c", "ports": ports, "resources": {"requests": requests}}]},
    })
}

/// Does to the pod and to the node what the words say.
fn follow(advice: &str, node: &mut Value, web: &mut Value) {
    let spec = &mut web["spec"];
    if let Some(cuts) = advice.strip_prefix("lower ").and_then(|rest| rest.strip_suffix(" or less")) {
        for (resource, amount) in cuts.split(" and ").filter_map(|cut| cut.split_once(" to ")) {
            spec["containers"][0]["resources"]["requests"][resource] = amount.into();
        }
    } else if let Some(taint) = advice.strip_prefix("tolerate the taint ") {
        let (key, effect) = taint.split_once(':').unwrap();
        spec["tolerations"] = json!([{"key": key, "operator": "Exists", "effect": effect}]);
    } else if advice.starts_with("drop nodeSelector disk=ssd") {
        spec["nodeSelector"] = Value::Null;
    } else if advice.starts_with("drop host port 80/TCP") {
        spec["containers"][0]["ports"] = Value::Null;
    } else if advice.starts_with("drop the required pod anti-affinity to app=x") {
        spec["affinity"] = Value::Null;
    } else if advice.starts_with("uncordon ") {
        node["spec"]["unschedulable"] = false.into();
        drop_taints(node, &["node.kubernetes.io/unschedulable"]);
    } else if advice.ends_with(": the pod fits there once that is over") {
        drop_taints(node, &["node.kubernetes.io/not-ready", "node.kubernetes.io/memory-pressure"]);
    } else if advice.starts_with("have one pod less on ") {
        let pods: u32 = node["status"]["allocatable"]["pods"].as_str().unwrap().parse().unwrap();
        node["status"]["allocatable"]["pods"] = (pods + 1).to_string().into();
    } else if advice.starts_with("label ") && advice.contains(" with pool=x, as the profile's") {
        node["metadata"]["labels"]["pool"] = "x".into();
    } else if let Some((amount, rest)) = advice.strip_prefix("free ").and_then(|rest| rest.split_once(' ')) {
        free(node, rest.split_once(" on ").unwrap().0, amount);
    } else {
        panic!("nobody knows how to follow {advice:?}");
    }
}

fn drop_taints(node: &mut Value, keys: &[&str]) {
    node["spec"]["taints"].as_array_mut().unwrap().retain(|t| !keys.contains(&t["key"].as_str().unwrap()));
}

fn free(node: &mut Value, resource: &str, amount: &str) {
    let allocatable = &mut node["status"]["allocatable"][resource];
    let (unit, more) = match resource {
        "cpu" => (
            "m",
            amount
                .strip_suffix('m')
                .map_or_else(|| amount.parse::<u64>().unwrap() * 1000, |m| m.parse().unwrap()),
        ),
        _ => (
            "Mi",
            match amount.strip_suffix("Gi") {
                Some(gi) => gi.parse::<u64>().unwrap() * 1024,
                None => amount.strip_suffix("Mi").unwrap().parse().unwrap(),
            },
        ),
    };
    let has: u64 = allocatable.as_str().unwrap().strip_suffix(unit).unwrap().parse().unwrap();
    *allocatable = format!("{}{unit}", has + more).into();
}

/// A new node of the same kind, as whoever adds it gets it: not cordoned, and well.
fn another(node: &Value) -> Value {
    let mut added = node.clone();
    added["metadata"]["name"] = "added".into();
    added["metadata"]["labels"]["kubernetes.io/hostname"] = "added".into();
    added["spec"]["unschedulable"] = false.into();
    drop_taints(&mut added, &TAINTS[1..]);
    added
}

fn explained(objects: &[Value], config: &[&str]) -> Value {
    let input = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let args = [&["explain", "web", "-f", "-", "-o", "json"], config].concat();
    run_with(&args, &input).exits(0).json()
}

/// Whether no filter rejects the node any more.
fn fits(explanation: &Value, node: &str) -> bool {
    let groups = explanation["filters"].as_array().unwrap();
    explanation["preFilter"].is_null()
        && !groups.iter().any(|g| g["nodes"].as_array().unwrap().contains(&node.into()))
}

const ADDED: &str = "apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [x]}]}]
";

fn check(draft: &Draft) {
    let scratch = Scratch::new();
    let added = scratch.file("added.yaml", ADDED);
    let config: &[&str] = if draft.added { &["--config", &added] } else { &[] };
    let before = objects(draft);
    let explanation = explained(&before, config);
    for relaxation in explanation["relaxations"].as_array().unwrap() {
        let advice = relaxation["change"].as_str().unwrap();
        if let Some(like) = advice.strip_prefix("add a node like ") {
            let mut after = before.clone();
            let node = after.iter().find(|o| o["kind"] == "Node" && o["metadata"]["name"] == like).unwrap();
            let added = another(node);
            after.push(added);
            let found = explained(&after, config);
            assert!(fits(&found, "added"), "{advice:?} did not help: {found}");
        }
        for name in relaxation["on"].as_array().unwrap() {
            let mut after = before.clone();
            let mut web = after.pop().unwrap();
            let node =
                after.iter_mut().find(|o| o["kind"] == "Node" && o["metadata"]["name"] == *name).unwrap();
            advice.split("; and ").for_each(|one| follow(one, node, &mut web));
            after.push(web);
            let found = explained(&after, config);
            assert!(fits(&found, name.as_str().unwrap()), "{advice:?} did not help on {name}: {found}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_pod_fits_where_it_is_said_to(draft in draft()) {
        check(&draft);
    }
}
