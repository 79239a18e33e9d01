//! Answers that make no sense.

use std::time::Duration;

use longshore_framework::port::Request;
use longshore_wasm::{Capability, FailureKind};

use crate::harmless::{component, text};
use crate::trial::{Trial, says, within};

/// Loads the guest with the evil answer of `file`; a bad pod's stage fails with `kind` and `pieces`, a good one is served.
#[track_caller]
fn check(file: &str, stages: &[&str], kind: FailureKind, pieces: &[&str]) {
    let trial = Trial::new();
    let mut loaded = trial.load(&component(&text(file, &[]))).unwrap();
    loaded.serves();
    trial.evil(true);
    let said = within(Duration::from_secs(5), || loaded.walk("bad"));
    let failures = trial.failures();
    assert!(!failures.is_empty(), "nothing was told: {said:?}");
    for (stage, told, message) in &failures {
        assert!(stages.contains(stage), "{failures:?}");
        assert_eq!(*told, kind, "{message}");
        says(message, pieces);
    }
    let failed: Vec<_> =
        said.iter().filter(|(_, words)| words.contains("of the WebAssembly plugin failed")).collect();
    assert!(!failed.is_empty(), "{said:?}");
    trial.evil(false);
    loaded.serves();
    assert_eq!(trial.failures(), []);
    drop(loaded);
    trial.nothing_left(3);
}

macro_rules! evils {
    ($($name:ident: $stage:literal, $kind:ident, $pieces:expr;)*) => {
        $(#[test]
        fn $name() {
            let file = include_str!(concat!("answers/", stringify!($name), ".wat"));
            check(file, &[$stage], FailureKind::$kind, &$pieces);
        })*
    };
}

evils! {
    forged_rows: "Filter", Answer, ["not asked about"];
    too_few_verdicts: "Filter", Answer, ["rejects 2 nodes with 0 verdicts"];
    too_many_verdicts: "Filter", Answer, ["rejects 0 nodes with 5 verdicts"];
    rejection_out_of_range: "Filter", Answer, ["a rejection beyond the 1"];
    too_many_reasons: "Filter", Answer, ["5000 different reasons"];
    long_lists: "Filter", Trap, [];
    long_list_of_scores: "Score", Trap, [];
    gigabyte_reason: "Reserve", Trap, [];
    amplified_names: "PreFilter", Trap, [];
    not_utf8: "PreBind", Trap, ["utf-8"];
    unknown_code: "PreEnqueue", Trap, [];
    unknown_case: "Bind", Trap, [];
    answer_nowhere: "Score", Trap, [];
    answer_askew: "Permit", Trap, [];
    smallest_score: "NormalizeScore", Answer, ["-9223372036854775808"];
    largest_score: "NormalizeScore", Answer, ["9223372036854775807"];
    score_of_101: "NormalizeScore", Answer, ["a score of 101"];
    score_below_zero: "NormalizeScore", Answer, ["a score of -1"];
    too_few_scores: "Score", Answer, ["1 scores for 2 nodes"];
    too_many_scores: "Score", Answer, ["3 scores for 2 nodes"];
    too_few_normalised: "NormalizeScore", Answer, ["0 scores for 2 nodes"];
    not_a_number: "Score", Trap, ["conversion to integer"];
    large_state: "PreFilter", Answer, ["65537 bytes"];
    large_score_state: "PreScore", Answer, ["65537 bytes"];
    unknown_node: "PostFilter", Answer, ["\"nowhere\""];
    unknown_victim: "PostFilter", Answer, ["which is on no node"];
    bad_annotation: "Bind", Answer, ["not a key of annotations"];
}

/// What happens while the host hands something in shows in whatever stage that is.
#[test]
fn bad_memory_for_the_host() {
    let all = [
        "PreEnqueue",
        "PreFilter",
        "Begin",
        "Filter",
        "PostFilter",
        "PreScore",
        "Score",
        "NormalizeScore",
        "Reserve",
        "Permit",
        "PreBind",
        "Bind",
        "PostBind",
        "Unreserve",
        "Breaker",
        "Table",
    ];
    for (file, kind, pieces) in [
        (include_str!("answers/realloc_nowhere.wat"), FailureKind::Trap, ["realloc"]),
        (include_str!("answers/realloc_askew.wat"), FailureKind::Trap, ["realloc"]),
        (include_str!("answers/realloc_trap.wat"), FailureKind::Trap, ["unreachable"]),
        (include_str!("answers/realloc_loop.wat"), FailureKind::Timeout, ["limits.time"]),
        (include_str!("answers/realloc_calls_out.wat"), FailureKind::Trap, ["leave"]),
    ] {
        let trial = Trial::new();
        let mut loaded = trial.load(&component(&text(file, &[]))).unwrap();
        loaded.occupy();
        trial.evil(true);
        within(Duration::from_secs(5), || loaded.walk("bad"));
        let failures = trial.failures();
        assert!(!failures.is_empty());
        for (stage, told, message) in &failures {
            assert!(all.contains(stage) && (*told == kind || told.is_unasked()), "{failures:?}");
            says(message, &pieces);
        }
        drop(loaded);
        trial.nothing_left(3);
    }
}

/// Makes a guest whose Permit does `body` with the pod's UID, of length `$length` at `$uid`, and then waits.
fn permit(body: &str) -> String {
    format!(
        "(func $permit (param $in i32) (result i32) (local $uid i32) (local $length i32)
            (local.set $uid (i32.load (local.get $in))) (local.set $length (i32.load offset=4 (local.get $in)))
            {body}
            (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
            (i32.store8 (i32.const 264) (i32.const 1)) (i64.store (i32.const 272) (i64.const -1))
            (i32.const 256))"
    )
}

