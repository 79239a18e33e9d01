//! `longshore explain` without a word on where the scheduler is: its Lease says so.
//!
//! These schedulers run in no pod, so they are reached on this machine; no kubelet forwards a port here. What forwards one is tested
//! against an API server of its own in `scheduler/cluster/src/connect/pinned/tests.rs`.

use std::process::{Command, Output};

use longshore_tests::control_plane::{
    ADMIN, Arena, Kind, LONG, Scheduler, SchedulerOptions, binaries, objects, shared, until,
};
use serde_json::{Value, json};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";

/// A scheduler that leads and has said so on its Lease.
fn leader(arena: &Arena) -> Scheduler {
    let _ = arena.api.delete(LEASE);
    let options = SchedulerOptions::new(Kind::Longshore).config(&json!({ "leaderElection": {
        "leaderElect": true, "leaseDuration": "4s", "renewDeadline": "3s", "retryPeriod": "1s",
        "resourceName": "kube-scheduler", "resourceNamespace": "kube-system",
    } }));
    let scheduler = arena.scheduler_with(&options);
    let lease = || arena.api.get(LEASE).unwrap_or_default();
    let says =
        || lease()["metadata"]["annotations"]["longshore.dev/certificate-sha256"].is_string().then_some(());
    until("the Lease to say how its holder is reached", LONG, || lease().to_string(), says);
    scheduler
}

/// `longshore explain`, as `user`.
fn run(arena: &Arena, user: &str, args: &[&str]) -> Output {
    Command::new(binaries::longshore())
        .args(["explain", "-n", &arena.namespace, "--kubeconfig"])
        .arg(arena.plane.kubeconfig_file(user))
        .args(args)
        .env_remove("LONGSHORE_SERVER")
        .output()
        .unwrap()
}

