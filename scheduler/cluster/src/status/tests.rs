use std::time::Duration;

use longshore_framework::fixture::pod;
use serde_json::{Value, json};

use super::*;
use crate::fake_api::{Answer, FakeApi};

const MESSAGE: &str = "0/1 nodes are available: 1 Insufficient cpu.";

fn unschedulable(message: &str, since: &str) -> SeenStatus {
    SeenStatus {
        generation: 1,
        scheduled: Some(SeenCondition {
            status: "False".into(),
            reason: "Unschedulable".into(),
            message: message.into(),
            last_transition_time: since.into(),
        }),
        ..SeenStatus::default()
    }
}

/// The patch that a failed attempt makes of a status.
#[track_caller]
fn check(seen: &SeenStatus, nominated: Option<&str>, want: Option<Value>) {
    let wanted = Wanted {
        condition: Some((FailureReason::Unschedulable, MESSAGE.into())),
        nominated_node: nominated.map(Str::from),
    };
    let now = "2026-05-01T12:00:00.7Z".parse().unwrap();
    assert_eq!(patch("u-1", seen, &wanted, now).map(|(body, _)| body["status"].clone()), want);
}

#[test]
fn a_first_failure_writes_the_condition() {
    let seen = SeenStatus { generation: 3, ..SeenStatus::default() };
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": MESSAGE,
        "lastProbeTime": null, "lastTransitionTime": "2026-05-01T12:00:00Z", "observedGeneration": 3
    });
    check(&seen, None, Some(json!({"conditions": [condition]})));
}

#[test]
fn the_same_failure_again_writes_nothing() {
    let seen = unschedulable(MESSAGE, "2026-04-01T00:00:00Z");
    check(&seen, None, None);
    check(&seen, Some(""), None);
    check(&SeenStatus { generation: 2, ..seen }, None, None);
}

#[test]
fn another_message_keeps_the_time_of_the_transition() {
    let seen = unschedulable("no nodes available to schedule pods", "2026-04-01T00:00:00Z");
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": MESSAGE,
        "lastProbeTime": null, "lastTransitionTime": "2026-04-01T00:00:00Z", "observedGeneration": 1
    });
    check(&seen, None, Some(json!({"conditions": [condition]})));
}

#[test]
fn a_nomination_goes_along_and_is_cleared_with_null() {
    let seen = unschedulable(MESSAGE, "2026-04-01T00:00:00Z");
    check(&seen, Some("node-a"), Some(json!({"nominatedNodeName": "node-a"})));
    let nominated = SeenStatus { nominated_node: "node-a".into(), ..seen };
    check(&nominated, Some("node-a"), None);
    check(&nominated, Some(""), Some(json!({"nominatedNodeName": null})));
    check(&nominated, None, None);
}

#[tokio::test]
async fn a_patch_goes_to_the_status_with_the_uid_and_is_not_sent_twice() {
    let api = FakeApi::new(|_| Answer::json(json!({})));
    let (writer, pod) = (StatusWriter::new(Caller::new(api.client())), pod("p").build());
    writer.saw(&pod.meta.uid, SeenStatus::default());
    let fail = || writer.failed(&pod, FailureReason::Unschedulable, MESSAGE, None);
    assert_eq!(fail().await, Ok(Written::Done));
    // The watch has not shown it yet.
    assert_eq!(fail().await, Ok(Written::Unchanged));
    let calls = api.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].line, "PATCH /api/v1/namespaces/default/pods/p/status");
    assert_eq!(calls[0].content_type, "application/strategic-merge-patch+json");
    assert_eq!(calls[0].body["metadata"]["uid"], &*pod.meta.uid);
}

#[tokio::test]
async fn of_what_comes_during_a_write_the_newest_is_written_next() {
    let api = FakeApi::new(|_| Answer::json(json!({})).after(Duration::from_millis(40)));
    let (writer, pod) = (StatusWriter::new(Caller::new(api.client())), pod("p").build());
    writer.saw(&pod.meta.uid, SeenStatus::default());
    let fail = |message: &'static str, node: Option<Str>| {
        let (writer, pod) = (writer.clone(), pod.clone());
        async move { writer.failed(&pod, FailureReason::Unschedulable, message, node).await }
    };
    let first = tokio::spawn(fail("one", None));
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(fail("two", Some("n".into())).await, Ok(Written::Joined));
    assert_eq!(fail("three", None).await, Ok(Written::Joined));
    assert_eq!(first.await.unwrap(), Ok(Written::Done));
    let bodies: Vec<Value> = api.calls().into_iter().map(|c| c.body["status"].clone()).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[1]["conditions"][0]["message"], "three");
    assert_eq!(bodies[1]["nominatedNodeName"], "n");
}

