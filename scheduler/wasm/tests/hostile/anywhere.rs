//! What can be done in every stage.

use std::sync::atomic::Ordering;
use std::time::Duration;

use longshore_framework::port::Request;
use longshore_wasm::{FailureKind, FailurePolicy};

use crate::harmless::{component, text};
use crate::trial::{Said, Trial, says, within};

/// Functions of a file's evil and the stage that is to blame for them.
const STAGES: [(&str, &str); 14] = [
    ("$apply", "Table"),
    ("$begin", "Begin"),
    ("$pre-enqueue", "PreEnqueue"),
    ("$pre-filter", "PreFilter"),
    ("$filter", "Filter"),
    ("$post-filter", "PostFilter"),
    ("$pre-score", "PreScore"),
    ("$score", "Score"),
    ("$normalize", "NormalizeScore"),
    ("$reserve", "Reserve"),
    ("$permit", "Permit"),
    ("$pre-bind", "PreBind"),
    ("$bind", "Bind"),
    ("$post-bind", "PostBind"),
];

/// Loads the guest with the evil of `file` in one function after the other, asks it about a bad pod and then about a
/// good one. `kind` and `pieces`: what is told of the bad pod.
#[track_caller]
fn check(file: &str, kind: FailureKind, pieces: &[&str]) {
    for (function, stage) in STAGES {
        check_one(file, function, stage, kind, pieces);
    }
    check_one(file, "$unreserve", "Unreserve", kind, pieces);
    before_the_first_call(file, kind, pieces);
}

#[track_caller]
fn check_one(file: &str, function: &str, stage: &'static str, kind: FailureKind, pieces: &[&str]) {
    let trial = Trial::new();
    let mut loaded = trial.load(&component(&text(file, &[function]))).unwrap();
    loaded.serves();
    assert_eq!(trial.failures(), [], "{function}");
    if stage != "Table" {
        trial.evil(true);
        let said = within(Duration::from_secs(5), || loaded.walk("bad"));
        told(&trial, stage, kind, pieces);
        blamed(&said, stage, pieces);
        trial.evil(false);
        loaded.serves();
        assert_eq!(trial.failures(), [], "{function}: the next pod");
    }
    drop(loaded);
    trial.nothing_left(3);
}

/// Whatever was told names the stage and the kind; told at most twice, since what only reads is tried again.
#[track_caller]
fn told(trial: &Trial, stage: &str, kind: FailureKind, pieces: &[&str]) {
    let failures = trial.failures();
    // Filter and Score both begin with Begin.
    let most = if stage == "Begin" { 4 } else { 2 };
    assert!((1..=most).contains(&failures.len()), "{stage}: {failures:?}");
    for (told_stage, told_kind, message) in failures {
        assert_eq!((told_stage, told_kind), (stage, kind), "{message}");
        says(&message, pieces);
    }
}

/// The error of the pod names the stage; other stages served it.
#[track_caller]
fn blamed(said: &[Said], stage: &str, pieces: &[&str]) {
    for (asked, words) in said {
        let to_blame = *asked == stage || (stage == "Begin" && matches!(*asked, "Filter" | "Score"));
        let failed = words.contains("of the WebAssembly plugin failed");
        assert_eq!(failed, to_blame, "{asked}: {words}");
        if failed {
            says(words, &[&format!("{stage} of the WebAssembly plugin failed")]);
            says(words, pieces);
        }
    }
}

/// The same in `describe`, `init` and the module's own start function: then there is no plugin.
#[track_caller]
fn before_the_first_call(file: &str, kind: FailureKind, pieces: &[&str]) {
    let started = format!(
        "{file}\n(start $boot) (func $boot (if (i64.ne (call $clock-now) (i64.const 0)) (then (call $evil))))"
    );
    for (bytes, stage) in [
        (component(&text(file, &["$describe"])), "Describe"),
        (component(&text(file, &["$init"])), "Init"),
        (component(&text(&started, &[])), "Start"),
    ] {
        // What hands texts to the host cannot be called before the module is ready.
        let early = stage == "Start"
            && file.contains("(func $evil")
            && (file.contains("$log") || file.contains("$emit"));
        let (kind, pieces) = if early { (FailureKind::Trap, &["uninitialized"][..]) } else { (kind, pieces) };
        let trial = Trial::new();
        trial.evil(true);
        let error = within(Duration::from_secs(10), || trial.load(&bytes).err().unwrap().to_string());
        says(&error, &[&format!("{stage} of the WebAssembly plugin failed ({kind})")]);
        says(&error, pieces);
        trial.nothing_left(1);
        trial.evil(false);
        trial.load(&bytes).unwrap().serves();
    }
}

macro_rules! evils {
    ($($name:ident: $kind:ident, $pieces:expr;)*) => {
        $(#[test]
        fn $name() {
            check(include_str!(concat!("anywhere/", stringify!($name), ".wat")), FailureKind::$kind, &$pieces);
        })*
    };
}

evils! {
    endless_loop: Timeout, ["limits.time"];
    endless_calls: Timeout, ["limits.time"];
    trap: Trap, ["unreachable"];
    stack_overflow: Trap, ["stack"];
    memory_growth: Memory, ["limits.memory"];
    memory_at_once: Memory, ["limits.memory"];
    table_growth: Memory, ["elements"];
    out_of_bounds: Trap, ["out of bounds"];
    bad_text_to_log: Trap, [];
    huge_text_to_log: Trap, [];
    bad_level_to_log: Trap, [];
    log_flood: Timeout, ["limits.time"];
    event_flood: Timeout, ["limits.time"];
}

#[test]
fn floods_are_dropped_and_counted() {
    for file in [include_str!("anywhere/log_flood.wat"), include_str!("anywhere/event_flood.wat")] {
        let trial = Trial::new();
        let mut loaded = trial.load(&component(&text(file, &["$permit"]))).unwrap();
        trial.evil(true);
        loaded.walk("bad");
        assert!(trial.told.dropped.load(Ordering::SeqCst) > 0);
        let passed_on = trial.requests.drain();
        assert!(passed_on.len() <= 60, "{} events", passed_on.len());
        for request in passed_on {
            let Request::Event { uid, reason, note, .. } = request else { panic!("{request:?}") };
            assert!(uid.len() < 2000 && reason.len() < 2000 && note.len() < 2000);
        }
    }
}

#[test]
fn a_plugin_whose_failures_are_ignored_lets_pods_pass() {
    let mut trial = Trial::new();
    trial.settings.failure_policy = FailurePolicy::Ignore;
    for (function, stage) in STAGES.into_iter().skip(1) {
        let mut loaded =
            trial.load(&component(&text(include_str!("anywhere/trap.wat"), &[function]))).unwrap();
        trial.evil(true);
        let said = loaded.walk("bad");
        assert!(said.iter().all(|(_, words)| !words.contains("failed")), "{said:?}");
        told(&trial, stage, FailureKind::Trap, &["unreachable"]);
        trial.evil(false);
    }
}