#[track_caller]
fn explain(arena: &Arena, args: &[&str]) -> String {
    let output = run(arena, ADMIN, args);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

#[track_caller]
fn document(arena: &Arena, args: &[&str]) -> Value {
    let text = explain(arena, &[args, &["-o", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[track_caller]
fn says(text: &str, all: &[&str]) {
    for want in all {
        assert!(text.contains(want), "{want:?} is not in\n{text}");
    }
}

#[test]
fn a_bound_pod_is_explained_with_ties_and_scores_by_one_command() {
    let arena = shared();
    for name in ["a", "b", "c"] {
        arena.node(name, &json!({}));
    }
    let _scheduler = leader(&arena);
    arena.api.create(&objects::asking(arena.new_pod("web"), "1"));
    let node = arena.until_bound("web");
    let text = explain(&arena, &["web"]);
    says(
        &text,
        &[&format!("was given {node}, one of 3 equal nodes."), "NodeResourcesFit", "TOTAL", "Best nodes"],
    );
    let json = document(&arena, &["web"]);
    let decision = &json["decisions"][0];
    assert_eq!((&decision["tied"], &decision["node"]), (&json!(3), &json!(node)));
    assert_eq!(decision["scores"][0]["node"], json!(node));
    // Where would it go today? Its own place counts as free.
    let today = document(&arena, &["web", "--as-pending"]);
    assert_eq!(today["explanation"]["status"], "Scheduled");
    assert_eq!((&today["explanation"]["feasible"], &today["explanation"]["tied"]), (&json!(3), &json!(3)));
}

#[test]
fn a_pending_pod_is_explained_with_what_would_help() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({ "spec": { "unschedulable": true } }));
    let _scheduler = leader(&arena);
    arena.api.create(&objects::asking(arena.new_pod("first"), "3"));
    arena.until_bound("first");
    arena.api.create(&objects::asking(arena.new_pod("second"), "3"));
    arena.until_unschedulable("second");
    let text = explain(&arena, &["second"]);
    says(
        &text,
        &[
            "second fitted nowhere.",
            "Insufficient cpu",
            "As the cluster is now",
            "uncordon b",
            "add a node like a",
        ],
    );
    let json = document(&arena, &["pod", "second"]);
    assert_eq!(json["decisions"][0]["status"], "Unschedulable");
    assert_eq!(json["explanation"]["status"], "Unschedulable");
}

#[test]
fn a_preempting_pod_says_what_was_weighed() {
    let arena = shared();
    arena.api.create(&objects::priority_class("low", 10));
    arena.api.create(&objects::priority_class("high", 1000));
    std::thread::sleep(std::time::Duration::from_millis(200));
    arena.node("a", &json!({}));
    let _scheduler = leader(&arena);
    let of = |name: &str, class: &str, patch: &Value| {
        let pod = objects::with(objects::asking(arena.new_pod(name), "3"), patch);
        objects::with(pod, &json!({ "spec": { "priorityClassName": class } }))
    };
    // A finalizer keeps the victim, and so the preemptor waits.
    arena.api.create(&of("victim", "low", &json!({ "metadata": { "finalizers": ["longshore.dev/look"] } })));
    arena.until_bound("victim");
    arena.api.create(&of("high", "high", &json!({})));
    arena.until("the preemptor to be nominated", "high", || {
        arena.get_pod("high").filter(|pod| pod["status"]["nominatedNodeName"] == "a")
    });
    let json = document(&arena, &["high"]);
    let decisions = json["decisions"].as_array().unwrap();
    let preempting = decisions.iter().find(|d| d["status"] == "Preempting").expect("it was decided");
    assert_eq!(preempting["preemption"]["node"], "a");
    assert_eq!(preempting["preemption"]["decidedBy"], "OnlyCandidate");
    assert_eq!(preempting["preemption"]["victims"], json!([format!("{}/victim", arena.namespace)]));
    let release = json!({ "metadata": { "finalizers": null } });
    arena.api.patch(&arena.path("pods/victim"), &release).unwrap();
    arena.until_bound("high");
}

#[test]
fn pods_of_a_workload_with_the_same_answer_are_told_once() {
    let arena = shared();
    arena.node("a", &json!({}));
    let _scheduler = leader(&arena);
    let owner = json!({ "metadata": { "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db",
        "uid": "00000000-0000-0000-0000-000000000001", "controller": true }] } });
    for name in ["db-0", "db-1", "db-2"] {
        arena.api.create(&objects::with(objects::asking(arena.new_pod(name), "3"), &owner));
    }
    let bound = || {
        let pods = arena.api.list(&arena.path("pods"));
        (pods.iter().filter(|pod| pod["spec"]["nodeName"].is_string()).count() == 1).then_some(())
    };
    arena.until("one of them to be bound", "db-0", bound);
    arena.until("the others to be tried", "db-2", || {
        let pods = arena.api.list(&arena.path("pods"));
        let tried = pods.iter().filter(|pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable");
        (tried.count() == 2).then_some(())
    });
    let text = explain(&arena, &["sts/db"]);
    says(&text, &["2 pods have the same answer", "fitted nowhere.", "was given a."]);
}

#[test]
fn where_nobody_can_be_asked_the_first_line_says_so_and_why() {
    let arena = shared();
    arena.node("a", &json!({}));
    let _ = arena.api.delete(LEASE);
    arena.pod("web", &json!({}));
    let text = explain(&arena, &["web"]);
    let first = text.lines().next().unwrap();
    says(first, &["The running scheduler was not asked", "default-scheduler decides about it", "simulation"]);
    says(&text, &["web goes to a."]);
    let other = json!({ "spec": { "schedulerName": "elsewhere" } });
    arena.pod("other", &other);
    says(&explain(&arena, &["other"]), &["names a running scheduler called elsewhere", "--server"]);
}

#[test]
fn an_address_goes_before_the_lease() {
    let arena = shared();
    arena.node("a", &json!({}));
    let scheduler = leader(&arena);
    arena.pod("web", &json!({}));
    arena.until_bound("web");
    let server = format!("https://127.0.0.1:{}", scheduler.port());
    let text = explain(&arena, &["web", "--server", &server, "--insecure-skip-tls-verify"]);
    says(&text, &["was given a."]);
    // A certificate that nobody vouches for is not believed: then it is simulated, and said.
    says(
        &explain(&arena, &["web", "--server", &server]),
        &["The running scheduler was not asked", "--server-ca"],
    );
}
