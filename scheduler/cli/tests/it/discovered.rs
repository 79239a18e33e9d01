//! `longshore run` follows the minor of the API server it finds.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::support::{Scratch, command};

/// An API server that knows its version and serves nothing, and of which the first `unready` requests hear that it is not ready;
/// its address.
fn server(version: &'static str, unready: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().flatten().enumerate() {
            std::thread::spawn(move || answer(&stream, version, at >= unready));
        }
    });
    address
}

/// Answers one request and closes the connection.
fn answer(stream: &TcpStream, version: &str, ready: bool) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    // The end of the head: none of the requests has a body.
    lines.find(String::is_empty);
    let (code, body) = if !ready {
        ("503 Service Unavailable", String::new())
    } else if first.starts_with("GET /version") {
        let fields = "\"gitCommit\":\"\",\"gitTreeState\":\"\",\"buildDate\":\"\",\"goVersion\":\"\",\"compiler\":\"\",\"platform\":\"\"";
        ("200 OK", format!("{{\"major\":\"1\",\"minor\":\"0\",\"gitVersion\":\"{version}\",{fields}}}"))
    } else {
        let status = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404}";
        ("404 Not Found", status.to_string())
    };
    let head = format!("HTTP/1.1 {code}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    let mut stream = stream;
    let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
}

/// Ends the command with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `run` says in a cluster of this version until it starts to schedule or ends.
fn said(version: &'static str, unready: usize, more: &[&str]) -> String {
    let scratch = Scratch::new();
    let kubeconfig = scratch.file(
        "kubeconfig",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{{name: c, cluster: {{server: \"{}\"}}}}]\n\
             users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n",
            server(version, unready)
        ),
    );
    let args = ["run", "--kubeconfig", &kubeconfig, "--leader-elect=false", "--secure-port=0"];
    let child = command(&[&args, more].concat()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut running = Running(child.unwrap());
    let mut text = String::new();
    for line in BufReader::new(running.0.stderr.take().unwrap()).lines().map_while(Result::ok) {
        text.push_str(&line);
        text.push('\n');
        if line.contains("Starting to schedule") {
            break;
        }
    }
    text
}

#[track_caller]
fn check(version: &'static str, more: &[&str], wanted: &[&str]) {
    check_late(version, 0, more, wanted);
}

#[track_caller]
fn check_late(version: &'static str, unready: usize, more: &[&str], wanted: &[&str]) {
    let text = said(version, unready, more);
    for wanted in wanted {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
}

#[test]
fn the_servers_own_minor_decides() {
    check("v1.37.2", &[], &["decidesAs=\"Kubernetes 1.37 (kube-scheduler v1.37.2)\""]);
    check("v1.36.2", &[], &["decidesAs=\"Kubernetes 1.36 (kube-scheduler v1.36.2)\""]);
    let old = "the API server is v1.34.4: decided as Kubernetes 1.36";
    check("v1.34.4", &[], &[old, "decidesAs=\"Kubernetes 1.36 "]);
    let gate = ["--feature-gates=VolumeLimitScaling=true"];
    check("v1.36.2", &gate, &["(kube-scheduler v1.36.2), VolumeLimitScaling=true\""]);
}

#[test]
fn a_server_that_is_not_ready_is_waited_for_and_its_minor_followed_then() {
    let late = "the API server does not answer yet, asking again";
    check_late("v1.36.2", 2, &[], &[late, "decidesAs=\"Kubernetes 1.36 "]);
    check_late("v1.37.2", 2, &[], &[late, "decidesAs=\"Kubernetes 1.37 "]);
}

#[test]
fn a_minor_that_is_asked_for_goes_before_the_servers() {
    check("v1.37.2", &["--kubernetes-version=1.36"], &["decidesAs=\"Kubernetes 1.36 "]);
    let gate = ["--kubernetes-version=1.36", "--feature-gates=DRADerivedAttributes=false"];
    check("v1.37.2", &gate, &["unrecognized feature gate: DRADerivedAttributes"]);
}

#[test]
fn a_file_is_read_by_the_servers_minor_and_no_other() {
    let scratch = Scratch::new();
    let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let plugins = "profiles: [{plugins: {podGroupPostFilter: {enabled: []}}}]";
    let file = scratch.file("newest.yaml", &format!("{head}percentageOfPlacementsToScore: 100\n{plugins}\n"));
    let both = ["is a field of Kubernetes 1.37 and later", "is a field of Kubernetes 1.38 and later"];
    check("v1.36.2", &["--config", &file], &both);
}

#[test]
fn what_the_servers_minor_lacks_is_refused_once_it_is_known() {
    let scratch = Scratch::new();
    let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let newer = format!("{head}profiles: [{{plugins: {{podGroupPostFilter: {{enabled: []}}}}}}]\n");
    let file = scratch.file("newer.yaml", &newer);
    let config = ["--config", &file];
    check("v1.37.2", &config, &["Starting to schedule"]);
    check("v1.36.2", &config, &["error: ", "is a field of Kubernetes 1.37 and later"]);
    let gate = ["--feature-gates=DRADerivedAttributes=false"];
    check("v1.37.2", &gate, &["Starting to schedule"]);
    check(
        "v1.36.2",
        &gate,
        &["unrecognized feature gate: DRADerivedAttributes (a gate of Kubernetes 1.37 and 1.38)"],
    );
}
