//! Two instances, of which one schedules.

use std::thread;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{Arena, Kind, LONG, Scheduler, SchedulerOptions, shared, until};
use serde_json::{Value, json};

both!(a_rolling_update_loses_no_pod);

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";

/// Leader election on the lease that the scheduler's role allows.
fn elected(kind: Kind, lease: &str, renew: &str, retry: &str) -> SchedulerOptions {
    SchedulerOptions::new(kind).config(&json!({ "leaderElection": {
        "leaderElect": true,
        "leaseDuration": lease,
        "renewDeadline": renew,
        "retryPeriod": retry,
        "resourceName": "kube-scheduler",
        "resourceNamespace": "kube-system",
    } }))
}

fn holder(arena: &Arena) -> Option<String> {
    let lease = arena.api.get(LEASE).ok()?;
    lease["spec"]["holderIdentity"].as_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn until_held(arena: &Arena, not_by: Option<&str>) -> String {
    let lease = || arena.api.get(LEASE).unwrap_or_default().to_string();
    until("somebody new to hold the lease", LONG, lease, || {
        holder(arena).filter(|holder| Some(holder.as_str()) != not_by)
    })
}

/// The lease of the test before this one would be waited for.
fn clear(arena: &Arena) {
    let _ = arena.api.delete(LEASE);
}

fn a_rolling_update_loses_no_pod(kind: Kind) {
    let arena = shared();
    clear(&arena);
    for name in ["a", "b", "c", "d", "e"] {
        arena.node(name, &json!({}));
    }
    let options = elected(kind, "4s", "3s", "1s");
    let mut old = arena.scheduler_with(&options);
    let first = until_held(&arena, None);
    let new = arena.scheduler_with(&options);
    assert_eq!(holder(&arena), Some(first.clone()), "a standby is ready and does not lead");
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..150 {
                arena.pod(&format!("web-{n}"), &json!({}));
                thread::sleep(Duration::from_millis(20));
            }
        });
        thread::sleep(Duration::from_secs(1));
        old.process.stop();
    });
    until_held(&arena, Some(&first));
    arena.until_all_bound(150);
    for n in 0..150 {
        let name = format!("web-{n}");
        let scheduled = arena.events(&name).iter().filter(|event| event["reason"] == "Scheduled").count();
        // The event of a binding may be lost with the process; it is never there twice.
        assert!(scheduled <= 1, "{name} was bound {scheduled} times");
    }
    drop(new);
}

#[test]
fn a_leader_that_stops_hands_over_at_once() {
    let arena = shared();
    clear(&arena);
    arena.node("a", &json!({}));
    // kube-scheduler's own times: without the release a standby would wait for 15 seconds.
    let options = elected(Kind::Longshore, "15s", "10s", "2s");
    let mut old = arena.scheduler_with(&options);
    let first = until_held(&arena, None);
    let _new = arena.scheduler_with(&options);
    assert!(old.process.stop().success(), "it ends well");
    let start = Instant::now();
    until_held(&arena, Some(&first));
    arena.pod("web", &json!({}));
    arena.until_bound("web");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_leader_that_dies_is_followed_when_its_lease_ends() {
    let arena = shared();
    clear(&arena);
    arena.node("a", &json!({}));
    let options = elected(Kind::Longshore, "3s", "2s", "500ms");
    let mut old = arena.scheduler_with(&options);
    let first = until_held(&arena, None);
    let _new = arena.scheduler_with(&options);
    old.process.kill();
    arena.pod("web", &json!({}));
    until_held(&arena, Some(&first));
    assert_eq!(arena.until_bound("web"), "a");
}

#[test]
fn a_leader_that_lost_its_lease_ends() {
    let arena = shared();
    clear(&arena);
    let mut scheduler: Scheduler = arena.scheduler_with(&elected(Kind::Longshore, "3s", "2s", "500ms"));
    until_held(&arena, None);
    let usurper = json!({ "spec": { "holderIdentity": "somebody-else", "leaseDurationSeconds": 3600 } });
    let stolen: Value = arena.api.patch(LEASE, &usurper).unwrap();
    assert_eq!(stolen["spec"]["holderIdentity"], "somebody-else");
    let status = scheduler.process.wait_for_exit(Duration::from_secs(10));
    assert!(!status.success(), "{status}");
    clear(&arena);
}
