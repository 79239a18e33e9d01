//! Every import, by a guest that hands what it got on as the reason of its verdict.

use longshore_framework::fixture::node;
use longshore_framework::node::NodeImage;
use longshore_framework::port::Request;

use super::*;

/// A module whose `filter` calls `import` with its memory from 4096 on as buffer, and says what it got. What it hands in
/// lies at 16.
fn echo(module: &str, import: &str, input: &str) -> String {
    let takes = if input.is_empty() { "" } else { "i32 i32" };
    let gives =
        if input.is_empty() { String::new() } else { format!("(i32.const 16) (i32.const {})", input.len()) };
    format!(
        r#"(module
            (import "{module}" "{import}" (func $get (param {takes} i32 i32) (result i32)))
            (import "k8s.io/scheduler" "result.status_reason" (func $reason (param i32 i32)))
            (memory (export "memory") 2)
            (data (i32.const 16) "{input}")
            (func (export "filter") (result i32)
              (call $reason (i32.const 4096) (call $get {gives} (i32.const 4096) (i32.const 8192)))
              (i32.const 2)))"#
    )
}

#[track_caller]
fn check(import: &str, given: &str, input: Input, want: &str) {
    let world = World::new(&echo("k8s.io/scheduler", import, given), &["good-node"]);
    assert_eq!(world.reason(input), want, "{import}");
}

