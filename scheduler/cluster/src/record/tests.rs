use std::sync::atomic::Ordering;
use std::time::Duration;

use longshore_framework::fixture::pod;
use serde_json::{Value, json};

use super::*;
use crate::fake_api::{Answer, Call, FakeApi};
use crate::lease::LeaseEvent;

fn options() -> RecorderOptions {
    let (pause, gather) = (Duration::from_millis(5), Duration::from_millis(1));
    RecorderOptions { pause, gather, ..RecorderOptions::new("host-1") }
}

fn fine(_: &Call) -> Answer {
    Answer::json(json!({}))
}

/// Records `events` one after the other has been written, and ends.
async fn recorded(api: &FakeApi, options: RecorderOptions, events: Vec<Event>) -> Recorder {
    let (recorder, task) = Recorder::start(Caller::new(api.client()), options);
    events.into_iter().for_each(|event| recorder.record(event));
    assert!(task.finish(Duration::from_secs(5)).await, "finished in time");
    recorder
}

fn verbs(api: &FakeApi) -> Vec<String> {
    api.lines().iter().map(|line| line.split(' ').next().unwrap().to_string()).collect()
}

#[tokio::test]
async fn a_scheduled_event_is_written_as_kube_scheduler_writes_it() {
    let api = FakeApi::new(fine);
    let pod = pod("web-1").build();
    recorded(&api, options(), vec![Event::scheduled(&pod, "node-a")]).await;
    let call = &api.calls()[0];
    assert_eq!(call.line, "POST /apis/events.k8s.io/v1/namespaces/default/events");
    let mut body = call.body.clone();
    let name = body["metadata"]["name"].as_str().unwrap().to_string();
    let hex = name.strip_prefix("web-1.").unwrap();
    assert!(u64::from_str_radix(hex, 16).is_ok(), "{name}");
    assert_eq!(body["eventTime"].as_str().unwrap().len(), "2026-01-01T00:00:00.000000Z".len());
    body["metadata"]["name"] = Value::Null;
    body["eventTime"] = Value::Null;
    let controller = &*pod.spec.scheduler_name;
    assert_eq!(
        body,
        json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"namespace": "default", "name": null}, "eventTime": null,
            "reportingController": controller, "reportingInstance": format!("{controller}-host-1"),
            "action": "Binding", "reason": "Scheduled", "type": "Normal",
            "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "web-1",
                          "uid": &*pod.meta.uid},
            "note": "Successfully assigned default/web-1 to node-a",
        })
    );
}

#[tokio::test]
async fn the_second_time_makes_a_series_and_later_ones_are_only_counted() {
    let api = FakeApi::new(fine);
    let failed = Event::failed_scheduling(&pod("p").build(), "0/1 nodes are available: 1 Insufficient cpu.");
    recorded(&api, options(), vec![failed.clone(), failed.clone(), failed.clone(), failed]).await;
    assert_eq!(verbs(&api), ["POST", "PATCH"]);
    let (first, patch) = (&api.calls()[0], &api.calls()[1]);
    assert!(patch.line.ends_with(first.body["metadata"]["name"].as_str().unwrap()), "{}", patch.line);
    assert_eq!(patch.content_type, "application/strategic-merge-patch+json");
    assert!(patch.body["series"]["count"].as_u64().unwrap() >= 2);
}

#[tokio::test]
async fn another_note_and_another_pod_are_other_events() {
    let api = FakeApi::new(fine);
    let (p, q) = (pod("p").build(), pod("q").build());
    let events = [(&p, "a"), (&p, "b"), (&q, "a")];
    recorded(&api, options(), events.map(|(pod, note)| Event::failed_scheduling(pod, note)).to_vec()).await;
    assert_eq!(verbs(&api), ["POST", "POST", "POST"]);
}

#[tokio::test]
async fn a_series_that_ended_writes_its_count_and_is_forgotten() {
    let api = FakeApi::new(fine);
    let options = RecorderOptions { finish: Duration::from_millis(60), ..options() };
    let (recorder, task) = Recorder::start(Caller::new(api.client()), options);
    let failed = Event::failed_scheduling(&pod("p").build(), "no");
    for _ in 0..2 {
        recorder.record(failed.clone());
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    recorder.record(failed.clone());
    tokio::time::sleep(Duration::from_millis(250)).await;
    recorder.record(failed);
    assert!(task.finish(Duration::from_secs(5)).await);
    assert_eq!(verbs(&api), ["POST", "PATCH", "PATCH", "POST"]);
    assert_eq!(api.calls()[2].body["series"]["count"], 3);
}

#[tokio::test]
async fn a_series_whose_event_is_gone_is_written_anew() {
    let api = FakeApi::new(|call| match call.line.starts_with("PATCH") {
        true => Answer::failure(404, "NotFound", "gone"),
        false => Answer::json(json!({})),
    });
    let failed = Event::failed_scheduling(&pod("p").build(), "no");
    recorded(&api, options(), vec![failed.clone(), failed]).await;
    assert_eq!(verbs(&api), ["POST", "PATCH", "POST"]);
    assert_eq!(api.calls()[2].body["series"]["count"], 2);
}

#[tokio::test]
async fn refusals_are_counted_and_not_tried_again() {
    let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "events is forbidden"));
    let event = Event::scheduled(&pod("p").build(), "n");
    let recorder = recorded(&api, options(), vec![event.clone(), event]).await;
    assert_eq!((verbs(&api).len(), recorder.counts().failed.load(Ordering::Relaxed)), (2, 2));
}

