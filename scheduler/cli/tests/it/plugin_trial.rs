//! `longshore plugin test` and `check`: plugins that do what they should, and plugins that do not.

use crate::plugin::{FIT, NUMBER, cluster};
use crate::schema::check;
use crate::support::{Ran, Scratch, run};
use crate::wat::{guest, same_score};

/// A folder with a cluster and one case.
fn case(text: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.file("cluster.yaml", &cluster("web-2"));
    scratch.file("tests/first.yaml", text);
    scratch
}

fn test(scratch: &Scratch, more: &[&str]) -> Ran {
    run(&[&["plugin", "test", &scratch.path(), "--plugin", NUMBER][..], more].concat())
}

const CASE: &str = "\
# why
name: the pod's digit
cluster: [../cluster.yaml]
pod: web-2
expect:
  scores: {node-1: 0, node-2: 100, node-x: 0}
  chosen: node-2
";

#[test]
fn a_case_that_is_as_expected_passes() {
    let ran = test(&case(CASE), &["-o", "json"]).exits(0);
    check("plugin-test", &ran.json());
    test(&case(CASE), &[]).exits(0).says(&["the pod's digit ... ok", "1 cases, 0 failed"]);
}

#[test]
fn a_difference_is_told_entry_by_entry_and_can_be_taken_over() {
    let wrong = case(&CASE.replace("node-2: 100", "node-2: 99").replace("chosen: node-2", "chosen: node-1"));
    test(&wrong, &[]).exits(1).says(&[
        "the pod's digit ... FAILED",
        "    scores.node-2: expected 99, got 100\n",
        "    chosen: expected \"node-1\", got \"node-2\"\n",
        "1 cases, 1 failed",
    ]);
    test(&wrong, &["--update"]).exits(0).says(&["... updated"]);
    let text = std::fs::read_to_string(format!("{}/tests/first.yaml", wrong.path())).unwrap();
    assert!(text.starts_with("# why\nname: the pod's digit\ncluster: [../cluster.yaml]\n"), "{text}");
    test(&wrong, &[]).exits(0);
}

#[test]
fn a_config_that_is_refused_can_be_expected() {
    let text = format!(
        "{CASE}---\nname: a typo\ncluster: [../cluster.yaml]\npod: web-2\nconfig: {{revers: true}}\n"
    );
    let expecting = case(&format!("{text}expect: {{load: revers}}\n"));
    test(&expecting, &[]).exits(0).says(&["a typo ... ok", "2 cases, 0 failed"]);
    test(&expecting, &["--only", "typo"]).exits(0).says(&["1 cases, 0 failed"]);
    let unexpected = case(&format!("{text}expect: {{chosen: node-1}}\n"));
    test(&unexpected, &[]).exits(1).says(&["it could not be loaded"]);
    let empty = case(&text);
    test(&empty, &[]).exits(1).says(&["expect is empty: --update fills it in"]);
    test(&empty, &["--update"]).exits(0);
    test(&empty, &[]).exits(0);
}

#[test]
fn what_is_wrong_with_a_case_is_said_all_at_once() {
    let wrong = "cluster: [../cluster.yaml]\ngrant: [files]\nexpect: {feasibel: []}\nsurprise: 1\n";
    test(&case(wrong), &[]).exits(1).warns(&["pod", "grant[0]", "feasibel", "surprise"]);
    let nothing = Scratch::new();
    test(&nothing, &[]).exits(1).warns(&["has no tests/*.yaml"]);
}

#[test]
fn good_plugins_pass_every_check() {
    let ran = run(&["plugin", "check", FIT, "--changes", "10", "-o", "json"]).exits(0);
    check("plugin-check", &ran.json());
    run(&["plugin", "check", NUMBER, "--changes", "10"]).exits(0).says(&[
        "the same answers with 1 and with 7 shards ... ok",
        "the same answers after changes and after a full load ... ok",
        "reserving twice is reserving once ... skipped\n    it has no Reserve",
    ]);
}

/// Gives every node the value of a counter.
fn counting() -> crate::wat::Wat {
    let score = same_score(7).replace("(i64.const 7)", "(i64.and (global.get $count) (i64.const 63))");
    guest().extra("(global $count (mut i64) (i64.const 0))").score(&score)
}

const COUNT: &str = "(global.set $count (i64.add (global.get $count) (i64.const 1)))";

#[test]
fn a_plugin_that_counts_its_calls_is_found_out() {
    let scratch = Scratch::new();
    let score = same_score(7).replace("(i64.const 7)", "(i64.and (global.get $count) (i64.const 63))");
    let plugin = counting().score(&format!("{COUNT}{score}")).build();
    let file = scratch.bytes("counting.wasm", &plugin);
    run(&["plugin", "check", &file, "--changes", "3"]).exits(1).says(&[
        "it answers about every pod ... ok",
        "the same answers a second time ... FAILED",
        "then: fits, raw",
    ]);
}

#[test]
fn a_plugin_that_reserves_twice_is_found_out() {
    let scratch = Scratch::new();
    let none = "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 0)) (i32.const 256)";
    let reserving = |unreserve: &str| {
        counting()
            .single()
            .function("reserve#reserve", "(param i32) (result i32)", &format!("{COUNT}{none}"))
            .function("reserve#unreserve", "(param i32)", unreserve)
            .build()
    };
    let file = scratch.bytes("reserving.wasm", &reserving(""));
    run(&["plugin", "check", &file, "--changes", "3"]).exits(1).says(&[
        "the same answers a second time ... ok",
        "with 1 and with 7 shards ... skipped\n    one instance holds all nodes",
        "reserving twice is reserving once ... FAILED",
        "unreserving leaves nothing behind ... FAILED",
    ]);
}

#[test]
fn a_plugin_that_breaks_is_not_compared() {
    let scratch = Scratch::new();
    let file = scratch.bytes("broken.wasm", &guest().score("(unreachable)").build());
    run(&["plugin", "check", &file]).exits(1).says(&[
        "it answers about every pod ... FAILED",
        "Score of the WebAssembly plugin failed (trap)",
        "the same answers a second time ... skipped\n    it does not answer",
    ]);
    let cluster = scratch.file("cluster.yaml", &cluster("web-2"));
    run(&["plugin", "run", &file, "-f", &cluster, "--pod", "web-2"]).exits(1).says(&["Score    Failed: "]);
}

#[test]
fn what_is_not_granted_is_named_with_the_flag() {
    let scratch = Scratch::new();
    let wants = guest().import("events#emit", "(param i32 i32 i32 i32 i32 i32 i32)").score(&same_score(1));
    let file = scratch.bytes("wants.wasm", &wants.build());
    let cluster = scratch.file("cluster.yaml", &cluster("web-2"));
    let args = ["plugin", "run", &file, "-f", &cluster, "--pod", "web-2"];
    run(&args).exits(1).warns(&["it uses events, which it is not granted; add --grant events if it may"]);
    run(&[&args[..], &["--grant", "events"]].concat()).exits(0);
    run(&["plugin", "inspect", &file]).exits(0).says(&["needs      events"]);
}
