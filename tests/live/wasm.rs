//! Plugins in WebAssembly.

use std::fs;
use std::path::{Path, PathBuf};

use longshore_tests::control_plane::{Arena, Kind, LONG, Scheduler, SchedulerOptions, shared, until};
use serde_json::{Value, json};

use crate::wat::{ALL_FIT, OK, RESET, Wat, guest, none_fit, same_score};

/// The plugin Chooser in the first profile, with these args.
pub(crate) fn with(args: &Value) -> SchedulerOptions {
    SchedulerOptions::new(Kind::Longshore)
        .config(&json!({ "profiles": [{
            "schedulerName": "default-scheduler",
            "plugins": { "multiPoint": { "enabled": [{ "name": "Chooser", "weight": 100 }] } },
            "pluginConfig": [{ "name": "Chooser", "args": args }],
        }] }))
        .flag("--plugin-cache-dir=")
        .flag("-v=4")
}

pub(crate) fn module(folder: &Path, wat: &Wat) -> PathBuf {
    let file = folder.join("chooser.wasm");
    fs::write(&file, wat.build()).unwrap();
    file
}

pub(crate) fn source(file: &Path) -> String {
    format!("file://{}", file.display())
}

/// The event about the Lease with this reason, and words in its note.
pub(crate) fn until_told(arena: &Arena, scheduler: &Scheduler, reason: &str, words: &str) -> Value {
    let told = || {
        let events = arena.api.list("/apis/events.k8s.io/v1/namespaces/kube-system/events");
        events.into_iter().find(|event| {
            let note = event["note"].as_str().unwrap_or_default();
            event["reason"] == reason && event["regarding"]["kind"] == "Lease" && note.contains(words)
        })
    };
    until(&format!("event {reason} of the lease"), LONG, || scheduler.log(), told)
}

#[test]
fn a_plugin_decides_and_is_seen_in_readyz_and_metrics() {
    let arena = shared();
    for name in ["node-1", "node-2", "node-3"] {
        arena.node(name, &json!({}));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/nodenumber.wasm");
    let scheduler = arena.scheduler_with(&with(&json!({ "source": format!("file://{file}") })));
    for digit in ["3", "1", "2"] {
        let name = format!("web-{digit}");
        arena.pod(&name, &json!({}));
        assert_eq!(arena.until_bound(&name), format!("node-{digit}"));
    }
    let ready = scheduler.http("/readyz?verbose").unwrap();
    assert!(ready.contains("[+]plugin/Chooser ok (sha256:"), "{ready}");
    let metrics = scheduler.metrics();
    assert!(metrics.sum("longshore_plugin_calls_total", &[("plugin", "Chooser"), ("stage", "Score")]) >= 3.0);
    assert_eq!(metrics.sum("longshore_plugin_info", &[("plugin", "Chooser"), ("kind", "component")]), 1.0);
    assert!(metrics.sum("longshore_plugin_memory_bytes", &[("plugin", "Chooser")]) > 0.0);
}

#[test]
fn what_a_plugin_says_of_a_pod_becomes_an_event() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    // At the beginning of every cycle, about the pod of that cycle: its UID comes first.
    let emit =
        "(call $events_emit (i32.load (local.get $pod)) (i32.load offset=4 (local.get $pod)) (i32.const 1)
        (i32.const 2048) (i32.const 6) (i32.const 2064) (i32.const 10))";
    let wat = guest()
        .import("events#emit", "(param i32 i32 i32 i32 i32 i32 i32)")
        .extra("(data (i32.const 2048) \"Judged\") (data (i32.const 2064) \"by Chooser\")")
        .score(&same_score(7))
        .function("cycle#begin", "(param $pod i32) (result i32)", &format!("{emit} {RESET} {OK}"));
    let args = json!({ "source": source(&module(folder.path(), &wat)), "capabilities": ["events"] });
    let _scheduler = arena.scheduler_with(&with(&args));
    arena.pod("web", &json!({}));
    arena.until_bound("web");
    let event = arena.until_event("web", "Judged");
    assert_eq!((&event["type"], &event["action"]), (&json!("Warning"), &json!("Chooser")));
    assert_eq!(event["reportingController"], "default-scheduler");
    assert_eq!(event["note"], "by Chooser");
}

#[test]
fn a_plugin_that_keeps_failing_is_switched_off_and_pods_are_scheduled_without_it() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let wat = guest().score("unreachable");
    let args = json!({ "source": source(&module(folder.path(), &wat)), "failurePolicy": "Ignore" });
    let scheduler = arena.scheduler_with(&with(&args));
    for n in 0..10 {
        arena.pod(&format!("web-{n}"), &json!({}));
    }
    arena.until_all_bound(10);
    let event = until_told(&arena, &scheduler, "PluginDisabled", "Chooser");
    assert_eq!((&event["type"], &event["action"]), (&json!("Warning"), &json!("Chooser")));
    let ready = scheduler.http("/readyz?verbose").unwrap();
    assert!(ready.contains("[-]plugin/Chooser switched off: "), "{ready}");
    assert!(ready.ends_with("readyz check passed\n"), "{ready}");
    let metrics = scheduler.metrics();
    assert_eq!(metrics.sum("longshore_plugin_breaker_open", &[("plugin", "Chooser")]), 1.0);
    assert!(metrics.sum("longshore_plugin_failures_total", &[("kind", "trap"), ("stage", "Score")]) >= 5.0);
}

