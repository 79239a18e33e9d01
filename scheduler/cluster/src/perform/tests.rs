//! What becomes of effects, with an API server of one function.

use std::sync::Mutex;

use longshore_framework::fixture::pod;
use longshore_framework::port::{
    ClaimRelease, ClaimWrite, FailureReason, PreBindWrite, ReleasedClaim, StorageWrite,
};
use serde_json::json;

use super::*;
use crate::fake_api::{Answer, FakeApi};
use crate::record::RecorderOptions;
use crate::status::SeenStatus;

type Inputs = Arc<Mutex<Vec<Input>>>;

/// A performer whose API server takes 20 ms, and what it told.
fn performer(pods: &[Arc<Pod>]) -> (Performer, FakeApi, Inputs) {
    let api = FakeApi::new(|_| {
        Answer::json(json!({"metadata": {"resourceVersion": "10"}})).after(Duration::from_millis(20))
    });
    let caller = Caller::new(api.client());
    let (told, status) = (Inputs::default(), StatusWriter::new(caller.clone()));
    pods.iter().for_each(|pod| status.saw(&pod.meta.uid, SeenStatus::default()));
    let inputs = Arc::clone(&told);
    let recorder = Recorder::start(caller.clone(), RecorderOptions::new("host")).0;
    let tools = Tools {
        bindings: caller.clone(),
        writes: caller.clone(),
        groups: GroupWriter::new(caller, recorder.clone(), Arc::default()),
        recorder,
        status,
        storage: Arc::default(),
        claims: Arc::default(),
        binding_backoff: crate::retry::Backoff::STATUS,
        bind_timeout: Box::new(|_| Duration::from_secs(60)),
        hold: Hold::unopposed(),
        tell: Arc::new(move |told| {
            if let Told::Input(input) = told {
                inputs.lock().unwrap().push(input);
            }
        }),
    };
    (Performer::new(Handle::current(), tools), api, told)
}

fn failed(pod: &Arc<Pod>) -> Effect {
    let (pod, message) = (Arc::clone(pod), "no room".to_string());
    Effect::Failed { pod, reason: FailureReason::Unschedulable, message, nominated_node: None }
}

fn bind(pod: &Arc<Pod>) -> Effect {
    let binding = Binding::of(pod, &"n".into());
    Effect::Bind { pod: Arc::clone(pod), binding, extenders: Vec::new() }
}

/// The calls about pods.
fn lines(api: &FakeApi) -> Vec<String> {
    let short = |line: String| line.replace(" /api/v1/namespaces/default/pods", "");
    api.lines().into_iter().filter(|line| !line.contains("/events")).map(short).collect()
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test]
async fn no_failure_is_written_onto_a_pod_that_is_bound() {
    let pod = pod("p").build();
    let (performer, api, _) = performer(&[Arc::clone(&pod)]);
    performer.perform(failed(&pod));
    performer.perform(bind(&pod));
    pause(200).await;
    assert_eq!(lines(&api), ["POST/p/binding"]);
}

#[tokio::test]
async fn conditions_go_a_few_at_a_time() {
    let pods: Vec<_> = (0..100).map(|i| pod(&format!("p{i}")).build()).collect();
    let (performer, api, _) = performer(&pods);
    pods.iter().for_each(|pod| performer.perform(failed(pod)));
    pause(10).await;
    assert_eq!(lines(&api).len(), STATUSES);
    pause(1000).await;
    assert_eq!(lines(&api).len(), pods.len());
}

#[tokio::test]
async fn a_pod_that_is_preempted_waits_for_its_volumes_no_longer() {
    let pod = pod("p").build();
    let (performer, _, told) = performer(&[Arc::clone(&pod)]);
    let claim =
        json!({"metadata": {"namespace": "default", "name": "data", "uid": "c1", "resourceVersion": "1"},
        "spec": {"resources": {"requests": {"storage": "1Gi"}}}})
        .to_string();
    performer.shared.tools.storage.saw_claim(&longshore_manifest::identity(&claim), &claim);
    let (namespace, claim) = ("default".into(), "data".into());
    let writes = vec![PreBindWrite::Storage(StorageWrite::Provision { namespace, claim, node: "n".into() })];
    performer.perform(Effect::PreBind { pod: Arc::clone(&pod), node: "n".into(), writes });
    pause(100).await;
    assert!(told.lock().unwrap().is_empty());
    performer.perform(Effect::Preempted {
        victim: Arc::clone(&pod),
        preemptor: Arc::clone(&pod),
        node: "n".into(),
    });
    pause(100).await;
    let told = told.lock().unwrap();
    assert!(
        matches!(&told[..], [Input::PreBound { result: Err(why), .. }] if why.ends_with("preempted")),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_is_taken_back_of_a_pod_goes_before_its_next_attempt() {
    let pod = pod("p").build();
    let (performer, api, _) = performer(&[Arc::clone(&pod)]);
    let (namespace, name, uid): (Str, Str, Str) = ("default".into(), "k".into(), "uid-k".into());
    let what = ClaimRelease::Reservation;
    let release = ReleasedClaim {
        namespace: namespace.clone(),
        name: name.clone(),
        uid: uid.clone(),
        version: 0,
        what,
    };
    performer.perform(Effect::ReleaseClaims { pod: Arc::clone(&pod), releases: vec![release] });
    let write = ClaimWrite { namespace, name, uid, generated: None, allocation: None, stamp: true };
    let writes = vec![PreBindWrite::Claim(Box::new(write))];
    performer.perform(Effect::PreBind { pod: Arc::clone(&pod), node: "n".into(), writes });
    let lines = || -> Vec<String> {
        let lines = api.lines().into_iter().filter(|line| line.contains("resourceclaims"));
        lines
            .map(|line| line.replace("/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/", ""))
            .collect()
    };
    pause(10).await;
    assert_eq!(lines(), ["PATCH k/status"]);
    pause(100).await;
    let then: Vec<String> = lines();
    assert_eq!(then[1], "GET k", "{then:?}");
}
