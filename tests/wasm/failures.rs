//! Bad guests: the failure is theirs, is told, and does not spread.

use std::time::Duration;

use longshore_framework::fixture::pod;
use longshore_framework::pod::Owner;
use longshore_framework::verdict::PluginError;
use longshore_wasm::{FailureKind, FailurePolicy, Patience, Settings};

use crate::cluster::{Asked, Judged, Stand};
use crate::wat::{ALL_FIT, OK, RESET, Wat, guest, none_fit, same_score};

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

/// Why a guest is not taken.
#[track_caller]
fn refused(wat: &Wat, settings: &Settings) -> String {
    match Stand::new().load(&wat.build(), settings) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

/// A guest whose `function` logs `text` as an error and traps, as SDKs do when a plugin panics.
fn panics(wat: Wat, function: &'static str, signature: &'static str, text: &str) -> Wat {
    let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let body =
        format!("(call $log_log (i32.const 3) (i32.const 2000) (i32.const {})) unreachable", text.len());
    wat.import("log#log", "(param i32 i32 i32)")
        .extra(&format!("(data (i32.const 2000) \"{escaped}\")"))
        .function(function, signature, &body)
}

#[test]
fn a_panic_is_told_with_its_text_wherever_it_happens() {
    let text = "panicked at src/lib.rs:4:9:\nno zone \u{202e}ereht";
    let want = "panicked at src/lib.rs:4:9: no zone \u{fffd}ereht (wasm trap: wasm `unreachable` instruction executed)";
    let stand = Stand::new();
    let filter = panics(guest().filter(""), "filter#filter", "(param i32 i32) (result i32)", text);
    let asked = load(&stand, &filter, FailurePolicy::Fail);
    let error = asked.filter(&pod("p").build()).unwrap_err().to_string();
    assert!(error.ends_with(want), "{error}");
    for (function, signature, stage) in [
        ("lifecycle#describe", "(result i32)", "Describe"),
        ("lifecycle#init", "(param i32 i32 i32 i32) (result i32)", "Init"),
    ] {
        let wat = panics(guest().filter(ALL_FIT), function, signature, text);
        let error = refused(&wat, &Settings::default());
        assert!(error.starts_with(stage) && error.ends_with(want), "{error}");
    }
}

#[test]
fn what_was_said_in_an_earlier_call_is_no_ones_last_word() {
    let stand = Stand::new();
    let said = "(call $log_log (i32.const 3) (i32.const 2000) (i32.const 5))";
    let wat = guest()
        .import("log#log", "(param i32 i32 i32)")
        .extra("(data (i32.const 2000) \"early\")")
        .filter("unreachable")
        .function("lifecycle#init", "(param i32 i32 i32 i32) (result i32)", &format!("{said} {OK}"));
    let error = load(&stand, &wat, FailurePolicy::Fail).filter(&pod("p").build()).unwrap_err().to_string();
    assert!(error.contains("unreachable") && !error.contains("early"), "{error}");
}

#[test]
fn a_start_that_takes_too_long_is_not_blamed_on_the_limit_of_calls() {
    for (function, signature) in
        [("lifecycle#describe", "(result i32)"), ("lifecycle#init", "(param i32 i32 i32 i32) (result i32)")]
    {
        let wat = guest().filter(ALL_FIT).function(function, signature, "(loop $l (br $l)) unreachable");
        let settings = Settings { time: Duration::from_millis(20), ..Settings::default() };
        let error = refused(&wat, &settings);
        assert!(error.contains("longer than the 2s that a plugin has for getting ready"), "{error}");
    }
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
    for at in 0..10 {
        asked.filter(&pod(&format!("p{at}")).build()).unwrap_err();
    }
    assert_eq!(*stand.heard.breaker.lock().unwrap(), [true]);
    // Each pod is asked about a second time, but for the last.
    assert_eq!(calls(&stand), 2 * longshore_wasm::breaker::FAILURES - 1);
    let error = asked.filter(&pod("p").build()).unwrap_err().to_string();
    assert!(error.contains("switched off") && error.contains("unreachable"), "{error}");
}

fn calls(stand: &Stand) -> usize {
    stand.heard.calls.lock().unwrap().iter().filter(|stage| **stage == "Filter").count()
}

/// Breaks over pods of this priority.
fn breaks_over(priority: i32) -> Wat {
    let begin = format!(
        "(if (i32.eq (i32.load offset=24 (local.get 0)) (i32.const {priority})) (then unreachable)) {RESET} {OK}"
    );
    guest().function("cycle#begin", "(param i32) (result i32)", &begin).filter(ALL_FIT)
}

#[test]
fn a_pod_that_breaks_a_plugin_is_not_asked_about_any_more_and_others_are() {
    let stand = Stand::new();
    let asked = load(&stand, &breaks_over(7), FailurePolicy::Fail);
    let (bad, good) = (pod("bad").priority(7).build(), pod("good").build());
    for _ in 0..20 {
        let error = asked.filter(&bad).unwrap_err().to_string();
        assert!(error.contains("unreachable"), "{error}");
        assert!(asked.filter(&good).unwrap().iter().all(|(_, no)| no.is_empty()));
    }
    let told = stand.heard.failures.lock().unwrap().clone();
    let of = |kind| told.iter().filter(|(_, of)| *of == kind).count();
    assert_eq!((of(FailureKind::Trap), of(FailureKind::Quarantine), told.len()), (2, 19, 21));
    assert!(stand.heard.breaker.lock().unwrap().is_empty());
}

#[test]
fn pods_of_a_bad_deployment_switch_a_plugin_off_for_nobody_else() {
    let stand = Stand::new();
    let asked = load(&stand, &breaks_over(7), FailurePolicy::Fail);
    let owner = || {
        let uid = "replicas".into();
        Some(Owner { api_version: "apps/v1".into(), kind: "ReplicaSet".into(), name: "web".into(), uid })
    };
    for at in 0..100 {
        asked.filter(&pod(&format!("web-{at}")).priority(7).meta(|m| m.owner = owner()).build()).unwrap_err();
    }
    let broke =
        stand.heard.failures.lock().unwrap().iter().filter(|(_, of)| *of == FailureKind::Trap).count();
    // Each of the first few twice, but for the one that was enough.
    assert_eq!(broke, 2 * longshore_wasm::quarantine::OWNER_PODS - 1);
    assert!(asked.filter(&pod("good").build()).is_ok());
    assert!(stand.heard.breaker.lock().unwrap().is_empty());
}

/// What a guest says whose Filter takes a while, and no more than a millisecond is allowed.
fn slow(patience: Patience) -> Result<Judged, PluginError> {
    let stand = Stand::with(|options| options.patience = patience);
    let wait = format!(
        "(loop $l (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $at) (i32.const 300000000)))) {ALL_FIT}"
    );
    let settings = Settings { time: Duration::from_millis(1), ..Settings::default() };
    stand.load(&guest().filter(&wait).build(), &settings).unwrap().nodes(&["a"]).filter(&pod("p").build())
}

#[test]
fn where_the_cluster_stands_still_a_slow_machine_changes_no_answer() {
    assert!(slow(Patience::Live).unwrap_err().to_string().contains("limits.time"));
    assert_eq!(slow(Patience::Endless).unwrap(), [("a".to_string(), String::new())]);
}

#[test]
fn where_the_cluster_stands_still_a_plugin_is_asked_whatever_it_did() {
    let stand = Stand::with(|options| options.patience = Patience::Endless);
    let asked = load(&stand, &breaks_over(7), FailurePolicy::Fail);
    for at in 0..20 {
        asked.filter(&pod(&format!("bad-{at}")).priority(7).build()).unwrap_err();
    }
    assert!(asked.filter(&pod("good").build()).is_ok());
    let told = stand.heard.failures.lock().unwrap().clone();
    assert!(told.iter().all(|(_, kind)| *kind == FailureKind::Trap), "{told:?}");
    assert!(stand.heard.breaker.lock().unwrap().is_empty());
}

/// How often a guest with this filter is told of for two answers, over many questions.
#[track_caller]
fn check_unsteady(wat: Wat, pure: bool, told: bool) {
    let stand = Stand::new();
    let wat = if pure { wat.pure() } else { wat };
    let names: Vec<String> = (0..40).map(|at| format!("n{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let asked = stand.load(&wat.build(), &Settings::default()).unwrap().nodes(&names);
    for _ in 0..200 {
        asked.filter(&pod("p").build()).unwrap();
    }
    let failures = stand.heard.failures.lock().unwrap().clone();
    assert_eq!(!failures.is_empty(), told, "{failures:?}");
    assert!(failures.iter().all(|failure| *failure == ("Filter".to_string(), FailureKind::Unsteady)));
}

#[test]
fn a_filter_that_gives_two_answers_to_one_question_is_told_of() {
    let flips = format!(
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (result i32) (i32.and (global.get $calls) (i32.const 1)) (then {ALL_FIT}) (else {}))",
        none_fit("no")
    );
    let flips = guest().extra("(global $calls (mut i32) (i32.const 0))").filter(&flips);
    check_unsteady(flips.clone(), false, true);
    check_unsteady(flips, true, true);
    check_unsteady(guest().filter(ALL_FIT), false, false);
    check_unsteady(guest().filter(ALL_FIT), true, false);
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