/// Scores two nodes, in the order in which the scheduler came to know them.
fn scores(first: i64, second: i64) -> Wat {
    guest().score(&format!(
        "(i64.store (i32.const 8192) (i64.const {first})) (i64.store (i32.const 8200) (i64.const {second}))
        (i32.store8 (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 8192)) (i32.store (i32.const 264) (i32.const 2))
        (global.set $free (i32.const 4096))
        (i32.const 256)"
    ))
}

#[test]
fn a_changed_module_is_taken_up_while_pods_come_and_a_bad_one_is_not() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = module(folder.path(), &scores(100, 0));
    let scheduler = arena.scheduler_with(&with(&json!({ "source": source(&file) })));
    let mut count = 0;
    let mut place = || {
        let name = format!("web-{count}");
        count += 1;
        arena.pod(&name, &json!({}));
        arena.until_bound(&name)
    };
    let first = place();
    assert_eq!(place(), first);
    // A bad one first: nothing changes.
    fs::write(&file, "this is no module").unwrap();
    until_told(&arena, &scheduler, "PluginReloadFailed", "not a WebAssembly");
    assert_eq!(place(), first);
    module(folder.path(), &scores(0, 100));
    // Pods come all the while; from some pod on they go to the other node, and never back.
    let placed: Vec<String> = until("pods to go to the other node", LONG, || scheduler.log(), {
        let mut placed = Vec::new();
        move || {
            placed.push(place());
            let moved = placed.iter().filter(|node| **node != first).count();
            (moved >= 5).then(|| placed.clone())
        }
    });
    assert!(placed.is_sorted_by_key(|node| *node == placed[placed.len() - 1]), "{placed:?}");
    until_told(&arena, &scheduler, "PluginReloaded", "is now sha256:");
    let metrics = scheduler.metrics();
    let reloads = |result| metrics.sum("longshore_plugin_reloads_total", &[("result", result)]);
    assert_eq!((reloads("success"), reloads("error")), (1.0, 1.0));
}

#[test]
fn a_changed_profile_gives_the_plugin_another_config() {
    let arena = shared();
    for name in ["node-1", "node-2"] {
        arena.node(name, &json!({}));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/nodenumber.wasm");
    let scheduler = arena.scheduler_with(&with(&json!({ "source": format!("file://{file}") })));
    arena.pod("a-2", &json!({}));
    assert_eq!(arena.until_bound("a-2"), "node-2");
    let text = fs::read_to_string(&scheduler.config).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["profiles"][0]["pluginConfig"][0]["args"]["config"] = json!({ "reverse": "maybe" });
    fs::write(&scheduler.config, config.to_string()).unwrap();
    until_told(&arena, &scheduler, "PluginReloadFailed", "Describe");
    config["profiles"][0]["pluginConfig"][0]["args"]["config"] = json!({ "reverse": true });
    fs::write(&scheduler.config, config.to_string()).unwrap();
    until_told(&arena, &scheduler, "PluginReloaded", "has other args");
    arena.pod("b-2", &json!({}));
    assert_eq!(arena.until_bound("b-2"), "node-1");
    let metrics = scheduler.metrics();
    assert_eq!(metrics.sum("longshore_config_reloads_total", &[("result", "success")]), 1.0);
    assert_eq!(metrics.sum("longshore_config_reloads_total", &[("result", "error")]), 1.0);
}

/// A guest that rejects pods whose whole object has no more than 4,000 bytes.
fn wants_much_written() -> Wat {
    let begin = format!("(global.set $seen (i32.load offset=116 (local.get 0))) {RESET} {OK}");
    let body = format!(
        "(if (result i32) (i32.gt_u (global.get $seen) (i32.const 4000)) (then {ALL_FIT}) (else {}))",
        none_fit("too little is written on it")
    );
    guest()
        .raw_pod()
        .extra("(global $seen (mut i32) (i32.const 0))")
        .function("cycle#begin", "(param i32) (result i32)", &begin)
        .filter(&body)
}

#[test]
fn a_pod_is_tried_again_when_the_annotation_changes_that_a_plugin_reads() {
    let arena = shared();
    arena.node("a", &json!({}));
    arena.node("b", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = module(folder.path(), &wants_much_written());
    let _scheduler =
        arena.scheduler_with(&with(&json!({ "source": source(&file), "capabilities": ["raw"] })));
    arena.pod("web", &json!({}));
    let why = arena.until_unschedulable("web");
    assert!(why.contains("too little is written on it"), "{why}");
    let annotations = json!({ "metadata": { "annotations": { "example.com/text": "x".repeat(4000) } } });
    arena.api.patch(&arena.path("pods/web"), &annotations).unwrap();
    // Well before pods are tried without a reason, which is every five minutes.
    arena.until_bound("web");
}
