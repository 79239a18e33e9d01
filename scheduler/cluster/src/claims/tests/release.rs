//! Taking back.

use longshore_framework::port::{ClaimRelease, ReleasedClaim};

use super::server::Fault;
use super::*;

async fn take_back(bench: &Bench, what: ClaimRelease, version: u64) {
    let one =
        ReleasedClaim { namespace: "default".into(), name: "k".into(), uid: "uid-k".into(), version, what };
    let api = Caller::new(bench.server.client());
    let tell = bench.tell();
    let claims = Claims { api: &api, store: &bench.store, tell: &tell };
    release(&claims, &bench.pod, &[one]).await;
}

fn bench(users: &[&str]) -> Bench {
    let finalizers = json!({"finalizers": ["other", "resource.kubernetes.io/delete-protection"]});
    Bench::new(vec![claim("k", finalizers, allocated("a", users))])
}

/// Who uses the claim then, and whether it has its device.
#[track_caller]
fn check(bench: &Bench, users: &[&str], has: bool, lines: &[&str]) {
    let status = bench.server.claim("k")["status"].clone();
    let left: Vec<&str> = status["reservedFor"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|user| user["uid"].as_str().unwrap())
        .collect();
    assert_eq!((left, !status["allocation"].is_null()), (users.to_vec(), has));
    assert_eq!(bench.server.lines(), lines);
}

#[tokio::test]
async fn the_pod_leaves_the_claim_to_others() {
    let own = pod("p").build().meta.uid.to_string();
    let bench = bench(&["x", &own]);
    take_back(&bench, ClaimRelease::Reservation, 0).await;
    check(&bench, &["x"], true, &["PATCH k/status"]);
    assert_eq!(bench.told(), [true]);
}

#[tokio::test]
async fn what_a_claim_has_is_cleared_unless_it_has_changed() {
    let own = pod("p").build().meta.uid.to_string();
    let unchanged = bench(&[&own]);
    take_back(&unchanged, ClaimRelease::Allocation, 1).await;
    check(&unchanged, &[], false, &["PATCH k/status"]);
    let changed = bench(&[&own]);
    changed.server.fault(0, Fault::Overtaken);
    take_back(&changed, ClaimRelease::Allocation, 1).await;
    check(&changed, &[&own], true, &["PATCH k/status"]);
    let unknown = bench(&[&own]);
    take_back(&unknown, ClaimRelease::Allocation, 0).await;
    check(&unknown, &[], false, &["GET k", "PATCH k/status"]);
    let shared = bench(&[&own, "x"]);
    take_back(&shared, ClaimRelease::Allocation, 0).await;
    check(&shared, &[&own, "x"], true, &["GET k"]);
}

#[tokio::test]
async fn a_claim_goes_after_its_finalizer() {
    let bench = bench(&[]);
    bench.server.fault(1, Fault::Overtaken);
    take_back(&bench, ClaimRelease::Claim, 0).await;
    assert_eq!(bench.server.lines(), ["GET k", "PATCH k", "GET k", "PATCH k", "DELETE k"]);
    assert_eq!(bench.server.sent(3)["metadata"]["finalizers"], json!(["other"]));
    assert!(bench.server.names().is_empty());
    let told = bench.told.lock().unwrap();
    assert!(
        matches!(told.last(), Some(Input::ObjectDeleted(Object::ResourceClaim(claim))) if *claim.name == *"k")
    );
}

#[tokio::test]
async fn a_claim_that_is_gone_is_no_trouble() {
    let bench = Bench::new(vec![claim("k", json!({"uid": "another"}), json!({}))]);
    for what in [ClaimRelease::Reservation, ClaimRelease::Allocation, ClaimRelease::Claim] {
        take_back(&bench, what, 7).await;
    }
    assert_eq!(bench.server.claim("k")["metadata"]["uid"], "another");
}
