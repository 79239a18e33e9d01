//! An extender: a process of its own that filters, scores and binds over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use longshore_tests::control_plane::{Api, Kind, SchedulerOptions, shared};
use serde_json::{Value, json};

both!(an_extender_filters_scores_and_binds, an_extender_that_is_gone_is_ignored_or_not);

/// Keeps nodes `a` and `c`, likes `c`, and binds.
struct Extender {
    api: Api,
    asked: Mutex<Vec<String>>,
}

impl Extender {
    /// Serves until the test program ends.
    fn start(api: Api) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/extender", listener.local_addr().unwrap());
        let extender = Arc::new(Self { api, asked: Mutex::default() });
        let serving = Arc::clone(&extender);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serving.serve(stream.unwrap());
            }
        });
        (extender, url)
    }

    /// One request for each connection is enough.
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let verb =
            line.split(' ').nth(1).unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = self.answer(&verb, &serde_json::from_slice(&body).unwrap()).to_string();
        self.asked.lock().unwrap().push(verb);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).unwrap();
    }

    fn answer(&self, verb: &str, asked: &Value) -> Value {
        let names = || asked["NodeNames"].as_array().unwrap().iter();
        match verb {
            "filter" => {
                let kept: Vec<_> = names().filter(|n| *n == "a" || *n == "c").collect();
                let failed: serde_json::Map<_, _> = names()
                    .filter(|n| !kept.contains(n))
                    .map(|n| (n.as_str().unwrap().to_owned(), json!("not to the extender's taste")))
                    .collect();
                json!({ "NodeNames": kept, "FailedNodes": failed, "Error": "" })
            }
            "prioritize" => {
                names().map(|n| json!({ "Host": n, "Score": if n == "c" { 10 } else { 0 } })).collect()
            }
            "bind" => {
                let (namespace, name) = (&asked["PodNamespace"], &asked["PodName"]);
                self.api.create(&json!({
                    "apiVersion": "v1", "kind": "Binding",
                    "metadata": { "namespace": namespace, "name": name, "uid": asked["PodUID"] },
                    "target": { "apiVersion": "v1", "kind": "Node", "name": asked["Node"] },
                }));
                json!({ "Error": "" })
            }
            other => panic!("nobody asks an extender to {other}"),
        }
    }
}

fn config(url: &str, ignorable: bool) -> Value {
    json!({ "extenders": [{
        "urlPrefix": url, "filterVerb": "filter", "prioritizeVerb": "prioritize", "bindVerb": "bind",
        "weight": 5, "nodeCacheCapable": true, "ignorable": ignorable, "httpTimeout": "5s",
    }] })
}

fn an_extender_filters_scores_and_binds(kind: Kind) {
    let arena = shared();
    for name in ["a", "b", "c", "d"] {
        arena.node(name, &json!({}));
    }
    let (extender, url) = Extender::start(arena.api.clone());
    let _scheduler = arena.scheduler_with(&SchedulerOptions::new(kind).config(&config(&url, false)));
    arena.pod("liked", &json!({}));
    assert_eq!(arena.until_bound("liked"), "c", "it stays and scores more than a");
    assert_eq!(*extender.asked.lock().unwrap(), ["filter", "prioritize", "bind"]);
    arena.pod("misplaced", &json!({ "spec": { "nodeSelector": { "kubernetes.io/hostname": "b" } } }));
    let message = arena.until_unschedulable("misplaced");
    assert!(message.contains("1 not to the extender's taste"), "{message}");
}

fn an_extender_that_is_gone_is_ignored_or_not(kind: Kind) {
    let arena = shared();
    arena.node("a", &json!({}));
    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{gone}/extender");
    {
        let _scheduler = arena.scheduler_with(&SchedulerOptions::new(kind).config(&config(&url, false)));
        arena.pod("stuck", &json!({}));
        let event = arena.until_event("stuck", "FailedScheduling");
        assert!(event["note"].as_str().unwrap().contains("refused"), "{event}");
    }
    let _scheduler = arena.scheduler_with(&SchedulerOptions::new(kind).config(&config(&url, true)));
    assert_eq!(arena.until_bound("stuck"), "a");
}
