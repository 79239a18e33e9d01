//! Giving a claim to a pod.

use longshore_framework::port::{ExtendedRequest, GeneratedClaim};
use longshore_framework::resource_claim::{ClaimSpec, DeviceCount, DeviceRequest, DeviceWish, Wanted};

use super::server::Fault;
use super::*;

const FINALIZER: &str = "resource.kubernetes.io/delete-protection";

/// How it ends, by the calls that are made.
#[track_caller]
fn check(bench: &Bench, outcome: Result<(), String>, want: Result<(), &str>, lines: &[&str]) {
    assert_eq!(outcome.as_ref().copied().map_err(String::as_str), want);
    assert_eq!(bench.server.lines(), lines);
}

/// The claim has the device and the pod uses it.
#[track_caller]
fn check_given(bench: &Bench, device: &str) {
    let claim = bench.server.claim("k");
    assert_eq!(claim["metadata"]["finalizers"], json!([FINALIZER]), "{claim}");
    let status = &claim["status"];
    assert_eq!(status["allocation"]["devices"]["results"][0]["device"], device);
    let user = json!([{"resource": "pods", "name": "p", "uid": &*bench.pod.meta.uid}]);
    assert_eq!(status["reservedFor"], user);
    let stamp = status["allocation"]["allocationTimestamp"].as_str().unwrap();
    assert!(stamp.ends_with('Z') && stamp.parse::<jiff::Timestamp>().is_ok(), "{stamp}");
}

const BOTH: [&str; 2] = ["PATCH k", "PATCH k/status"];

#[tokio::test]
async fn finalizer_then_allocation_and_user_at_once() {
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    check(&bench, bench.write(vec![gives("a")]).await, Ok(()), &BOTH);
    check_given(&bench, "a");
    assert_eq!(bench.server.sent(0)["metadata"]["resourceVersion"], "1");
    assert_eq!(bench.told(), [false, true], "the engine hears of each version");
}

#[tokio::test]
async fn a_claim_that_has_what_it_needs_gets_only_the_user() {
    let bench = Bench::new(vec![claim("k", json!({"finalizers": [FINALIZER]}), allocated("a", &["other"]))]);
    let what = ClaimWrite { allocation: None, ..gives("a") };
    check(&bench, bench.write(vec![what]).await, Ok(()), &["PATCH k/status"]);
    let claim = bench.server.claim("k");
    assert_eq!(claim["status"]["reservedFor"].as_array().unwrap().len(), 2);
    assert!(
        claim["status"]["allocation"]["allocationTimestamp"].is_null(),
        "an allocation cannot be changed"
    );
}

#[tokio::test]
async fn a_claim_that_changed_meanwhile_is_read_again() {
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    bench.server.fault(0, Fault::Overtaken);
    bench.server.fault(3, Fault::Overtaken);
    let lines = ["PATCH k", "GET k", "PATCH k", "PATCH k/status", "GET k", "PATCH k/status"];
    check(&bench, bench.write(vec![gives("a")]).await, Ok(()), &lines);
    check_given(&bench, "a");
}

#[tokio::test]
async fn what_became_of_the_claim_meanwhile_is_said() {
    let bench = Bench::new(vec![claim("k", json!({}), allocated("b", &["other"]))]);
    let want = Err("claim default/k got allocated elsewhere in the meantime");
    check(&bench, bench.write(vec![gives("a")]).await, want, &[]);
    let deleting = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
    let bench = Bench::new(vec![claim("k", deleting, json!({}))]);
    let want = Err("claim default/k got deleted in the meantime");
    check(&bench, bench.write(vec![gives("a")]).await, want, &[]);
    let bench = Bench::new(vec![]);
    check(&bench, bench.write(vec![gives("a")]).await, want, &["GET k"]);
    let bench = Bench::new(vec![claim("k", json!({"uid": "another"}), json!({}))]);
    check(&bench, bench.write(vec![gives("a")]).await, want, &["GET k"]);
    // Given to the pod by an attempt that chose another device.
    let own = pod("p").build().meta.uid.to_string();
    let bench = Bench::new(vec![claim("k", json!({}), allocated("b", &[&own]))]);
    let want = Err("claim default/k got allocated elsewhere in the meantime");
    check(&bench, bench.write(vec![gives("a")]).await, want, &[]);
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    let want = Err("claim default/k got deallocated elsewhere in the meantime");
    let what = ClaimWrite { allocation: None, ..gives("a") };
    check(&bench, bench.write(vec![what]).await, want, &[]);
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    bench.server.fault(1, Fault::Refused);
    let want = Err("add allocation and reservation to claim default/k: refused");
    check(&bench, bench.write(vec![gives("a")]).await, want, &BOTH);
}

#[tokio::test]
async fn a_write_whose_answer_got_lost_is_not_made_twice() {
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    bench.server.fault(1, Fault::Unanswered);
    check(&bench, bench.write(vec![gives("a")]).await, Ok(()), &["PATCH k", "PATCH k/status", "GET k"]);
    check_given(&bench, "a");
}

/// The process comes to an end before each of the calls, done or not, and another one begins anew.
#[tokio::test]
async fn an_end_between_any_two_writes_leaves_what_the_next_start_finishes() {
    for fault in [Fault::Refused, Fault::Unanswered] {
        for at in 0..2 {
            let mut bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
            bench.server.fault(at, fault);
            bench.server.dies_at(Some(at + 1));
            assert!(bench.write(vec![gives("a")]).await.is_err(), "{fault:?} {at}");
            bench.server.dies_at(None);
            bench.restart();
            bench.write(vec![gives("a")]).await.unwrap();
            check_given(&bench, "a");
            let calls = bench.server.calls();
            bench.write(vec![gives("a")]).await.unwrap();
            assert_eq!(bench.server.calls(), calls, "nothing is left to do");
        }
    }
}

