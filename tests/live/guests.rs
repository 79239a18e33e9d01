//! Guests that break, that reject late, and that read what changes.

use std::fs::read;
use std::time::{Duration, Instant};

use longshore_tests::control_plane::{Arena, condition, shared};
use serde_json::{Value, json};

use crate::wasm::{module, source, until_told, with};
use crate::wat::{ALL_FIT, OK, RESET, Wat, guest, none_fit};

/// Pods that are scheduled at once have a node by then, on a busy machine too.
const AT_ONCE: Duration = Duration::from_secs(15);

/// Bytes that a node's status has only once the test has written them.
const MUCH: usize = 20_000;

/// A guest that rejects every node until the column `raw` of a changed one has much in it.
fn reads_whole_nodes() -> Wat {
    // What the host passes in lies between 4096 and `$free`.
    let apply = format!(
        "(if (i32.gt_u (i32.sub (global.get $free) (i32.const 4096)) (i32.const {MUCH}))
            (then (global.set $much (i32.const 1))))
        {RESET}"
    );
    let body = format!(
        "(if (result i32) (global.get $much) (then {ALL_FIT}) (else {}))",
        none_fit("the kernel says too little")
    );
    // The last case of the variant is the column `raw`.
    guest()
        .column(15, "")
        .event("Node", "Update")
        .extra("(global $much (mut i32) (i32.const 0))")
        .function("lifecycle#apply", "(param i32 i32 i32 i32 i32 i32 i32)", &apply)
        .filter(&body)
}

#[test]
fn the_raw_column_of_a_node_follows_its_status() {
    let arena = shared();
    arena.node("a", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = module(folder.path(), &reads_whole_nodes());
    let args = json!({ "source": source(&file), "capabilities": ["raw"] });
    let _scheduler = arena.scheduler_with(&with(&args));
    arena.pod("web", &json!({}));
    let why = arena.until_unschedulable("web");
    assert!(why.contains("the kernel says too little"), "{why}");
    // Nothing that the model reads of nodes.
    let status = json!({ "status": { "nodeInfo": { "kernelVersion": "x".repeat(MUCH) } } });
    arena.api.patch("/api/v1/nodes/a/status", &status).unwrap();
    arena.until_bound("web");
}

/// A guest whose filter breaks for pods whose name begins with `b`.
fn breaks_for_bad_pods() -> Wat {
    let begin = format!(
        "(global.set $bad (i32.eq (i32.load8_u (i32.load offset=16 (local.get 0))) (i32.const 98))) {RESET} {OK}"
    );
    guest()
        .extra("(global $bad (mut i32) (i32.const 0))")
        .function("cycle#begin", "(param i32) (result i32)", &begin)
        .filter(&format!("(if (global.get $bad) (then unreachable)) {ALL_FIT}"))
}

fn broken(arena: &Arena, name: &str, words: &str) -> String {
    arena.until(&format!("pod {name} to be told that {words}"), name, || {
        let condition = condition(&arena.get_pod(name)?, "PodScheduled")?;
        let message = condition["message"].as_str().unwrap_or_default();
        (condition["reason"] == "SchedulerError" && message.contains(words)).then(|| message.to_string())
    })
}

#[test]
fn a_pod_that_breaks_a_filter_is_set_apart_and_the_others_are_scheduled_at_once() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = module(folder.path(), &breaks_for_bad_pods());
    let scheduler = arena.scheduler_with(&with(&json!({ "source": source(&file) })));
    let good = |names: &[&str]| {
        let start = Instant::now();
        names.iter().for_each(|name| drop(arena.pod(name, &json!({}))));
        names.iter().for_each(|name| drop(arena.until_bound(name)));
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    };
    good(&["one"]);
    arena.pod("bad", &json!({}));
    let why = broken(&arena, "bad", "unreachable");
    assert!(why.contains("Chooser") && why.contains("Filter"), "{why}");
    good(&["two", "three"]);
    // Where it failed twice it is asked no more.
    broken(&arena, "bad", "it is not asked about this pod for a while");
    good(&["four", "five", "six"]);
    let told = arena.events("bad");
    let failed = |event: &&Value| event["reason"] == "FailedScheduling";
    let notes: Vec<_> = told.iter().filter(failed).map(|event| event["note"].to_string()).collect();
    assert!(notes.iter().any(|note| note.contains("unreachable")), "{notes:?}");
    let ready = scheduler.http("/readyz?verbose").unwrap();
    assert!(ready.contains("[+]plugin/Chooser ok"), "{ready}");
    let metrics = scheduler.metrics();
    assert_eq!(metrics.sum("longshore_plugin_breaker_open", &[("plugin", "Chooser")]), 0.0);
    assert!(metrics.sum("longshore_plugin_failures_total", &[("kind", "quarantine")]) >= 1.0);
}

