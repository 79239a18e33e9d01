use std::time::Duration;

use longshore_framework::fixture::pod;
use serde_json::{Value, json};

use super::*;
use crate::fake_api::{Answer, Call, FakeApi};
use crate::record::RecorderOptions;

/// What the API server has of a victim: conditions, in generation 4.
fn current(uid: &str, conditions: Value) -> Answer {
    Answer::json(json!({"metadata": {"uid": uid, "generation": 4}, "status": {"conditions": conditions}}))
}

fn is(call: &Call, verb: &str) -> bool {
    call.line.starts_with(verb) && !call.line.contains("/events")
}

/// Evicts pods of these names for the pod `high`; what came of it and the calls, those for events last.
async fn evicted(
    names: &[&str],
    answer: impl Fn(&Call) -> Answer + Send + Sync + 'static,
) -> (Result<(), String>, Vec<Call>) {
    let api = FakeApi::new(answer);
    let caller = Caller::new(api.client());
    let (recorder, task) = Recorder::start(caller.clone(), RecorderOptions::new("host"));
    let victims: Vec<Arc<Pod>> = names.iter().map(|name| pod(name).build()).collect();
    let mut preemptor = Pod::clone(&pod("high").build());
    Arc::make_mut(&mut preemptor.spec).scheduler_name = "longshore".into();
    let result = Evictor::new(caller, recorder).evict(&preemptor, &victims, "node-a").await;
    assert!(task.finish(Duration::from_secs(5)).await);
    let (events, calls): (Vec<_>, Vec<_>) = api.calls().into_iter().partition(|c| c.line.contains("/events"));
    (result.map_err(|e| e.to_string()), calls.into_iter().chain(events).collect())
}

fn lines(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|c| c.line.as_str()).collect()
}

fn uid(name: &str) -> String {
    pod(name).build().meta.uid.to_string()
}

#[tokio::test]
async fn a_victim_gets_its_condition_is_deleted_and_hears_why() {
    let (result, calls) = evicted(&["low"], |call| match is(call, "GET") {
        true => current(&uid("low"), json!([])),
        false => Answer::json(json!({})),
    })
    .await;
    assert_eq!(result, Ok(()));
    let want = [
        "GET /api/v1/namespaces/default/pods/low",
        "PATCH /api/v1/namespaces/default/pods/low/status",
        "DELETE /api/v1/namespaces/default/pods/low",
        "POST /apis/events.k8s.io/v1/namespaces/default/events",
    ];
    assert_eq!(lines(&calls), want);
    let mut condition = calls[1].body["status"]["conditions"][0].clone();
    assert!(condition["lastTransitionTime"].as_str().unwrap().ends_with('Z'));
    condition["lastTransitionTime"] = Value::Null;
    assert_eq!(
        condition,
        json!({
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": "longshore: preempting to accommodate a higher priority pod",
            "lastTransitionTime": null, "observedGeneration": 4
        })
    );
    assert_eq!(calls[2].body["preconditions"], json!({"uid": uid("low")}));
    assert_eq!(calls[3].body["note"], format!("Preempted by pod {} on node node-a", uid("high")));
    assert_eq!(calls[3].body["related"]["name"], "high");
}

#[tokio::test]
async fn a_condition_that_is_there_is_not_written_again() {
    let (result, calls) = evicted(&["low"], |call| match is(call, "GET") {
        true => current(
            &uid("low"),
            json!([{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
                    "message": "longshore: preempting to accommodate a higher priority pod"}]),
        ),
        false => Answer::json(json!({})),
    })
    .await;
    assert_eq!(result, Ok(()));
    assert!(!calls.iter().any(|c| is(c, "PATCH")), "{:?}", lines(&calls));
}

