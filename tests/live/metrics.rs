//! Plugins that read what is measured on nodes: from a load watcher, and from metrics.k8s.io.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use longshore_tests::control_plane::{
    ADMIN, Arena, Kind, LONG, SCHEDULER, SchedulerOptions, objects, shared, until,
};
use serde_json::{Map, Value, json};

/// A load watcher that says what a test says.
struct Watcher {
    address: String,
    said: Arc<Mutex<Option<Value>>>,
}

impl Watcher {
    /// Serves until the test program ends; at first it has nothing to say.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let said: Arc<Mutex<Option<Value>>> = Arc::default();
        let serving = Arc::clone(&said);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &serving);
            }
        });
        Self { address, said }
    }

    /// From now on nodes are so busy, in percent.
    fn say(&self, nodes: &[(&str, f64)]) {
        let metrics = |value: &f64| json!({"metrics": [{"type": "CPU", "operator": "AVG", "value": value}]});
        let nodes: Map<String, Value> =
            nodes.iter().map(|(node, value)| ((*node).to_string(), metrics(value))).collect();
        *self.said.lock().unwrap() = Some(json!({
            "window": {"duration": "15m", "start": 0, "end": 0}, "source": "test",
            "data": {"NodeMetricsMap": nodes},
        }));
    }
}

/// One request for each connection is enough.
fn answer(mut stream: &TcpStream, said: &Mutex<Option<Value>>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or(0) > 0 && !line.ends_with("\r\n\r\n") {}
    let (status, body) = match (line.starts_with("GET /watcher "), &*said.lock().unwrap()) {
        (true, Some(said)) => ("200 OK", said.to_string()),
        _ => ("404 Not Found", String::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
}

fn args(metrics: &Value, config: &Value) -> Value {
    let source = format!("file://{}/guests/load-aware.wasm", env!("CARGO_MANIFEST_DIR"));
    json!({"source": source, "capabilities": ["metrics"], "metrics": metrics, "config": config})
}

fn profile(scheduler: &str, args: &Value) -> Value {
    json!({ "profiles": [{
        "schedulerName": scheduler,
        "plugins": { "multiPoint": { "enabled": [{ "name": "LoadAware", "weight": 1000 }] } },
        "pluginConfig": [{ "name": "LoadAware", "args": args }],
    }] })
}

fn with(metrics: &Value, config: &Value) -> SchedulerOptions {
    SchedulerOptions::new(Kind::Longshore)
        .config(&profile("default-scheduler", &args(metrics, config)))
        .flag("--plugin-cache-dir=")
        .flag("-v=4")
}

#[test]
fn pods_follow_what_a_load_watcher_says() {
    let arena = shared();
    let watcher = Watcher::start();
    for node in ["a", "b"] {
        arena.node(node, &json!({}));
    }
    let metrics = json!({"watcherAddress": watcher.address, "interval": "1s"});
    watcher.say(&[("a", 95.0), ("b", 90.0)]);
    let scheduler = arena.scheduler_with(&with(&metrics, &json!({})));
    arena.pod("one", &json!({}));
    let why = arena.until_unschedulable("one");
    assert!(why.contains("2 node(s) were too busy"), "{why}");
    watcher.say(&[("a", 95.0), ("b", 20.0)]);
    assert_eq!(arena.until_bound("one"), "b");
    watcher.say(&[("a", 5.0), ("b", 79.0)]);
    let fetched = |result: &str| {
        let source = format!("the load watcher at {}", watcher.address);
        let labels = [("source", source.as_str()), ("result", result)];
        scheduler.metrics().sum("longshore_node_metrics_fetches_total", &labels)
    };
    let before = fetched("success");
    until(
        "two more answers",
        LONG,
        || scheduler.log(),
        || (fetched("success") >= before + 2.0).then_some(()),
    );
    arena.pod("two", &json!({}));
    assert_eq!(arena.until_bound("two"), "a");
    let newest = scheduler.metrics().sum("longshore_node_metrics_newest_timestamp_seconds", &[]);
    assert!(newest > 1e9, "{newest}");
}

#[test]
fn a_plugin_that_needs_values_waits_for_a_watcher_that_says_nothing() {
    let arena = shared();
    let watcher = Watcher::start();
    arena.node("a", &json!({}));
    let metrics = json!({"watcherAddress": watcher.address, "interval": "1s"});
    let scheduler = arena.scheduler_with(&with(&metrics, &json!({"required": true, "maxAgeSeconds": 600})));
    arena.pod("one", &json!({}));
    let event = arena.until_event("one", "FailedScheduling");
    let note = event["note"].as_str().unwrap_or_default();
    assert!(note.contains("there is no value of CPU AVG from the load watcher"), "{note}");
    let log = scheduler.log();
    assert!(log.contains("does not say what is measured on nodes") && log.contains("404 Not Found"), "{log}");
    watcher.say(&[("a", 5.0)]);
    assert_eq!(arena.until_bound("one"), "a");
    let recovered = || scheduler.log().contains("answers again").then_some(());
    until("the log to say so", LONG, || scheduler.log(), recovered);
}

/// What is outside the test's namespace: removed at the end.
struct Outside<'a>(&'a Arena, Vec<Value>);

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        for object in &self.1 {
            let _ = self.0.api.delete(&objects::path(object));
        }
        let gone = || self.1.iter().all(|object| self.0.api.get(&objects::path(object)).is_err());
        let end = std::time::Instant::now() + LONG;
        while !gone() && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// metrics.k8s.io as a custom resource, which answers as the metrics server does; and the right to read it.
fn metrics_server(arena: &Arena) -> Outside<'_> {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let kind = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "nodes.metrics.k8s.io",
            "annotations": { "api-approved.kubernetes.io": "unapproved, for a test" },
        },
        "spec": {
            "group": "metrics.k8s.io", "scope": "Cluster",
            "names": { "kind": "NodeMetrics", "plural": "nodes", "singular": "nodemetrics" },
            "versions": [{ "name": "v1beta1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "node-metrics" },
        "rules": [{ "apiGroups": ["metrics.k8s.io"], "resources": ["nodes"], "verbs": ["list"] }],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": "node-metrics" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "node-metrics" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": SCHEDULER }],
    });
    let all = vec![binding, role, kind];
    for object in all.iter().rev() {
        arena.api.create(object);
    }
    let served = || arena.api.get("/apis/metrics.k8s.io/v1beta1/nodes").ok();
    until("the new kind to be served", LONG, String::new, served);
    Outside(arena, all)
}