#[test]
fn a_plugin_that_breaks_for_many_pods_is_switched_off_for_a_while_and_says_so() {
    let arena = shared();
    arena.node("a", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = module(folder.path(), &breaks_for_bad_pods());
    let scheduler = arena.scheduler_with(&with(&json!({ "source": source(&file) })));
    let names: Vec<String> = (0..6).map(|n| format!("bad-{n}")).collect();
    names.iter().for_each(|name| drop(arena.pod(name, &json!({}))));
    let event = until_told(&arena, &scheduler, "PluginDisabled", "Chooser");
    assert_eq!((&event["type"], &event["action"]), (&json!("Warning"), &json!("Chooser")));
    names.iter().for_each(|name| drop(arena.api.delete(&arena.path(&format!("pods/{name}")))));
    arena.pod("good", &json!({}));
    // After half a minute it is on trial, and answers.
    until_told(&arena, &scheduler, "PluginEnabled", "Chooser");
    arena.until_bound("good");
}

#[test]
fn a_pod_that_pre_bind_rejects_is_unschedulable_in_the_plugins_own_words() {
    let arena = shared();
    arena.node("a", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let words = "not on a Friday";
    // ok(some(rejection)), with the code Unschedulable.
    let rejects = format!(
        "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 1))
        (i32.store8 (i32.const 264) (i32.const 0))
        (i32.store (i32.const 268) (i32.const 2048)) (i32.store (i32.const 272) (i32.const {}))
        {RESET} (i32.const 256)",
        words.len()
    );
    let wat = guest().extra(&format!("(data (i32.const 2048) \"{words}\")")).function(
        "pre-bind#pre-bind",
        "(param i32) (result i32)",
        &rejects,
    );
    let file = module(folder.path(), &wat);
    let _scheduler = arena.scheduler_with(&with(&json!({ "source": source(&file) })));
    arena.pod("web", &json!({}));
    assert_eq!(arena.until_unschedulable("web"), words);
    assert_eq!(arena.until_event("web", "FailedScheduling")["note"], words);
}

#[test]
fn a_gang_gets_going_when_one_that_waits_is_deleted_and_others_come() {
    let arena = shared();
    arena.node("a", &json!({}));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/gang.wasm");
    assert!(read(file).is_ok(), "{file}");
    let args = json!({
        "source": format!("file://{file}"), "capabilities": ["pods", "engine"], "config": { "timeoutSeconds": 600 },
    });
    let scheduler = arena.scheduler_with(&with(&args));
    let member = json!({ "metadata": { "labels": {
        "scheduling.longshore.dev/group": "train", "scheduling.longshore.dev/min-members": "3",
    } } });
    arena.pod("one", &member);
    arena.pod("two", &member);
    let of_permit = [("plugin", "Chooser"), ("stage", "Permit")];
    let waiting =
        || (scheduler.metrics().sum("longshore_plugin_calls_total", &of_permit) >= 2.0).then_some(());
    arena.until("both to wait in Permit", "two", waiting);
    assert_eq!(arena.node_of("one").or(arena.node_of("two")), None);
    arena.api.delete(&arena.path("pods/one")).unwrap();
    arena.pod("three", &member);
    arena.pod("four", &member);
    arena.until_all_bound(3);
}