#[test]
fn values_of_the_call_are_handed_out() {
    check("currentNodeName", "", on_node("good-node"), "good-node");
    check("currentNodeName", "", Input::default(), "");
    let list = |text: &str| Some(text.into());
    check("filteredNodeList", "", Input { filtered_nodes: list(r#"["a"]"#), ..Input::default() }, r#"["a"]"#);
    check("filteredNodeList", "", Input::default(), "[]");
    check("nodeToStatusMap", "", Input { statuses: list(r#"{"a":2}"#), ..Input::default() }, r#"{"a":2}"#);
    check("nodeToStatusMap", "", Input::default(), "{}");
    check("nodeScoreList", "", Input { scores: list(r#"{"a":10}"#), ..Input::default() }, r#"{"a":10}"#);
    check("nodeScoreList", "", Input::default(), "{}");
}

#[test]
fn images_of_a_node_are_counted_over_all_nodes() {
    let mut world = World::new(&echo("k8s.io/scheduler", "nodeImageStates", "one"), &["none"]);
    let image = |size| NodeImage { names: vec!["app:1".into(), "app:latest".into()], size };
    for (name, size) in [("one", 5), ("two", 7)] {
        world.snapshot.set_node(node(name).with(|n| n.images = vec![image(size)]).build());
    }
    let states: Value = serde_json::from_str(&world.reason(Input::default())).unwrap();
    let state = json!({"Size": 5, "NumNodes": 2});
    assert_eq!(states, json!({"app:1": state, "app:latest": state}));
    world.snapshot.remove_node("two");
    let states: Value = serde_json::from_str(&world.reason(Input::default())).unwrap();
    assert_eq!(states["app:1"]["NumNodes"], 1);
    check("nodeImageStates", "nobody", Input::default(), "null");
}

#[test]
fn config_is_handed_out_as_it_is_written() {
    let wat = wat::parse_str(echo("k8s.io/scheduler", "get_config", "")).unwrap();
    let reason = |args: Value| World::with(&wat, &args, &[], Whole::default()).reason(Input::default());
    assert_eq!(reason(args(json!({"guestConfig": "{ \"a\": 1 }"}))), "{ \"a\": 1 }");
    assert_eq!(reason(args(json!({}))), "");
    assert_eq!(reason(json!({"source": "file://x", "config": {"a": 1}})), r#"{"a":1}"#);
    assert_eq!(reason(json!({"source": "file://x", "config": "as it is"})), "as it is");
}

#[test]
fn pods_and_nodes_are_handed_out_whole_when_they_are_known() {
    let object =
        |name: &str| whole(&json!({"metadata": {"name": name, "annotations": {"only": "in-the-whole"}}}));
    let kept = [("default/p", "p"), ("n", "n")].map(|(key, name)| (key.to_string(), object(name)));
    for (module, import, given) in
        [("k8s.io/scheduler", "currentPod", ""), ("k8s.io/api", "node", "n"), ("k8s.io/api", "nodeList", "")]
    {
        let wat = wat::parse_str(echo(module, import, given)).unwrap();
        let get = |kept: Whole| World::with(&wat, &args(json!({})), &["n"], kept).reason(Input::default());
        assert!(get(Whole(kept.clone().into())).contains("in-the-whole"), "{import}");
        let made = get(Whole::default());
        assert!(!made.contains("in-the-whole") && !made.is_empty(), "{import}: {made:?}");
    }
}

#[test]
fn a_node_that_is_not_there_has_no_bytes() {
    let world = World::new(&echo("k8s.io/api", "node", "nobody"), &["n"]);
    assert_eq!(world.reason(Input::default()), "");
}

#[test]
fn a_node_is_encoded_anew_when_it_or_its_whole_object_changes() {
    let mut world = World::new(&echo("k8s.io/api", "node", "n"), &["n"]);
    assert!(!world.reason(Input::default()).contains("new-label"));
    world.snapshot.set_node(node("n").label("new-label", "x").build());
    assert!(world.reason(Input::default()).contains("new-label"));
}

#[test]
fn the_target_is_another_pod() {
    let world = World::new(&echo("k8s.io/scheduler", "targetPod", ""), &[]);
    assert_eq!(world.reason(Input::default()), "");
    let target = Some(world.source(&pod("the-target").build()));
    assert!(world.reason(Input { target, ..Input::default() }).contains("the-target"));
}

#[test]
fn a_value_that_does_not_fit_is_not_written_but_its_length_told() {
    let wat = r#"(module
        (import "k8s.io/scheduler" "currentNodeName" (func $get (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "filter") (result i32)
          (i32.add (i32.mul (call $get (i32.const 8) (i32.const 3)) (i32.const 1000)) (i32.load8_u (i32.const 8)))))"#;
    let world = World::new(wat, &[]);
    let low = |name| world.raw(Export::Filter, on_node(name)).unwrap().low();
    assert_eq!(low("abcd"), 4000);
    assert_eq!(low("abc"), 3000 + i32::from(b'a'));
}

/// A module whose `filter` calls `import` with a range, and succeeds.
fn push(import: &str, content: &str, range: &str) -> String {
    format!(
        r#"(module
            (import "k8s.io/scheduler" "{import}" (func $push (param i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "{content}")
            (func (export "filter") (result i32) (call $push {range}) (i32.const 0)))"#
    )
}

#[track_caller]
fn check_pushed(
    import: &str,
    content: &str,
    len: usize,
    want: impl FnOnce(&super::super::abi::Pushed) -> bool,
) {
    let world = World::new(&push(import, content, &format!("(i32.const 16) (i32.const {len})")), &[]);
    let pushed = world.raw(Export::Filter, Input::default()).unwrap().pushed;
    assert!(want(&pushed), "{import}: {pushed:?}");
}

#[test]
fn answers_are_taken_in() {
    check_pushed("result.status_reason", "why", 3, |p| p.reason == "why");
    check_pushed("result.nominated_node_name", "n1", 2, |p| &*p.nominated == "n1");
    check_pushed("result.node_names", r"a\00\00two\00rest", 10, |p| p.node_names == names(&["a", "two"]));
    let records = r"\02\00\00\00\02\00\00\00\01\00\00\00\3f\00\00\00\ff\ff";
    check_pushed("result.cluster_events", records, 18, |p| p.events == [(2, 2), (1, 63)]);
    let scores = r#"{\"b\":2,\"a\":-1}"#;
    check_pushed("result.normalized_score_list", scores, 14, |p| {
        p.scores == Some(vec![("a".to_string(), -1), ("b".to_string(), 2)])
    });
    check_pushed("result.normalized_score_list", "{}", 2, |p| p.scores.is_none());
    check_pushed("result.normalized_score_list", "null", 4, |p| p.scores.is_none());
}

#[track_caller]
fn check_trap(wat: &str, want: &str) {
    let failure = World::new(wat, &[]).raw(Export::Filter, Input::default()).unwrap_err();
    assert_eq!(
        (failure.kind, &*failure.message),
        (FailureKind::Trap, &*format!("wasm: filter error: {want}"))
    );
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    let outside = "(i32.const 65530) (i32.const 100)";
    for (import, what) in [
        ("result.cluster_events", "clusterEvents"),
        ("result.node_names", "nodeNames"),
        ("result.nominated_node_name", "nominatedNodeName"),
        ("result.normalized_score_list", "normalized score list"),
        ("handle.eventrecorder.eventf", "eventrecorder event"),
    ] {
        check_trap(&push(import, "", outside), &format!("out of memory reading {what}"));
    }
    let bad = World::new(&push("result.normalized_score_list", "[1]", "(i32.const 16) (i32.const 3)"), &[]);
    let failure = bad.raw(Export::Filter, Input::default()).unwrap_err();
    assert!(failure.message.contains("not a JSON object of numbers"), "{failure}");
}

#[test]
fn a_reason_that_cannot_be_read_is_no_failure() {
    let wat = push("result.status_reason", "", "(i32.const -8) (i32.const 100)");
    assert_eq!(World::new(&wat, &[]).reason(Input::default()), "BUG: out of memory reading message");
}

#[test]
fn a_buffer_outside_memory_is_a_failure() {
    check_trap(
        &echo("k8s.io/scheduler", "filteredNodeList", "").replace("i32.const 4096", "i32.const -1"),
        "out of memory",
    );
}

const EVENT: &str = r#"{\"RegardingReference\":{\"Kind\":\"Pod\",\"UID\":\"u1\",\"Name\":\"p\"},\"Eventtype\":\"Warning\",\"Reason\":\"Because\",\"Action\":\"x\",\"Note\":\"as you see\"}"#;

#[test]
fn events_about_pods_are_asked_for() {
    let len = EVENT.replace('\\', "").len();
    let bytes = wat::parse_str(push(
        "handle.eventrecorder.eventf",
        EVENT,
        &format!("(i32.const 16) (i32.const {len})"),
    ))
    .unwrap();
    let asked = |args: &Value| {
        let world = World::with(&bytes, args, &[], Whole::default());
        world.raw(Export::Filter, Input::default()).unwrap();
        world.requests.drain()
    };
    let (uid, plugin, reason, note) = ("u1".into(), "Test".into(), "Because".into(), "as you see".into());
    let event = Request::Event { uid, plugin, warning: true, reason, note };
    assert_eq!(asked(&args(json!({}))), std::slice::from_ref(&event));
    assert_eq!(asked(&json!({"source": "file://x"})), []);
    assert_eq!(asked(&json!({"source": "file://x", "capabilities": ["events"]})), [event]);
}

#[test]
fn events_and_lines_are_rate_limited() {
    let len = EVENT.replace('\\', "").len();
    let world = World::new(
        &push("handle.eventrecorder.eventf", EVENT, &format!("(i32.const 16) (i32.const {len})")),
        &[],
    );
    for _ in 0..200 {
        world.raw(Export::Filter, Input::default()).unwrap();
    }
    let (asked, dropped) = (world.requests.drain().len(), world.failures().len());
    assert!((50..100).contains(&asked) && asked + dropped == 200, "{asked} {dropped}");
}

/// Both waiting-pod functions return nothing and write to memory: `filter` gives back the first byte.
fn waiting(import: &str) -> String {
    format!(
        r#"(module
            (import "k8s.io/scheduler" "{import}" (func $ask (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "default/w")
            (func (export "permit") (result i64) (i64.const 0x4000003e8))
            (func (export "filter") (result i32)
              (call $ask (i32.const 16) (i32.const 9) (i32.const 512) (i32.const 4096))
              (i32.load8_u (i32.const 512))))"#
    )
}

fn with_waiting_pod(import: &str) -> World {
    let world = World::new(&waiting(import), &["n"]);
    let waits = pod("w").build();
    let state = world.begin(&waits);
    let permit = world.instance.permit.as_ref().unwrap();
    permit.permit(world.cycle(&waits), &state, world.slot("n")).unwrap();
    world
}

#[test]
fn a_waiting_pod_can_be_turned_away_once() {
    let world = with_waiting_pod("handle.reject_waiting_pod");
    let low = || world.raw(Export::Filter, Input::default()).unwrap().low();
    assert_eq!((low(), low()), (1, 0));
    let (uid, plugin, message) = ("default/w".into(), "Test".into(), "removed".into());
    assert_eq!(world.requests.drain(), [Request::Reject { uid, plugin, message }]);
}

#[test]
fn a_waiting_pod_is_handed_out() {
    // The first byte of a pod is the tag of its metadata; that of nobody is zero.
    let first = |world: World| world.raw(Export::Filter, Input::default()).unwrap().low();
    assert_eq!(first(with_waiting_pod("handle.get_waiting_pod")), 0x0a);
    assert_eq!(first(World::new(&waiting("handle.get_waiting_pod"), &[])), 0);
}

#[test]
fn the_log_takes_lines_and_pairs_and_tells_its_threshold() {
    let wat = r#"(module
        (import "k8s.io/klog" "log" (func $log (param i32 i32 i32)))
        (import "k8s.io/klog" "logs" (func $logs (param i32 i32 i32 i32 i32)))
        (import "k8s.io/klog" "severity" (func $severity (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "line\00")
        (func (export "filter") (result i32)
          (call $log (i32.const 0) (i32.const 16) (i32.const 4))
          (call $log (i32.const 2) (i32.const -1) (i32.const 4))
          (call $logs (i32.const 2) (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 5))
          (call $logs (i32.const 2) (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 0))
          (call $severity)))"#;
    let world =
        World::with(&wat::parse_str(wat).unwrap(), &args(json!({"logSeverity": 2})), &[], Whole::default());
    assert_eq!(world.raw(Export::Filter, Input::default()).unwrap().low(), 2);
}