#[tokio::test]
async fn the_last_victim_goes_after_all_others() {
    let (result, calls) = evicted(&["a", "b", "c"], |call| {
        let name = call.line.split("/pods/").nth(1).map(|rest| rest.split('/').next().unwrap());
        match (is(call, "GET"), name) {
            (true, Some(name)) => current(&uid(name), json!([])),
            // The first of them is slow, and the last waits for it all the same.
            (_, Some("a")) => Answer::json(json!({})).after(Duration::from_millis(30)),
            _ => Answer::json(json!({})),
        }
    })
    .await;
    assert_eq!(result, Ok(()));
    let calls = lines(&calls);
    let first_of_last = calls.iter().position(|line| line.contains("/pods/c")).unwrap();
    let deleted = calls.iter().position(|line| *line == "DELETE /api/v1/namespaces/default/pods/a").unwrap();
    assert!(deleted < first_of_last, "{calls:?}");
}

#[tokio::test]
async fn a_victim_that_is_gone_or_made_anew_is_no_failure_and_has_no_event() {
    let gone = |_: &Call| Answer::failure(404, "NotFound", "pods \"low\" not found");
    let (result, calls) = evicted(&["low"], gone).await;
    assert_eq!((result, calls.len()), (Ok(()), 1));

    let (result, calls) = evicted(&["low"], |_| current("another", json!([]))).await;
    assert_eq!((result, calls.len()), (Ok(()), 1));

    let anew = "Operation cannot be fulfilled on Pod \"low\": the UID in the precondition (a) does not match the UID in record (b)";
    let (result, calls) = evicted(&["low"], move |call| match () {
        () if is(call, "GET") => current(&uid("low"), json!([])),
        () if is(call, "DELETE") => Answer::failure(409, "Conflict", anew),
        () => Answer::json(json!({})),
    })
    .await;
    assert_eq!(result, Ok(()));
    assert_eq!(calls.len(), 3, "{:?}", lines(&calls));
}

#[tokio::test]
async fn a_failure_names_the_victim_and_spares_the_last() {
    let (result, calls) = evicted(&["a", "b"], |call| match is(call, "GET") {
        true => current(&uid("a"), json!([])),
        false => Answer::failure(403, "Forbidden", "no"),
    })
    .await;
    assert_eq!(result, Err("evicting default/a: no (403 Forbidden)".to_string()));
    assert!(!calls.iter().any(|c| c.line.contains("/pods/b")), "{:?}", lines(&calls));
}

#[tokio::test]
async fn pods_on_their_way_out_are_left_alone() {
    let api = FakeApi::new(|_| Answer::json(json!({})));
    let (recorder, _task) = Recorder::start(Caller::new(api.client()), RecorderOptions::new("host"));
    let mut victim = Pod::clone(&pod("low").build());
    victim.meta.terminating = true;
    let evictor = Evictor::new(Caller::new(api.client()), recorder);
    assert_eq!(evictor.evict(&pod("high").build(), &[Arc::new(victim)], "n").await, Ok(()));
    assert!(api.calls().is_empty());

    // The watch has not shown it yet.
    let terminating = |_: &Call| {
        let deleted = "2026-01-01T00:00:00Z";
        Answer::json(json!({"metadata": {"uid": uid("low"), "deletionTimestamp": deleted}}))
    };
    let (result, calls) = evicted(&["low"], terminating).await;
    assert_eq!((result, lines(&calls)), (Ok(()), vec!["GET /api/v1/namespaces/default/pods/low"]));
}

#[tokio::test]
async fn what_was_begun_is_finished_though_another_fails() {
    let (result, calls) = evicted(&["bad", "good", "last"], |call| match is(call, "GET") {
        true if call.line.ends_with("/bad") => Answer::failure(403, "Forbidden", "no"),
        true => current(&uid("good"), json!([])).after(Duration::from_millis(20)),
        false => Answer::json(json!({})),
    })
    .await;
    assert!(result.unwrap_err().starts_with("evicting default/bad: "));
    assert!(lines(&calls).contains(&"DELETE /api/v1/namespaces/default/pods/good"), "{:?}", lines(&calls));
    assert!(!lines(&calls).iter().any(|line| line.ends_with("/last")));
}
