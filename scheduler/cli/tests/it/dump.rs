//! `longshore dump`, and what `simulate` makes of it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::schema;
use crate::support::{Ran, Scratch, pod, run, run_with};

/// An API server with a node, a pod and a Deployment that does not let anybody list Services; a kubeconfig for it.
fn cluster(scratch: &Scratch) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    scratch.file(
        "kubeconfig",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{{name: c, cluster: {{server: \"{address}\"}}}}]\n\
             users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
        ),
    )
}

/// Answers one request and closes the connection.
fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    lines.find(String::is_empty);
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (code, body) = of(path.split('?').next().unwrap_or_default());
    let body = body.to_string();
    let head = format!("HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nConnection: close\r\n");
    let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
}

fn of(path: &str) -> (u16, Value) {
    let list =
        |items: Value| (200, json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items}));
    let resource = |name: &str, kind: &str| json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["list"]});
    let container = json!({"name": "c", "env": [{"name": "TOKEN", "value": "secret"}], "resources": {"requests": {"cpu": "1"}}});
    match path {
        "/version" => (
            200,
            json!({"major": "1", "minor": "37", "gitVersion": "v1.37.2", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
        ),
        "/api/v1" => (
            200,
            json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            resource("nodes", "Node"), resource("pods", "Pod"), resource("services", "Service")]}),
        ),
        "/api/v1/nodes" => list(
            json!([{"metadata": {"name": "n1", "uid": "n", "resourceVersion": "1", "managedFields": [{}]},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}, "addresses": [{"address": "10.0.0.1"}]}}]),
        ),
        "/api/v1/pods" | "/api/v1/namespaces/shop/pods" => list(
            json!([{"metadata": {"name": "web-5d9-a", "namespace": "shop", "uid": "p", "labels": {"app": "web", "pod-template-hash": "5d9"},
            "annotations": {"note": "secret"}, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9", "uid": "r", "controller": true}]},
            "spec": {"nodeName": "n1", "containers": [container]}, "status": {"phase": "Running"}}]),
        ),
        "/apis/apps/v1/deployments" => list(
            json!([{"metadata": {"name": "web", "namespace": "shop", "uid": "d"}, "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}}}]),
        ),
        "/api/v1/services" => (
            403,
            json!({"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403}),
        ),
        _ => (
            404,
            json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "message": "no", "code": 404}),
        ),
    }
}

fn dumped(more: &[&str]) -> (Scratch, Ran) {
    let scratch = Scratch::new();
    let kubeconfig = cluster(&scratch);
    let ran = run(&[&["dump", "--kubeconfig", &kubeconfig], more].concat()).exits(0);
    (scratch, ran)
}

#[test]
fn a_dump_has_what_decides_and_nothing_private_and_says_what_is_missing() {
    let (_scratch, ran) = dumped(&[]);
    let missing = "services may not be listed, so default spreading does not see its pods";
    let ran = ran.warns(&[&format!("Warning: Service is missing: {missing}")]);
    let ran =
        ran.says(&["# Made by longshore dump", "kind: Node", "app: web", &format!("# MISSING: {missing}")]);
    for secret in ["secret", "managedFields", "10.0.0.1"] {
        assert!(!ran.out.contains(secret), "{secret} in\n{}", ran.out);
    }
    let documents: Vec<&str> = ran.out.split("---\n").collect();
    let last: Value = serde_saphyr::from_str(documents.last().unwrap()).unwrap();
    schema::check("dump", &last);
    let kept = dumped(&["--keep-env", "--keep-annotations"]).1;
    assert!(kept.out.contains("TOKEN") && kept.out.contains("note"), "{}", kept.out);
}

#[test]
fn a_dump_is_read_again_and_answers_what_if() {
    for format in ["yaml", "json"] {
        let (scratch, ran) = dumped(&["-o", format]);
        let file = scratch.file("cluster.yaml", &ran.out);
        let scaled = ["simulate", "-f", &file, "--replicas", "shop/web=3", "-o", "json"];
        let ran = run(&scaled).exits(0);
        // Services are missing, and the new pods may be those of one.
        let ran = ran.warns(&[
            "no Service is in the input",
            "(the dump could not have them: services may not be listed",
        ]);
        assert_eq!(ran.json()["summary"]["scheduled"], 2, "{ran:?}");
        assert!(
            !ran.err.contains("LimitRange") && !ran.err.contains("kinds that scheduling does not read"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn one_namespace_may_be_dumped_and_says_so_when_it_is_read() {
    let (scratch, ran) = dumped(&["-n", "shop"]);
    let ran = ran.warns(&["only namespace shop is dumped"]);
    let file = scratch.file("shop.yaml", &ran.out);
    run_with(&["simulate", "-f", &file, "-f", "-"], &pod("p", "1"))
        .exits(0)
        .warns(&["the dump has only namespace shop: pods of other namespaces use no room"]);
}

#[test]
fn a_dump_of_another_minor_says_so() {
    let (scratch, ran) = dumped(&[]);
    let file = scratch.file("cluster.yaml", &ran.out);
    run(&["simulate", "-f", &file, "--kubernetes-version", "1.36"])
        .exits(0)
        .warns(&["the dump is of a cluster of v1.37.2, and is decided as Kubernetes 1.36; add --kubernetes-version 1.37"]);
}

#[test]
fn without_a_cluster_there_is_no_dump() {
    let ran = run(&["dump", "--kubeconfig", "/nowhere/config"]).exits(1);
    assert!(ran.out.is_empty() && ran.err.starts_with("error: "), "{ran:?}");
}