/// Permit of a bad pod calls back into the host about the very pod that it is asked about.
#[track_caller]
fn check_permit(body: &str, expected: impl Fn(&[Request]) -> bool) {
    let trial = Trial::new();
    let mut loaded = trial.load(&component(&text(&permit(body), &[]))).unwrap();
    trial.evil(true);
    let said = loaded.walk("bad");
    assert_eq!(trial.failures(), [], "{said:?}");
    says(&said.iter().find(|(stage, _)| *stage == "Permit").unwrap().1, &["wait"]);
    let asked = trial.requests.drain();
    assert!(expected(&asked), "{asked:?}");
    trial.evil(false);
    loaded.serves();
}

#[test]
fn a_plugin_may_decide_about_the_pod_it_is_asked_about() {
    check_permit("", |asked| asked.is_empty());
    let allow = "(call $allow (local.get $uid) (local.get $length))";
    check_permit(allow, |asked| matches!(asked, [Request::Allow { .. }]));
    check_permit(&allow.repeat(100), |asked| matches!(asked, [Request::Allow { .. }]));
    let reject = "(call $reject (local.get $uid) (local.get $length) (i32.const 65536) (i32.const 100000))";
    let short =
        |asked: &[Request]| matches!(asked, [Request::Reject { message, .. }] if message.len() < 2000);
    check_permit(&format!("{reject} {allow}"), short);
    let nobody = "(call $allow (i32.const 65536) (i32.const 100000))";
    check_permit(nobody, |asked| asked.is_empty());
}

/// Texts that are long but well formed are cut, and are no failure.
#[test]
fn long_reasons_are_cut() {
    let reason = "(memory.fill (i32.const 256) (i32.const 0) (i32.const 32)) (i32.store8 (i32.const 260) (i32.const 1))
        (i32.store (i32.const 268) (i32.const 65536)) (i32.store (i32.const 272) (i32.const 100000)) (i32.const 256)";
    let error = "(i32.store8 (i32.const 256) (i32.const 1))
        (i32.store (i32.const 260) (i32.const 65536)) (i32.store (i32.const 264) (i32.const 100000)) (i32.const 256)";
    for (stage, words) in [("pre-enqueue", "PreEnqueue"), ("reserve", "Reserve"), ("pre-bind", "PreBind")] {
        for (body, fails) in [(reason, 0), (error, 1)] {
            let trial = Trial::new();
            let file = format!("(func ${stage} (param i32) (result i32) {body})");
            let mut loaded = trial.load(&component(&text(&file, &[]))).unwrap();
            trial.evil(true);
            let said = loaded.walk("bad");
            let (_, answer) = said.iter().find(|(asked, _)| *asked == words).unwrap();
            assert!((1000..2000).contains(&answer.len()), "{} bytes", answer.len());
            assert_eq!(trial.failures().len(), fails, "{stage}");
        }
    }
}

/// What turns a line round, steers a terminal or ends a line does not reach a person.
#[test]
fn no_text_reads_as_another_one() {
    const TEXT: &str = "(data (i32.const 2048) \"no \\e2\\80\\aemoor\\1b[2J\\e2\\80\\a8end\")";
    let reason = "(memory.fill (i32.const 256) (i32.const 0) (i32.const 32)) (i32.store8 (i32.const 260) (i32.const 1))
        (i32.store (i32.const 268) (i32.const 2048)) (i32.store (i32.const 272) (i32.const 20)) (i32.const 256)";
    let error = "(i32.store8 (i32.const 256) (i32.const 1))
        (i32.store (i32.const 260) (i32.const 2048)) (i32.store (i32.const 264) (i32.const 20)) (i32.const 256)";
    for (stage, words) in [("pre-enqueue", "PreEnqueue"), ("reserve", "Reserve"), ("pre-bind", "PreBind")] {
        for body in [reason, error] {
            let trial = Trial::new();
            let file = format!("{TEXT} (func ${stage} (param i32) (result i32) {body})");
            let mut loaded = trial.load(&component(&text(&file, &[]))).unwrap();
            trial.evil(true);
            let said = loaded.walk("bad");
            let (_, answer) = said.iter().find(|(asked, _)| *asked == words).unwrap();
            assert!(answer.contains("no \u{fffd}moor [2J\u{fffd}end"), "{answer:?}");
            for (_, _, message) in trial.failures() {
                assert!(message.contains("no \u{fffd}moor"), "{message:?}");
            }
        }
    }
    let emit = format!(
        "{TEXT} (func $post-bind (param i32) (call $emit (i32.const 2048) (i32.const 20) (i32.const 1)
            (i32.const 2048) (i32.const 20) (i32.const 2048) (i32.const 20)))"
    );
    let trial = Trial::new();
    let mut loaded = trial.load(&component(&text(&emit, &[]))).unwrap();
    trial.evil(true);
    loaded.walk("bad");
    let asked = trial.requests.drain();
    let [Request::Event { reason, note, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((&**reason, &**note), ("no \u{fffd}moor [2J\u{fffd}end", "no \u{fffd}moor [2J\u{fffd}end"));
}

#[test]
fn evictions_have_to_be_granted() {
    let mut trial = Trial::new();
    trial.settings.capabilities.remove(&Capability::Evict);
    let file = include_str!("answers/unknown_victim.wat");
    let mut loaded = trial.load(&component(&text(file, &[]))).unwrap();
    trial.evil(true);
    let said = loaded.walk("bad");
    says(&said[3].1, &["PostFilter of the WebAssembly plugin failed", "add evict to capabilities"]);
}
