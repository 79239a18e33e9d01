//! Bad guests: the failure is theirs, is told, and does not spread.

use std::time::Duration;

use longshore_framework::fixture::pod;
use longshore_wasm::{FailureKind, FailurePolicy, Settings};

use crate::cluster::{Asked, Stand};
use crate::wat::{ALL_FIT, Wat, guest, same_score};

fn load(stand: &Stand, wat: &Wat, policy: FailurePolicy) -> Asked {
    let settings =
        Settings { failure_policy: policy, time: Duration::from_millis(20), ..Settings::default() };
    stand.load(&wat.build(), &settings).unwrap().nodes(&["a", "b"])
}

/// What Filter says with this body, and which failures were told of.
#[track_caller]
fn check_filter(body: &str, kind: FailureKind, words: &str) {
    let stand = Stand::new();
    let asked = load(&stand, &guest().filter(body), FailurePolicy::Fail);
    let error = asked.filter(&pod("p").build()).unwrap_err().to_string();
    assert!(error.contains("Filter of the WebAssembly plugin failed") && error.contains(words), "{error}");
    let told = stand.heard.failures.lock().unwrap().clone();
    assert!(told.iter().all(|failure| *failure == ("Filter".to_string(), kind)), "{told:?}");
    assert!(!told.is_empty());
    let ignoring = load(&Stand::new(), &guest().filter(body), FailurePolicy::Ignore);
    assert!(ignoring.filter(&pod("p").build()).unwrap().iter().all(|(_, no)| no.is_empty()));
}

#[test]
fn a_trap_is_the_plugins_failure() {
    check_filter("unreachable", FailureKind::Trap, "unreachable");
}

#[test]
fn an_endless_loop_is_stopped() {
    check_filter("(loop $l (br $l)) unreachable", FailureKind::Timeout, "limits.time");
}

#[test]
fn memory_has_a_cap() {
    let grow = "(loop $l (drop (memory.grow (i32.const 100))) (br $l)) unreachable";
    check_filter(grow, FailureKind::Memory, "limits.memory");
}

#[test]
fn rows_that_were_not_asked_about_are_refused() {
    let forged = ALL_FIT.replacen(
        "(i32.store8 (i32.const 256) (i32.const 0))",
        "(i32.store8 (i32.const 256) (i32.const 0)) (i64.store (local.get $set) (i64.const -1))",
        1,
    );
    check_filter(&forged, FailureKind::Answer, "not asked about");
}

#[test]
fn scores_out_of_range_are_refused() {
    let stand = Stand::new();
    let asked = load(&stand, &guest().score(&same_score(101)), FailurePolicy::Fail);
    let error = asked.score(&pod("p").build()).unwrap_err().to_string();
    assert!(error.contains("a score of 101"), "{error}");
}

#[test]
fn a_plugin_that_keeps_failing_is_not_called_any_more() {
    let stand = Stand::new();
    let asked = load(&stand, &guest().filter("unreachable"), FailurePolicy::Fail);
    let p = pod("p").build();
    for _ in 0..10 {
        asked.filter(&p).unwrap_err();
    }
    assert_eq!(*stand.heard.breaker.lock().unwrap(), [true]);
    let calls = stand.heard.calls.lock().unwrap().iter().filter(|stage| **stage == "Filter").count();
    assert_eq!(calls, longshore_wasm::breaker::FAILURES);
    let error = asked.filter(&p).unwrap_err().to_string();
    assert!(error.contains("switched off") && error.contains("unreachable"), "{error}");
}

#[test]
fn nothing_is_left_of_instances_that_failed() {
    let stand = Stand::new();
    let asked = load(&stand, &guest().filter("unreachable"), FailurePolicy::Fail);
    asked.filter(&pod("p").build()).unwrap_err();
    drop(asked);
    let (made, gone) = *stand.heard.instances.lock().unwrap();
    assert!(made > 2);
    assert_eq!((made - gone, *stand.heard.memory.lock().unwrap()), (0, 0));
}
