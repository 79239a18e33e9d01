//! The writer against an API server of one function.

use std::time::Duration;

use longshore_framework::fixture::pod;
use longshore_framework::port::GroupState;
use serde_json::json;

use super::*;
use crate::fake_api::{Answer, Call, FakeApi};
use crate::kinds::KINDS;
use crate::record::RecorderOptions;

fn key(api: GroupApi) -> GroupKey {
    GroupKey { api, namespace: "team".into(), name: "g".into() }
}

/// Writes these, all wished for before the first is polled; the calls, those for events last.
async fn written(
    api: GroupApi,
    states: &[(GroupState, &str)],
    answer: impl Fn(&Call) -> Answer + Send + Sync + 'static,
) -> (Vec<Result<(), String>>, Vec<Call>) {
    let server = FakeApi::new(answer);
    let caller = Caller::new(server.client());
    let (recorder, task) = Recorder::start(caller.clone(), RecorderOptions::new("host"));
    let versions = Arc::new(GroupVersions::default());
    let kinds = ["scheduling.k8s.io/v1beta1", "scheduling.x-k8s.io/v1alpha1"];
    KINDS.iter().filter(|kind| kinds.contains(&kind.api_version)).for_each(|kind| versions.saw(kind));
    let writer = GroupWriter::new(caller, recorder, versions);
    let wish = |(state, message): &(GroupState, &str)| {
        let message = (*message).to_string();
        let standing = GroupStanding { state: *state, message, min_count: 2, pods: 2, placed: 0 };
        writer.write(key(api), standing, pod("p").build())
    };
    let wishes: Vec<_> = states.iter().map(wish).collect();
    let mut results = Vec::new();
    for wish in wishes {
        results.push(wish.await.map_err(|error| error.to_string()));
    }
    assert!(writer.busy.is_empty());
    drop(writer);
    assert!(task.finish(Duration::from_secs(5)).await);
    let (events, calls): (Vec<_>, Vec<_>) =
        server.calls().into_iter().partition(|c| c.line.contains("/events"));
    (results, calls.into_iter().chain(events).collect())
}

fn lines(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|c| c.line.as_str()).collect()
}

fn group(call: &Call) -> Answer {
    match call.line.starts_with("GET") {
        true => Answer::json(json!({
            "metadata": {"name": "g", "uid": "u", "resourceVersion": "5", "generation": 1}
        })),
        false => Answer::json(json!({})),
    }
}

const OBJECT: &str = "/apis/scheduling.k8s.io/v1beta1/namespaces/team/podgroups/g";
const EVENTS: &str = "POST /apis/events.k8s.io/v1/namespaces/team/events";

#[tokio::test]
async fn the_newest_of_what_waits_is_written_and_an_event_says_why() {
    let states = [(GroupState::Incomplete, "1 of 2"), (GroupState::Unschedulable, "no room")];
    let (results, calls) = written(GroupApi::Kubernetes, &states, group).await;
    assert_eq!(results, [Ok(()), Ok(())]);
    assert_eq!(
        lines(&calls),
        [format!("GET {OBJECT}"), format!("PATCH {OBJECT}/status"), EVENTS.to_string()]
    );
    assert_eq!(calls[1].body["metadata"], json!({"uid": "u", "resourceVersion": "5"}));
    assert_eq!(calls[1].body["status"]["conditions"][0]["message"], "no room");
    let event = &calls[2].body;
    assert_eq!(event["regarding"]["kind"], "PodGroup");
    assert_eq!((&event["reason"], &event["note"]), (&json!("FailedScheduling"), &json!("no room")));
}

#[tokio::test]
async fn after_a_conflict_the_object_is_read_again_and_a_group_that_is_gone_is_no_failure() {
    let (results, calls) =
        written(GroupApi::Kubernetes, &[(GroupState::Started, "all fit")], |call| match call.number {
            1 => Answer::failure(409, "Conflict", "changed meanwhile"),
            _ => group(call),
        })
        .await;
    assert_eq!(results, [Ok(())]);
    let (get, patch) = (format!("GET {OBJECT}"), format!("PATCH {OBJECT}/status"));
    assert_eq!(lines(&calls)[..4], [&*get, &*patch, &*get, &*patch]);
    let gone = |_: &Call| Answer::failure(404, "NotFound", "no such group");
    let (results, calls) = written(GroupApi::Kubernetes, &[(GroupState::Started, "all fit")], gone).await;
    assert_eq!((results, lines(&calls)), (vec![Ok(())], vec![&*get]));
}

#[tokio::test]
async fn a_group_without_an_object_is_told_of_by_its_pod_while_it_is_incomplete() {
    let (_, calls) = written(GroupApi::Annotations, &[(GroupState::Incomplete, "1 of 2")], group).await;
    assert_eq!(lines(&calls), ["POST /apis/events.k8s.io/v1/namespaces/default/events"]);
    assert_eq!(calls[0].body["regarding"]["kind"], "Pod");
    let (_, calls) = written(GroupApi::Annotations, &[(GroupState::Unschedulable, "no room")], group).await;
    assert_eq!(lines(&calls), [""; 0]);
}