/// Waits until so many calls were made.
async fn calls(api: &FakeApi, count: usize) {
    let made = async {
        while api.calls().len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), made).await.is_ok(), "{} calls", api.calls().len());
}

#[tokio::test]
async fn events_that_come_soon_after_others_are_gathered() {
    let api = FakeApi::new(fine);
    let options = RecorderOptions { gather: Duration::from_secs(3600), ..options() };
    let (recorder, task) = Recorder::start(Caller::new(api.client()), options);
    recorder.record(Event::scheduled(&pod("p").build(), "n"));
    calls(&api, 1).await;
    for name in ["q", "r"] {
        recorder.record(Event::scheduled(&pod(name).build(), "n"));
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(verbs(&api).len(), 1, "the others wait");
    assert!(task.finish(Duration::from_secs(5)).await);
    assert_eq!(verbs(&api).len(), 3, "and are written at the end at the latest");
}

#[tokio::test]
async fn none_waits_to_be_gathered_while_more_come_than_may_be_written_at_a_time() {
    let api = FakeApi::new(fine);
    let options = RecorderOptions { gather: Duration::from_secs(3600), at_once: 2, ..options() };
    let (recorder, task) = Recorder::start(Caller::new(api.client()), options);
    for number in 0..6 {
        recorder.record(Event::scheduled(&pod(&format!("p-{number}")).build(), "n"));
    }
    calls(&api, 6).await;
    assert!(task.finish(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn too_many_are_dropped_and_the_end_does_not_wait_for_a_server_that_is_silent() {
    let api = FakeApi::new(|_| Answer::json(json!({})).after(Duration::from_secs(60)));
    let options = RecorderOptions { queue: 3, at_once: 1, ..options() };
    let (recorder, task) = Recorder::start(Caller::new(api.client()), options);
    for _ in 0..5 {
        recorder.record(Event::scheduled(&pod("p").build(), "n"));
    }
    assert_eq!(recorder.counts().dropped.load(Ordering::Relaxed), 2);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!task.finish(Duration::from_millis(30)).await);
    // One was under way, one was about to be; the last stood in the queue.
    assert!(recorder.counts().dropped.load(Ordering::Relaxed) >= 3);
}

#[test]
fn a_long_note_is_cut_where_a_character_ends() {
    let mut note = "ä".repeat(600);
    cut(&mut note);
    assert!(note.len() <= LONGEST_NOTE && note.ends_with("ä ..."), "{}", note.len());
    let mut note = "x".repeat(1024);
    cut(&mut note);
    assert_eq!(note.len(), 1024);
}

#[test]
fn a_victim_hears_of_its_preemptor() {
    let (victim, preemptor) = (pod("low").build(), pod("high").build());
    let event = Event::preempted(&victim, &preemptor, "node-a", true);
    let uid = &preemptor.meta.uid;
    assert_eq!(event.note, format!("Preempted by pod {uid} on node node-a (in kube-scheduler memory)."));
    assert_eq!(event.related.unwrap().name, "high".into());
}

#[tokio::test]
async fn a_leader_is_announced_on_its_lease() {
    let api = FakeApi::new(fine);
    let note = "host_1 became leader".to_string();
    let lease =
        LeaseEvent { namespace: "kube-system".into(), name: "longshore".into(), uid: "u".into(), note };
    recorded(&api, options(), vec![Event::leader_election(lease, "longshore".into())]).await;
    let body = &api.calls()[0].body;
    assert_eq!(
        body["regarding"],
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "namespace": "kube-system",
               "name": "longshore", "uid": "u"})
    );
    // The API server refuses an event without action.
    assert_eq!((&body["reason"], &body["action"]), (&json!("LeaderElection"), &json!("LeaderElection")));
}

#[tokio::test]
async fn what_a_plugin_says_of_a_pod_is_cut_to_what_the_api_takes() {
    let api = FakeApi::new(fine);
    let pod = pod("p").build();
    let long = Event::of_plugin(&pod, "ZonePack", EventKind::Warning, &"x".repeat(200), &"é".repeat(600));
    recorded(&api, options(), vec![long, Event::of_plugin(&pod, "ZonePack", EventKind::Normal, "", "")])
        .await;
    let bodies: Vec<Value> = api.calls().iter().map(|call| call.body.clone()).collect();
    let of = |reason: &str| bodies.iter().find(|body| body["reason"] == *reason).unwrap();
    let (long, empty) = (of(&"x".repeat(128)), of("Plugin"));
    assert_eq!((&long["action"], &long["type"]), (&json!("ZonePack"), &json!("Warning")));
    assert!(long["note"].as_str().unwrap().len() <= LONGEST_NOTE);
    assert_eq!((&empty["action"], &empty["type"]), (&json!("ZonePack"), &json!("Normal")));
}

#[tokio::test]
async fn what_concerns_the_scheduler_is_told_of_its_lease() {
    let api = FakeApi::new(fine);
    let lease = ObjectRef::lease("kube-system".into(), "longshore".into(), "u".into());
    let note = "plugin ZonePack failed 5 times in a minute".to_string();
    let (warning, by) = (EventKind::Warning, "longshore".into());
    let event = Event::of_scheduler(lease, warning, "PluginDisabled", "ZonePack", note, by);
    recorded(&api, options(), vec![event]).await;
    let body = &api.calls()[0].body;
    assert_eq!((&body["reason"], &body["regarding"]["kind"]), (&json!("PluginDisabled"), &json!("Lease")));
    assert_eq!(body["reportingController"], "longshore");
}
