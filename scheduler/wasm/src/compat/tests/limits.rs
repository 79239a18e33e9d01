//! Guests that misbehave.

use std::time::Instant;

use longshore_framework::plugin::FilterSink;

use super::*;

/// What a range of nodes comes to: how many are left, or the error.
fn filter(world: &World, pod: &Pod) -> Result<usize, String> {
    let mut state = PluginState::default();
    let pre_filter = world.instance.pre_filter.as_ref().unwrap();
    pre_filter.pre_filter(world.cycle(pod), &mut state).map_err(|e| e.to_string())?;
    let (mut left, mut rejected) = (world.slots(), Vec::new());
    let plugin = world.instance.filter.as_ref().unwrap();
    let done = plugin.filter_range(world.cycle(pod), &state, &mut FilterSink::new(&mut left, &mut rejected));
    done.map(|()| left.len()).map_err(|e| e.to_string())
}

fn world(wat: &str, more: Value) -> World {
    World::with(&wat::parse_str(wat).unwrap(), &args(more), &["a", "b", "c"], Whole::default())
}

/// `filter` answers 0 the first time of an instance and does `body` after that.
fn second_time(body: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
            (func $deep (call $deep))
            (func (export "prefilter") (result i32) (i32.const 0))
            (func (export "filter") (result i32)
              (global.set $n (i32.add (global.get $n) (i32.const 1)))
              (if (i32.gt_u (global.get $n) (i32.const 1)) (then {body}))
              (i32.const 0)))"#
    )
}

#[track_caller]
fn check(body: &str, kind: &str, message: &str) {
    let world = world(&second_time(body), json!({"limits": {"time": "20ms", "memory": "1Mi"}}));
    let began = Instant::now();
    let error = filter(&world, &pod("p").build()).unwrap_err();
    assert!(error.contains(&format!("Filter of the WebAssembly plugin failed ({kind})")), "{error}");
    assert!(error.contains(message), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(world.failures(), [format!("Filter {kind}")]);
    // The instance is gone; the next pod gets another.
    assert_eq!(world.plugin.instances(), 0);
    let first = world.raw(Export::Filter, Input::default());
    assert_eq!(first.unwrap().low(), 0);
}

#[test]
fn what_breaks_an_instance_is_told_and_the_instance_replaced() {
    check("unreachable", "trap", "wasm: filter error: wasm trap: wasm `unreachable` instruction executed");
    check("(loop $l (br $l))", "timeout", "it took longer than limits.time allows");
    check("(drop (memory.grow (i32.const 100)))", "memory", "limits.memory allows 1048576");
    check("(call $deep)", "trap", "call stack exhausted");
    check("(drop (i32.load (i32.const -4)))", "trap", "out of bounds memory access");
    check("(return (i32.const 99))", "answer", "status code 99");
}

#[test]
fn what_an_error_said_is_kept_and_so_is_the_instance() {
    let world = world(&second_time("(return (i32.const 1))"), json!({}));
    assert!(
        filter(&world, &pod("p").build()).unwrap_err().contains("(error): it answered with the status error")
    );
    assert_eq!(world.made_and_gone(), (1, 0));
}

#[test]
fn with_failures_ignored_every_node_fits_and_the_guest_is_left_alone_for_the_rest_of_the_cycle() {
    let world = world(&second_time("unreachable"), json!({"failurePolicy": "Ignore"}));
    assert_eq!(filter(&world, &pod("p").build()), Ok(3));
    assert_eq!(world.failures(), ["Filter trap"]);
}

#[test]
fn a_plugin_that_keeps_failing_is_switched_off() {
    let world = world(&second_time("unreachable"), json!({}));
    for n in 0..5 {
        let _ = filter(&world, &pod(&format!("p{n}")).build());
    }
    assert_eq!(world.failures().last().map(String::as_str), Some("breaker open: true"));
    assert!(world.plugin.switched_off().is_some());
    let error = filter(&world, &pod("q").build()).unwrap_err();
    assert!(error.contains("PreFilter of the WebAssembly plugin failed (breaker)"), "{error}");
}

#[test]
fn slow_calls_add_up_to_a_timeout() {
    // Each call takes some milliseconds, which a call may; a hundred of them may not.
    let slow = r#"(local $i i32) (local.set $i (i32.const 8000000))
        (loop $l (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $l (local.get $i)))"#;
    let wat = format!(
        r#"(module (memory (export "memory") 1)
            (func $work {slow})
            (func (export "filter") (result i32) (call $work) (i32.const 0)))"#
    );
    let nodes: Vec<String> = (0..100).map(|n| format!("n{n}")).collect();
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let args = args(json!({"limits": {"time": "100ms"}}));
    let world = World::with(&wat::parse_str(&wat).unwrap(), &args, &nodes, Whole::default());
    let error = filter(&world, &pod("p").build()).unwrap_err();
    assert!(error.contains("took longer than limits.time"), "{error}");
}

#[test]
fn an_instance_that_has_taken_most_of_its_memory_is_not_used_for_another_pod() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "filter") (result i32) (drop (memory.grow (i32.const 1))) (i32.const 0)))"#;
    let world = world(wat, json!({"limits": {"memory": "1Mi"}}));
    for n in 0..10 {
        assert_eq!(filter(&world, &pod(&format!("p{n}")).build()), Ok(3));
    }
    // Three pages more with each pod, twelve of sixteen at the most.
    assert_eq!(world.made_and_gone().0, 3);
}

#[test]
fn what_a_guest_prints_is_told_with_its_trap_and_cut() {
    let wat = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 4) (data (i32.const 0) "\10\00\00\00\00\00\03\00")
        (func (export "prefilter") (result i32) (memory.fill (i32.const 16) (i32.const 65) (i32.const 200000)) (i32.const 0))
        (func (export "filter") (result i32)
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable))"#;
    let error = filter(&world(wat, json!({})), &pod("p").build()).unwrap_err();
    assert!(error.contains("wasm: filter error: AAAA"), "{error}");
    assert!(
        error.ends_with("wasm trap: wasm `unreachable` instruction executed") && error.len() < 1000,
        "{error}"
    );
}

#[test]
fn a_failure_after_the_node_is_chosen_costs_the_pod_nothing_more() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "filter") (result i32) (i32.const 0))
        (func (export "postbind") (loop $l (br $l))))"#;
    let world = world(wat, json!({"limits": {"time": "10ms"}}));
    let pod = pod("p").build();
    let state = super::cycle::decide(&world, &pod);
    super::cycle::finish(&world, &pod, &state);
    assert_eq!(world.failures(), ["PostBind timeout"]);
    assert_eq!(filter(&world, &pod), Ok(3));
}
