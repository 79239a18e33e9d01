//! Extenders of a configuration are asked by simulate and explain.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{NODE, Scratch, pod, run_with};

/// An extender that keeps nodes whose label `gpu` is `yes`, and likes `n3`. It keeps what it was asked.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || serve(stream.unwrap(), &seen));
            }
        });
        Self { url, asked }
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<(String, Value)>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let verb = line.split_whitespace().nth(1).unwrap().trim_start_matches('/').to_string();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let args: Value = serde_json::from_slice(&body).unwrap();
        let text = answer(&verb, &args).to_string();
        seen.lock().unwrap().push((verb, args));
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
        (&stream).write_all(answer.as_bytes()).unwrap();
    }
}

fn answer(verb: &str, args: &Value) -> Value {
    let nodes = args["Nodes"]["items"].as_array().unwrap();
    let (kept, failed): (Vec<_>, Vec<_>) =
        nodes.iter().partition(|n| n["metadata"]["labels"]["gpu"] == "yes");
    let name = |n: &Value| n["metadata"]["name"].as_str().unwrap().to_string();
    match verb {
        "filter" => {
            let failed: serde_json::Map<_, _> = failed.iter().map(|n| (name(n), json!("no gpu"))).collect();
            json!({"Nodes": {"items": kept}, "FailedNodes": failed})
        }
        _ => nodes
            .iter()
            .map(|n| json!({"Host": name(n), "Score": if name(n) == "n3" { 10 } else { 0 }}))
            .collect(),
    }
}

fn config(scratch: &Scratch, extender: &str) -> String {
    let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nextenders:\n";
    scratch.file("config.yaml", &format!("{head}- {{{extender}}}\n"))
}

fn node(name: &str, gpu: &str) -> String {
    format!("---\n{}", NODE.replace("n1", name).replace("labels: {", &format!("labels: {{gpu: {gpu}, ")))
}

fn cluster() -> String {
    format!("{}{}{}{}", node("n1", "'no'"), node("n2", "'yes'"), node("n3", "'yes'"), pod("p", "1"))
}

#[test]
fn simulate_asks_the_extenders_and_binds_nothing() {
    let (scratch, service) = (Scratch::new(), Service::start());
    let verbs = "filterVerb: filter, prioritizeVerb: prioritize, weight: 9, bindVerb: bind";
    let config = config(&scratch, &format!("urlPrefix: '{}', {verbs}", service.url));
    let ran = run_with(&["simulate", "-f", "-", "--config", &config, "-o", "json", "--trace"], &cluster());
    let ran = ran.exits(0).warns(&["simulate never binds"]);
    let json = ran.json();
    assert_eq!(json["placements"][0]["node"], "n3");
    let rejected = &json["attempts"][0]["nodes"]["n1"];
    assert_eq!((&rejected["plugin"], &rejected["reasons"][0]), (&json!(service.url), &json!("no gpu")));
    let asked = service.asked.lock().unwrap();
    assert_eq!(asked.iter().map(|(verb, _)| &**verb).collect::<Vec<_>>(), ["filter", "prioritize"]);
    assert_eq!(asked[0].1["Pod"]["spec"]["containers"][0]["name"], "c", "the pod is sent whole");
}

#[test]
fn explain_names_the_extender_that_rejects_a_node() {
    let (scratch, service) = (Scratch::new(), Service::start());
    let config = config(&scratch, &format!("urlPrefix: '{}', filterVerb: filter", service.url));
    let args = ["explain", "p", "-f", "-", "--config", &config];
    run_with(&args, &cluster()).exits(0).says(&["no gpu", &service.url]);
}

#[test]
fn an_extender_that_does_not_answer_fails_the_pod_unless_it_is_ignorable() {
    let scratch = Scratch::new();
    let run = |more: &str| {
        let config = config(&scratch, &format!("urlPrefix: 'http://127.0.0.1:1', filterVerb: filter{more}"));
        run_with(&["simulate", "-f", "-", "--config", &config, "-o", "json"], &cluster()).exits(0).json()
    };
    let failed = run("");
    let message = failed["pending"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Post \"http://127.0.0.1:1/filter\": "), "{message}");
    assert_eq!(run(", ignorable: true")["summary"]["scheduled"], 1);
}

#[test]
fn an_extender_that_cannot_be_used_is_an_error() {
    let scratch = Scratch::new();
    let config = config(&scratch, "urlPrefix: 'https://e', enableHTTPS: true, tlsConfig: {caFile: /none}");
    run_with(&["simulate", "-f", "-", "--config", &config], &cluster())
        .exits(1)
        .warns(&["extender https://e: tlsConfig.caFile \"/none\" cannot be read"]);
}
