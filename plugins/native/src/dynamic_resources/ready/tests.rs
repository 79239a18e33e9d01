use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::resource_claim::DeviceStatus;

use super::*;

fn device(name: &str, conditions: Option<&[&str]>, failures: &[&str]) -> AllocatedDevice {
    let texts = |texts: &[&str]| texts.iter().map(|text| Str::from(*text)).collect::<Arc<[Str]>>();
    AllocatedDevice {
        request: "r".into(),
        driver: "d".into(),
        pool: "p".into(),
        device: name.into(),
        admin: false,
        tolerations: Arc::from([]),
        share: None,
        consumed: Vec::new(),
        binding_conditions: conditions.map(texts),
        binding_failure_conditions: texts(failures),
    }
}

fn claim(statuses: &[(&str, &[&str])]) -> ResourceClaim {
    let status = |(device, holds): &(&str, &[&str])| DeviceStatus {
        driver: "d".into(),
        pool: "p".into(),
        device: (*device).into(),
        holds: holds.iter().map(|condition| (*condition).into()).collect(),
    };
    ResourceClaim {
        namespace: "default".into(),
        name: "c".into(),
        uid: "c".into(),
        version: 0,
        terminating: false,
        owner_uid: None,
        extended: false,
        spec: Arc::default(),
        allocation: None,
        allocated_at: Some(Timestamp(1_000)),
        reserved_for: Vec::new(),
        devices: statuses.iter().map(status).collect(),
    }
}

#[track_caller]
fn check(statuses: &[(&str, &[&str])], want: Readiness) {
    let devices = vec![device("plain", None, &[]), device("slow", Some(&["Up", "Linked"]), &["Broken"])];
    let allocation = Allocation { devices, ..Allocation::default() };
    assert_eq!(readiness(&claim(statuses), &allocation), want);
}

#[test]
fn every_condition_must_be_true_and_no_failure() {
    check(&[], Readiness::Waiting);
    check(&[("plain", &["Up", "Linked"])], Readiness::Waiting);
    check(&[("slow", &["Up"])], Readiness::Waiting);
    check(&[("slow", &["Linked", "Up", "Other"])], Readiness::Ready);
    check(&[("slow", &["Linked", "Up", "Broken"])], Readiness::Failed);
}

#[test]
fn the_wait_is_over_after_the_timeout_and_where_no_time_passes() {
    let waits = Allocation { devices: vec![device("slow", Some(&["Up"]), &[])], ..Allocation::default() };
    let over = |allocation: &Allocation, now: Option<i64>| {
        has_timed_out(&claim(&[]), allocation, Duration::from_secs(10), now.map(Timestamp))
    };
    assert!(!over(&waits, Some(11_000)));
    assert!(over(&waits, Some(11_001)));
    assert!(over(&waits, None));
    let plain = Allocation { devices: vec![device("plain", None, &[])], ..Allocation::default() };
    assert!(!over(&plain, Some(20_000)), "nothing is waited for");
    assert!(has_conditions(&waits) && !has_conditions(&plain));
    let unstamped = ResourceClaim { allocated_at: None, ..claim(&[]) };
    assert!(!has_timed_out(&unstamped, &waits, Duration::from_secs(10), None));
}
