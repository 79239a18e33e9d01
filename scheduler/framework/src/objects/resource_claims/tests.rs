//! The devices in use are at any time those of all claims and those in flight.

use super::*;
use crate::resource_claim::{AllocatedDevice, ClaimSpec};

fn claim(name: &str, allocation: Option<Allocation>) -> ResourceClaim {
    ResourceClaim {
        namespace: "ns".into(),
        name: name.into(),
        uid: format!("uid-{name}").into(),
        version: 0,
        terminating: false,
        owner_uid: None,
        extended: false,
        spec: Arc::new(ClaimSpec::default()),
        allocation: allocation.map(Arc::new),
        allocated_at: None,
        reserved_for: Vec::new(),
        devices: Vec::new(),
    }
}

/// Some of nine devices in two pools; every third one is shared, and one is an administrator's.
fn allocation(seed: u64) -> Allocation {
    let device = |at: u64| AllocatedDevice {
        request: "r".into(),
        driver: "d".into(),
        pool: if at.is_multiple_of(2) { "even" } else { "odd" }.into(),
        device: at.to_string().into(),
        admin: at == 7,
        tolerations: Arc::from([]),
        share: (at.is_multiple_of(3)).then(|| seed.to_string().into()),
        consumed: if at == 3 { vec![("memory".into(), "1Gi".parse().unwrap())] } else { Vec::new() },
        binding_conditions: None,
        binding_failure_conditions: Arc::from([]),
    };
    let devices = (0..9).filter(|at| seed >> at & 1 == 1).map(device).collect();
    Allocation { devices, ..Allocation::default() }
}

/// The same from scratch.
fn rebuilt(claims: &ResourceClaims) -> InUse {
    let mut in_use = InUse::default();
    claims.iter().filter_map(|claim| claim.allocation.as_ref()).for_each(|given| in_use.add(given));
    claims.in_flight.values().for_each(|given| in_use.add(given));
    in_use
}

#[test]
fn what_is_in_use_is_what_a_count_from_scratch_says_whatever_happens() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut claims = ResourceClaims::default();
    for step in 0..5_000 {
        let name = random(6).to_string();
        let (key, uid): (NamespacedName, Str) = (("ns".into(), (*name).into()), format!("uid-{name}").into());
        match random(6) {
            0 => claims.send(uid, Arc::new(allocation(random(512)))),
            1 => _ = claims.take_back(&uid),
            2 => _ = claims.remove(&key),
            3 => _ = claims.set(Arc::new(claim(&name, None))),
            4 => {
                let other =
                    ResourceClaim { uid: "another".into(), ..claim(&name, Some(allocation(random(512)))) };
                claims.set(Arc::new(other));
            }
            _ => _ = claims.set(Arc::new(claim(&name, Some(allocation(random(512)))))),
        }
        assert_eq!(claims.in_use, rebuilt(&claims), "step {step}");
    }
    for name in 0..6 {
        claims.remove(&("ns".into(), name.to_string().into()));
        claims.take_back(&format!("uid-{name}").into());
    }
    claims.take_back(&"another".into());
    assert!(claims.in_use.is_empty());
}

#[test]
fn what_is_in_flight_ends_with_the_first_news_of_an_allocation() {
    let mut claims = ResourceClaims::default();
    claims.set(Arc::new(claim("a", None)));
    claims.send("uid-a".into(), Arc::new(allocation(2)));
    claims.set(Arc::new(ResourceClaim { version: 1, ..claim("a", None) }));
    assert!(claims.in_flight(&"uid-a".into()).is_some(), "the finalizer was written");
    claims.set(Arc::new(ResourceClaim { version: 2, ..claim("a", Some(allocation(2))) }));
    assert!(claims.in_flight(&"uid-a".into()).is_none());
    let late = Arc::new(ResourceClaim { version: 1, ..claim("a", None) });
    assert_eq!(claims.set(Arc::clone(&late)), Some(late), "an old version changes nothing");
    assert!(!claims.in_use().is_empty());
}

#[test]
fn what_is_given_up_while_it_is_written_is_free_when_that_is_over() {
    let mut claims = ResourceClaims::default();
    claims.set(Arc::new(claim("a", None)));
    claims.send("uid-a".into(), Arc::new(allocation(2)));
    claims.begin_writes(&"pod".into());
    claims.give_up(&"pod".into(), &"uid-a".into());
    assert!(!claims.in_use().is_empty(), "it may arrive");
    claims.end_writes("pod");
    assert!(claims.in_use().is_empty());
    claims.send("uid-a".into(), Arc::new(allocation(2)));
    claims.give_up(&"pod".into(), &"uid-a".into());
    assert!(claims.in_use().is_empty(), "nothing is written any more");
}

#[test]
fn a_claim_that_was_made_for_a_pod_ends_what_is_in_flight_for_it() {
    let mut claims = ResourceClaims::default();
    let uid = extended_claim_uid(&"pod".into());
    claims.send(uid.clone(), Arc::new(allocation(2)));
    let made = ResourceClaim { extended: true, owner_uid: Some("pod".into()), ..claim("made", None) };
    claims.set(Arc::new(made.clone()));
    assert!(claims.in_flight(&uid).is_some());
    claims.set(Arc::new(ResourceClaim { allocation: Some(Arc::new(allocation(2))), ..made }));
    assert!(claims.in_flight(&uid).is_none());
    assert_eq!(claims.extended_of(&"pod".into()).map(|claim| &*claim.name), Some("made"));
    claims.remove(&("ns".into(), "made".into()));
    assert!(claims.in_use().is_empty() && claims.extended_of(&"pod".into()).is_none());
}

#[test]
fn whoever_gives_up_while_writes_are_under_way_frees_devices_when_they_are_over() {
    let mut claims = ResourceClaims::default();
    claims.set(Arc::new(claim("a", None)));
    let (pod, uid): (Str, Str) = ("pod".into(), "uid-a".into());
    let given = Arc::new(allocation(3));
    claims.send(uid.clone(), Arc::clone(&given));
    claims.begin_writes(&pod);
    claims.give_up(&pod, &uid);
    assert!(!claims.in_use().is_empty(), "it may arrive nevertheless");
    let lost = claims.end_writes(&pod);
    let [(had, has)] = lost.as_slice() else { panic!("{lost:?}") };
    assert_eq!((&had.allocation, &has.allocation), (&Some(given), &None));
    assert!(claims.in_use().is_empty());
    assert!(claims.end_writes(&pod).is_empty());
}
