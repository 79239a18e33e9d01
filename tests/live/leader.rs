//! Two instances, of which one schedules.

use std::thread;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::proxy::Gateway;
use longshore_tests::control_plane::{
    Arena, Kind, LONG, SCHEDULER, Scheduler, SchedulerOptions, objects, shared, until,
};
use rustix::process::Signal;
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

/// A leader is stopped in the middle of its work, as with its virtual machine, and wakes up when another one leads: not one of
/// the bindings that it had decided is sent.
#[test]
fn a_leader_that_slept_past_its_lease_binds_nothing() {
    let arena = shared();
    clear(&arena);
    for name in ["a", "b", "c", "d", "e"] {
        arena.node(name, &json!({}));
    }
    let gateway = Gateway::start(arena.plane);
    let file = gateway.kubeconfig_file(arena.plane, SCHEDULER);
    // So slow that there is always a binding that waits to be sent.
    let slow = json!({ "clientConnection": { "qps": 20, "burst": 20 } });
    let mut old =
        arena.scheduler_with(&elected(Kind::Longshore, "4s", "3s", "1s").config(&slow).kubeconfig(file));
    let first = until_held(&arena, None);
    let _new = arena.scheduler_with(&elected(Kind::Longshore, "4s", "3s", "1s"));
    arena.api.create_all((0..200).map(|n| arena.new_pod(&format!("web-{n}"))));
    let sent = || gateway.count("/binding");
    until("some bindings to be sent", LONG, || old.log(), || (sent() >= 30).then_some(()));
    old.process.signal(Signal::STOP);
    until_held(&arena, Some(&first));
    let before = sent();
    old.process.signal(Signal::CONT);
    assert!(!old.process.wait_for_exit(LONG).success(), "it is no leader any more");
    assert_eq!(sent(), before, "bindings after the lease was lost:\n{}", old.log());
    arena.until_all_bound(200);
}

/// Told to end while it evicts: the lease is given back when the evictions are done, and the log says so.
#[test]
fn a_leader_that_is_told_to_end_finishes_its_evictions_first() {
    let arena = shared();
    clear(&arena);
    arena.node("a", &json!({}));
    for n in 0..10 {
        let pod = objects::asking(arena.new_pod(&format!("low-{n}")), "300m");
        arena.api.create(&objects::with(pod, &json!({ "spec": { "nodeName": "a" } })));
    }
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": { "name": format!("high-{}", arena.namespace) }, "value": 1000,
    });
    arena.api.create(&class);
    // Each eviction is a read, a patch and a delete: ten of them take seconds.
    let slow = json!({ "clientConnection": { "qps": 5, "burst": 5 } });
    let mut old = arena.scheduler_with(&elected(Kind::Longshore, "15s", "10s", "2s").config(&slow));
    until_held(&arena, None);
    let high = objects::asking(arena.new_pod("high"), "3500m");
    let high = objects::with(high, &json!({ "spec": { "priorityClassName": class["metadata"]["name"] } }));
    arena.api.create(&high);
    let begun = || old.log().contains("Evicted a victim").then_some(());
    until("the first eviction", LONG, || old.log(), begun);
    assert!(old.process.stop().success());
    let log = old.log();
    let line = log.lines().find(|line| line.contains("finished at the end")).unwrap_or_default();
    assert!(line.contains("evictions for 1 pods"), "{line}\n{log}");
    assert_eq!(holder(&arena), None, "the lease was given back");
}