#[tokio::test]
async fn whose_claim_was_written_first_keeps_the_device() {
    let bench =
        Bench::new(vec![claim("k", json!({}), json!({})), claim("other", json!({}), allocated("a", &["x"]))]);
    let want = Err(
        "claim default/k: device d.example.com/n/a was given to claim default/other by another scheduler in the meantime",
    );
    let lines = ["PATCH k", "PATCH k/status", "GET k", "PATCH k/status"];
    check(&bench, bench.write(vec![gives("a")]).await, want, &lines);
    let status = bench.server.claim("k")["status"].clone();
    assert_eq!((&status["allocation"], &status["reservedFor"]), (&Value::Null, &Value::Null));
    assert_eq!(bench.told(), [false, true, true, false]);
    // Another device of the pool is free, and one that comes later has to yield.
    bench.write(vec![gives("b")]).await.unwrap();
    bench.server.put(claim("late", json!({}), allocated("b", &["y"])));
    assert_eq!(bench.store.rival(&key("k")), None);
    assert!(bench.store.rival(&key("late")).is_some());
}

#[tokio::test]
async fn a_claim_that_the_watch_does_not_show_is_nobodys_yet() {
    let bench = Bench::new(vec![claim("k", json!({}), json!({}))]);
    bench.server.blind();
    let want = Err("claim default/k was written, and the watch does not show it");
    check(&bench, bench.write(vec![gives("a")]).await, want, &BOTH);
}

#[tokio::test]
async fn what_is_given_is_written_whole() {
    let whole = json!({
        "devices": {
            "results": [{
                "request": "r/large", "driver": "d.example.com", "pool": "n", "device": "a", "adminAccess": true,
                "tolerations": [{"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule", "tolerationSeconds": 5}, {"operator": "Exists"}],
                "shareID": "6e1d6a6e-0a2c-4e35-9d3b-0f2f4c1b5a10",
                "consumedCapacity": {"cores": "3", "memory": "10Gi"},
                "bindingConditions": ["x/Ready"], "bindingFailureConditions": ["x/Broken"],
            }],
            "config": [{"source": "FromClass", "opaque": {"driver": "d.example.com", "parameters": {"a": 1}}},
                {"source": "FromClaim", "requests": ["r"], "opaque": {"driver": "d.example.com", "parameters": {"b": [true]}}}],
        },
        "nodeSelector": {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}],
            "matchExpressions": [{"key": "zone", "operator": "Exists"}]}]},
    });
    let status = json!({ "allocation": whole });
    let read = longshore_manifest::resource_claim(&claim("k", json!({}), status)).unwrap();
    assert_eq!(super::super::json::allocation(&read.allocation.unwrap()), whole);
}

fn extended(requests: Vec<ExtendedRequest>) -> ClaimWrite {
    let wish = DeviceWish { class: "gpu".into(), count: DeviceCount::Exactly(2), ..DeviceWish::default() };
    let request = DeviceRequest { name: "container-0-request-0".into(), wanted: Wanted::Exactly(wish) };
    let spec = Arc::new(ClaimSpec { requests: vec![request], ..ClaimSpec::default() });
    ClaimWrite {
        name: "<extended-resources>".into(),
        generated: Some(Box::new(GeneratedClaim { spec, requests })),
        ..gives("a")
    }
}

#[tokio::test]
async fn a_claim_for_extended_resources_is_made_given_and_named_in_the_pods_status() {
    let bench = Bench::new(vec![]);
    let request = ExtendedRequest {
        container: "c".into(),
        resource: "example.com/gpu".into(),
        request: "container-0-request-0".into(),
    };
    let name = "p-extended-resources-abcde";
    let (main, status) = (format!("PATCH {name}"), format!("PATCH {name}/status"));
    let lines = ["POST ", &main, &status, "PATCH pods/p/status"];
    check(&bench, bench.write(vec![extended(vec![request])]).await, Ok(()), &lines);
    let made = bench.server.sent(0);
    let owner = json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": &*bench.pod.meta.uid, "controller": true}]);
    assert_eq!(made["metadata"]["ownerReferences"], owner);
    assert_eq!(
        made["metadata"]["annotations"],
        json!({"resource.kubernetes.io/extended-resource-claim": "true"})
    );
    let exactly = json!({"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2});
    assert_eq!(
        made["spec"]["devices"]["requests"],
        json!([{"name": "container-0-request-0", "exactly": exactly}])
    );
    let mapping = json!({"containerName": "c", "resourceName": "example.com/gpu", "requestName": "container-0-request-0"});
    let said = json!({"resourceClaimName": name, "requestMappings": [mapping]});
    assert_eq!(bench.server.sent(3)["status"]["extendedResourceClaimStatus"], said);
}

#[tokio::test]
async fn an_extended_claim_of_which_nothing_can_be_said_fails() {
    let bench = Bench::new(vec![]);
    let why = bench.write(vec![extended(Vec::new())]).await.unwrap_err();
    assert_eq!(why, "nil or empty request mappings, no update of pod default/p ExtendedResourceClaimStatus");
    assert_eq!(bench.server.names().len(), 1, "the next attempt finds it and takes it away");
}