#[tokio::test]
async fn transient_errors_are_retried_and_a_pod_that_is_gone_is_dropped() {
    let api = FakeApi::new(|call| match call.number {
        0 => Answer::failure(500, "InternalError", "etcd"),
        1 => Answer::failure(409, "Conflict", "the object has been modified"),
        2 => Answer::json(json!({})),
        3 => Answer::failure(404, "NotFound", "pods \"p\" not found"),
        _ => Answer::failure(
            422,
            "Invalid",
            "Pod \"p\" is invalid: metadata.uid: Invalid value: \"u\": field is immutable",
        ),
    });
    let (writer, pod) = (StatusWriter::new(Caller::new(api.client())), pod("p").build());
    writer.saw(&pod.meta.uid, SeenStatus::default());
    assert_eq!(writer.nominate(&pod, &"a".into()).await, Ok(Written::Done));
    assert_eq!(writer.nominate(&pod, &"b".into()).await, Ok(Written::Gone));
    assert_eq!(writer.clear_nomination(&pod).await, Ok(Written::Gone));
    assert_eq!(api.calls().len(), 5);
}

#[tokio::test]
async fn news_older_than_what_is_known_are_passed_over() {
    let writer = StatusWriter::new(Caller::new(FakeApi::new(|_| Answer::json(json!({}))).client()));
    let uid: Str = "u-1".into();
    writer.saw(&uid, SeenStatus { resource_version: 9, nominated_node: "new".into(), ..Default::default() });
    writer.saw(&uid, SeenStatus { resource_version: 8, nominated_node: "old".into(), ..Default::default() });
    assert_eq!(&*writer.pods.get(&uid).unwrap().seen.nominated_node, "new");
    writer.forget(&uid);
    assert!(writer.is_empty());
}

/// A writer that has seen the pod, and an API server that takes its time.
fn slow() -> (FakeApi, StatusWriter, Arc<Pod>) {
    let api = FakeApi::new(|_| Answer::json(json!({})).after(Duration::from_millis(60)));
    let (writer, pod) = (StatusWriter::new(Caller::new(api.client())), pod("p").build());
    writer.saw(&pod.meta.uid, SeenStatus::default());
    (api, writer, pod)
}

fn messages(api: &FakeApi) -> Vec<Value> {
    api.calls().into_iter().map(|c| c.body["status"]["conditions"][0]["message"].clone()).collect()
}

#[tokio::test]
async fn nothing_is_written_of_a_pod_that_was_never_seen_or_is_gone() {
    let (api, writer, pod) = slow();
    writer.forget(&pod.meta.uid);
    assert_eq!(writer.nominate(&pod, &"a".into()).await, Ok(Written::Gone));
    assert!(writer.is_empty() && api.calls().is_empty());
}

#[tokio::test]
async fn a_wish_counts_from_the_call_on_and_a_binding_drops_it() {
    let (api, writer, pod) = slow();
    let wish = writer.failed(&pod, FailureReason::Unschedulable, "one", None);
    let newer = writer.failed(&pod, FailureReason::Unschedulable, "two", None);
    // The newer one wins, whichever of them runs first.
    assert_eq!(newer.await, Ok(Written::Joined));
    assert_eq!(wish.await, Ok(Written::Done));
    assert_eq!(messages(&api), ["two"]);
    let late = writer.failed(&pod, FailureReason::Unschedulable, "three", None);
    writer.hush(&pod.meta.uid).await;
    assert_eq!(late.await, Ok(Written::Unchanged));
    assert_eq!(messages(&api), ["two"]);
    // The binding failed.
    let failed = writer.failed(&pod, FailureReason::SchedulerError, "four", None);
    assert_eq!(failed.await, Ok(Written::Done));
    assert_eq!(messages(&api), ["two", "four"]);
}

#[tokio::test]
async fn a_binding_waits_for_the_patch_that_is_under_way_and_no_longer() {
    let (api, writer, pod) = slow();
    let first = tokio::spawn(writer.failed(&pod, FailureReason::Unschedulable, "one", None));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let _ = writer.failed(&pod, FailureReason::Unschedulable, "two", None).await;
    writer.hush(&pod.meta.uid).await;
    assert_eq!(writer.pods.get(&pod.meta.uid).map(|slot| slot.sending), Some(false));
    assert_eq!(first.await.unwrap(), Ok(Written::Done));
    assert_eq!(messages(&api), ["one"]);
}

#[tokio::test]
async fn the_end_of_a_write_frees_nothing_that_the_next_one_holds() {
    let (_, writer, pod) = slow();
    let wanted = || Wanted { condition: None, nominated_node: Some("a".into()) };
    let mut first = writer.register(&pod.meta.uid, wanted()).unwrap();
    assert!(first.next().is_some() && first.next().is_none());
    let second = writer.register(&pod.meta.uid, wanted()).unwrap();
    drop(first);
    assert_eq!(writer.register(&pod.meta.uid, wanted()).map(drop), Err(Written::Joined));
    drop(second);
    assert!(writer.register(&pod.meta.uid, wanted()).is_ok());
}
