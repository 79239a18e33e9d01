use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::check::{Status, caller};
use crate::fake_api::{Answer, Call, FakeApi};

fn pod(node: &str, conditions: Value) -> Value {
    json!({"metadata": {"uid": "u1"}, "spec": {"schedulerName": "longshore", "nodeName": node},
        "status": {"conditions": conditions}})
}

fn scheduled_by(reporter: &str) -> Value {
    json!({"items": [{"reason": "Scheduled", "reportingComponent": reporter, "reportingInstance": "ls-1"}]})
}

/// Answers by what is asked for.
fn cluster(
    pod: impl Fn(usize) -> Value + Send + Sync + 'static,
    events: impl Fn() -> Answer + Send + Sync + 'static,
) -> FakeApi {
    FakeApi::new(
        move |call: &Call| {
            if call.line.contains("/events?") { events() } else { Answer::json(pod(call.number)) }
        },
    )
}

async fn told(api: &FakeApi) -> Vec<Check> {
    let probe_pod = Probe {
        namespace: "ls".into(),
        name: "p".into(),
        scheduler_name: "longshore".into(),
        image: "pause".into(),
        wait: Duration::from_millis(300),
    };
    let mut told = Vec::new();
    probe(&caller(&api.client()), &probe_pod, std::future::pending(), &mut |c| told.push(c)).await;
    told
}

/// The pod is deleted in the end, and the step before that ended so and says so.
#[track_caller]
fn check(api: &FakeApi, told: &[Check], status: Status, says: &str) {
    assert_eq!(api.lines().last().unwrap(), "DELETE /api/v1/namespaces/ls/pods/p");
    let last = told.iter().rev().find(|c| !c.name.ends_with("is deleted")).unwrap();
    assert_eq!(last.status, status, "{told:#?}");
    assert!(format!("{last:?}").contains(says), "{told:#?}");
}

#[tokio::test]
async fn a_pod_that_we_bind_is_followed_to_its_node() {
    let bound = |number: usize| match number {
        0..3 => pod("", json!([])),
        _ => pod("n1", json!([{"type": "PodScheduled", "status": "True"}])),
    };
    let api = cluster(bound, || Answer::json(scheduled_by("longshore")));
    let told = told(&api).await;
    check(&api, &told, Status::Ok, "event Scheduled from ls-1");
    let names: Vec<&str> = told.iter().map(|c| c.name.as_str()).collect();
    let want = [
        "probe pod ls/p is created",
        "the probe pod is seen by a scheduler",
        "the probe pod is bound",
        "longshore has bound it",
        "probe pod ls/p is deleted",
    ];
    assert_eq!(names, want);
    assert_eq!(told[2].message.as_deref(), Some("to n1"));
    assert!(told.iter().all(|c| c.status == Status::Ok));
    assert_eq!(api.calls()[0].body["spec"]["schedulerName"], "longshore");
}

#[tokio::test]
async fn who_bound_it_is_told() {
    let bound = |_| pod("n1", json!([{"type": "PodScheduled", "status": "True"}]));
    let api = cluster(bound, || Answer::json(scheduled_by("default-scheduler")));
    check(&api, &told(&api).await, Status::Failed, "event Scheduled is from default-scheduler");
    let api = cluster(bound, || Answer::json(json!({"items": []})));
    check(&api, &told(&api).await, Status::Warning, "has no event Scheduled");
    let api = cluster(bound, || Answer::failure(403, "Forbidden", "events is forbidden"));
    check(&api, &told(&api).await, Status::Skipped, "no permission to read events");
}

#[tokio::test]
async fn why_it_has_no_node_is_told_with_what_to_do() {
    let none = || Answer::json(json!({"items": []}));
    let api = cluster(|_| pod("", json!([])), none);
    check(&api, &told(&api).await, Status::Failed, "nobody serves schedulerName longshore");
    let condition = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 Too many pods."}]);
    let api = cluster(move |_| pod("", condition.clone()), none);
    let steps = told(&api).await;
    check(&api, &steps, Status::Failed, "Unschedulable: 0/1 nodes are available");
    assert_eq!(steps[1].message.as_deref(), Some("condition PodScheduled=False (Unschedulable)"));
}

#[tokio::test]
async fn a_pod_that_cannot_be_created_or_is_changed_ends_the_probe() {
    let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "pods is forbidden"));
    let steps = told(&api).await;
    assert_eq!((steps.len(), steps[0].status), (1, Status::Failed), "{steps:?}");
    assert!(steps[0].remedy.as_ref().unwrap().starts_with("get permission to create"));
    let mut other = pod("", json!([]));
    other["spec"]["schedulerName"] = "kueue".into();
    let api = cluster(move |_| other.clone(), || Answer::json(json!({})));
    check(&api, &told(&api).await, Status::Failed, "was changed from longshore to kueue");
}

#[tokio::test]
async fn an_interruption_deletes_the_pod() {
    let api = cluster(|_| pod("", json!([])), || Answer::json(json!({"items": []})));
    let probe_pod = Probe {
        namespace: "ls".into(),
        name: "p".into(),
        scheduler_name: "longshore".into(),
        image: "pause".into(),
        wait: Duration::from_secs(60),
    };
    let mut told = Vec::new();
    let stop = tokio::time::sleep(Duration::from_millis(300));
    probe(&caller(&api.client()), &probe_pod, stop, &mut |c| told.push(c)).await;
    check(&api, &told, Status::Failed, "interrupted");
    assert_eq!(told.last().unwrap().name, "probe pod ls/p is deleted");
}
