//! More nodes than a batch has.

use longshore_framework::plugin::FilterSink;

use super::super::batches::BATCH;
use super::*;

const NODES: usize = 1000;

/// A cluster of many nodes.
fn world(wat: &str) -> World {
    let names: Vec<String> = (0..NODES).map(|n| format!("n{n}")).collect();
    World::new(wat, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// How many nodes Filter leaves, and what Score says of each of them.
#[track_caller]
fn decide(world: &World, name: &str) -> (usize, Vec<i64>) {
    let pod = pod(name).build();
    let mut state = world.begin(&pod);
    let (mut left, mut rejected) = (world.slots(), Vec::new());
    let filter = world.instance.filter.as_ref().unwrap();
    filter.filter_range(world.cycle(&pod), &state, &mut FilterSink::new(&mut left, &mut rejected)).unwrap();
    if let Some(pre_score) = &world.instance.pre_score {
        pre_score.pre_score(world.cycle(&pod), &mut state, &left).unwrap();
    }
    let mut scores = vec![0; left.len()];
    if let Some(score) = &world.instance.score {
        score.score_range(world.cycle(&pod), &state, &left, &mut scores).unwrap();
    }
    (left.len(), scores)
}

/// A guest that counts the nodes it was asked about since `prefilter`, and does `filter` at each.
fn counting(imports: &str, prefilter: &str, filter: &str) -> String {
    format!(
        r#"(module {imports} (memory (export "memory") 1) (global $asked (mut i32) (i32.const 0))
            (func (export "prefilter") (result i32) {prefilter} (global.set $asked (i32.const 0)) (i32.const 0))
            (func (export "filter") (result i32)
                (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
                {filter} (i32.const 0)))"#
    )
}

/// Rejects the three-hundredth node.
const CARRIES: &str = "(if (i32.eq (global.get $asked) (i32.const 300)) (then (return (i32.const 2))))";

#[test]
fn a_guest_holds_a_batch_of_nodes_at_the_most_and_knows_of_its_pod_in_each() {
    // What it knows grows from stage to stage; a node more than a batch is one too many, as for want of memory.
    let wat = format!(
        r#"(module (memory (export "memory") 1)
            (global $knows (mut i32) (i32.const 0)) (global $held (mut i32) (i32.const 0)) (global $scored (mut i32) (i32.const 0))
            (func $needs (param i32) (if (i32.lt_u (global.get $knows) (local.get 0)) (then unreachable)))
            (func $holds (param i32) (if (i32.gt_u (local.get 0) (i32.const {BATCH})) (then unreachable)))
            (func (export "prefilter") (result i32)
                (global.set $held (i32.const 0)) (global.set $scored (i32.const 0)) (global.set $knows (i32.const 1)) (i32.const 0))
            (func (export "filter") (result i32)
                (global.set $held (i32.add (global.get $held) (i32.const 1))) (call $holds (global.get $held))
                (call $needs (i32.const 1)) (global.set $knows (i32.const 2)) (i32.const 0))
            (func (export "prescore") (result i32) (call $needs (i32.const 2)) (global.set $knows (i32.const 3)) (i32.const 0))
            (func (export "score") (result i64)
                (global.set $scored (i32.add (global.get $scored) (i32.const 1))) (call $holds (global.get $scored))
                (call $needs (i32.const 3)) (i64.shl (i64.const 7) (i64.const 32))))"#
    );
    let world = world(&wat);
    for pod in ["p", "q"] {
        assert_eq!(decide(&world, pod), (NODES, vec![7; NODES]));
    }
    assert_eq!(world.failures(), Vec::<String>::new());
}

#[test]
fn a_guest_that_carries_something_from_node_to_node_is_asked_in_one_go() {
    let world = world(&counting("", "", CARRIES));
    for pod in ["p", "q"] {
        assert_eq!(decide(&world, pod).0, NODES - 1);
    }
    assert_eq!(world.failures(), Vec::<String>::new());
}

#[test]
fn so_is_one_that_fails_in_batches_only() {
    // It may begin once in its life.
    let begins = "(global.set $begun (i32.add (global.get $begun) (i32.const 1)))
        (if (i32.gt_u (global.get $begun) (i32.const 1)) (then unreachable))";
    let world = world(&counting("(global $begun (mut i32) (i32.const 0))", begins, CARRIES));
    assert_eq!(decide(&world, "p").0, NODES - 1);
    assert_eq!(world.failures(), Vec::<String>::new());
}

#[test]
fn what_a_guest_does_when_it_is_told_again_does_not_count() {
    let event =
        r#"{"RegardingReference":{"Kind":"Pod","UID":"u"},"Eventtype":"Normal","Reason":"r","Note":"n"}"#;
    let imports =
        r#"(import "k8s.io/scheduler" "handle.eventrecorder.eventf" (func $event (param i32 i32)))"#;
    let data = format!(r#"(data (i32.const 64) "{}")"#, event.replace('"', "\\22"));
    let wat = counting(imports, &format!("(call $event (i32.const 64) (i32.const {}))", event.len()), "");
    let world = world(&wat.replacen("(global $asked", &format!("{data} (global $asked"), 1));
    for pod in ["p", "q"] {
        assert_eq!(decide(&world, pod).0, NODES);
        assert_eq!(world.requests.drain().len(), 1);
    }
}

#[test]
fn what_a_guest_does_while_it_is_only_compared_does_not_count() {
    let event =
        r#"{"RegardingReference":{"Kind":"Pod","UID":"u"},"Eventtype":"Normal","Reason":"r","Note":"n"}"#;
    let imports =
        r#"(import "k8s.io/scheduler" "handle.eventrecorder.eventf" (func $event (param i32 i32)))"#;
    let data = format!(r#"(data (i32.const 64) "{}")"#, event.replace('"', "\\22"));
    // The thousandth call of an instance's life: the pod's own has 256 of them, and the one beside it 744 for the answers.
    let emits = format!(
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (i32.eq (global.get $calls) (i32.const 1000)) (then (call $event (i32.const 64) (i32.const {}))))",
        event.len()
    );
    let wat = counting(imports, "", &emits);
    let globals = format!("{data} (global $calls (mut i32) (i32.const 0)) (global $asked");
    let world = world(&wat.replacen("(global $asked", &globals, 1));
    assert_eq!(decide(&world, "p").0, NODES);
    assert_eq!(world.requests.drain().len(), 0);
}

#[test]
fn a_guest_that_reads_the_list_of_all_nodes_reads_it_once() {
    let imports = r#"(import "k8s.io/api" "nodeList" (func $list (param i32 i32) (result i32)))"#;
    let world = world(&counting(imports, "(drop (call $list (i32.const 0) (i32.const 0)))", CARRIES));
    assert_eq!(decide(&world, "p").0, NODES - 1);
    assert_eq!(world.made_and_gone().0, 1);
}