fn node_metrics(name: &str, cpu: &str) -> Value {
    json!({
        "apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics", "metadata": { "name": name },
        "window": "10s", "usage": { "cpu": cpu, "memory": "1Gi" },
    })
}

#[test]
fn pods_follow_the_metrics_server() {
    let arena = shared();
    for node in ["a", "b"] {
        arena.node(node, &json!({ "status": { "capacity": { "cpu": "4" }, "allocatable": { "cpu": "4" } } }));
    }
    let outside = metrics_server(&arena);
    for (node, cpu) in [("a", "3900m"), ("b", "400m")] {
        // The kind is NodeMetrics, and its path is /nodes.
        arena.api.post("/apis/metrics.k8s.io/v1beta1/nodes", &node_metrics(node, cpu)).unwrap();
    }
    let metrics = json!({"interval": "1s"});
    let _scheduler = arena.scheduler_with(&with(&metrics, &json!({})));
    arena.pod("one", &json!({}));
    assert_eq!(arena.until_bound("one"), "b");
    let file = arena.plane.file("with-metrics.yaml");
    let mut config = profile("longshore", &args(&metrics, &json!({})));
    config["apiVersion"] = "kubescheduler.config.k8s.io/v1".into();
    config["kind"] = "KubeSchedulerConfiguration".into();
    std::fs::write(&file, config.to_string()).unwrap();
    let check = |user: &str| {
        let out = std::process::Command::new(longshore_tests::control_plane::binaries::longshore())
            .args(["check", "--pre", "--plugin-cache-dir=", "--config"])
            .arg(&file)
            .arg("--kubeconfig")
            .arg(arena.plane.kubeconfig_file(user))
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let said = check(ADMIN);
    assert!(said.contains("metrics.k8s.io answers") && said.contains("values of 2 nodes"), "{said}");
    assert!(said.contains("nodes.metrics.k8s.io: list"), "{said}");
    for node in ["a", "b"] {
        let _ = arena.api.delete(&format!("/apis/metrics.k8s.io/v1beta1/nodes/{node}"));
    }
    drop(outside);
}
