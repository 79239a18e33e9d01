//! What bad plugins do between attempts, and what they declare: ranks, hints, ticks, kinds of objects. No pod is lost for it.

use longshore_engine::Evaluation;
use longshore_framework::Timestamp;
use longshore_framework::event::HintContext;
use longshore_framework::fixture::pod;
use longshore_framework::port::Input;

use crate::cluster::Stand;
use crate::objects::{World, all_granted};
use crate::wat::{ALL_FIT, OK, Wat, guest, none_fit};

fn world(wat: &Wat) -> World {
    let mut world = World::of(&wat.build(), Evaluation::Incremental);
    world.node("a", "16");
    world
}

const RANK: (&str, &str) = ("queue-sort#rank", "(param i32) (result i32)");

#[test]
fn pods_of_a_plugin_that_cannot_rank_go_by_priority() {
    for body in
        ["unreachable", "(i32.const 7000000)", "(i32.store8 (i32.const 256) (i32.const 9)) (i32.const 256)"]
    {
        let mut world = world(&guest().filter(ALL_FIT).function(RANK.0, RANK.1, body));
        world.pod(&pod("low").request("cpu", "1").build());
        world.pod(&pod("high").request("cpu", "1").priority(5).build());
        world.run();
        world.placed(&["high", "low"]);
    }
}

#[test]
fn a_pod_wakes_when_the_hint_about_it_fails() {
    let filter = none_fit("not yet");
    let hint = ("hints#hint", "(param i32) (result i32)");
    let wat = guest().filter(&filter).event("Node", "Add").function(hint.0, hint.1, "unreachable");
    let mut world = world(&wat);
    world.pod(&pod("web").request("cpu", "1").build());
    assert_eq!(world.run().len(), 1);
    world.engine.apply(Input::Time(Timestamp(60_000)));
    assert!(world.run().is_empty(), "nothing happened");
    world.node("b", "16");
    world.engine.apply(Input::Time(Timestamp(120_000)));
    assert_eq!(world.run().len(), 1, "it is tried again");
}

/// Both functions of the interface `timers`.
fn ticking(every: &str, tick: &str) -> Wat {
    guest().filter(ALL_FIT).function("timers#every", "(param i32 i32) (result i32)", every).function(
        "timers#tick",
        "(result i32)",
        tick,
    )
}

/// `every` that answers so many milliseconds.
fn every(millis: u32) -> String {
    format!(
        "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store (i32.const 260) (i32.const {millis})) (i32.const 256)"
    )
}

#[test]
fn pods_are_placed_while_ticks_fail() {
    let mut world = world(&ticking(&every(0), "unreachable"));
    for at in 0..3 {
        world.engine.apply(Input::Time(Timestamp(at * 1000)));
        world.pod(&pod(&format!("p{at}")).request("cpu", "1").build());
        world.run();
    }
    world.placed(&["p0", "p1", "p2"]);
}

#[test]
fn a_tick_that_fails_comes_later_and_later_until_one_does_not() {
    // Fails three times.
    let tick =
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.store8 (i32.const 256) (i32.lt_u (global.get $calls) (i32.const 4)))
        (i32.store (i32.const 260) (i32.const 1024)) (i32.store (i32.const 264) (i32.const 3)) (i32.const 256)";
    let wat = ticking(&every(1000), tick)
        .extra("(global $calls (mut i32) (i32.const 0)) (data (i32.const 1024) \"no!\")");
    let stand = Stand::new();
    let asked = stand.load(&wat.build(), &all_granted()).unwrap();
    let plugin = &asked.instance.plugin;
    let cluster = HintContext { snapshot: &asked.snapshot, objects: &asked.objects };
    let mut pauses = Vec::new();
    for _ in 0..5 {
        pauses.push(plugin.ticks().unwrap().as_secs());
        plugin.tick(Timestamp(0), cluster);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 1]);
}

#[test]
fn a_plugin_that_wants_every_moment_is_called_ten_times_a_second() {
    let count = "(global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))
        (if (i32.gt_u (global.get $ticks) (i32.const 11)) (then unreachable))";
    let wat = ticking(&every(0), &format!("{count} {OK}")).extra("(global $ticks (mut i32) (i32.const 0))");
    let stand = Stand::new();
    let asked = stand.load(&wat.build(), &all_granted()).unwrap();
    assert_eq!(asked.instance.plugin.ticks(), Some(std::time::Duration::from_millis(100)));
}

#[track_caller]
fn check_refused(wat: &Wat, words: &str) {
    let stand = Stand::new();
    match stand.load(&wat.build(), &all_granted()) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => assert!(error.to_string().contains(words), "{error}"),
    }
}

/// Both functions of the interface `objects`; `kinds` answers with a list of so many kinds at 2048.
fn declaring(count: u32, data: &str) -> Wat {
    let kinds = format!(
        "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store (i32.const 260) (i32.const 2048))
        (i32.store (i32.const 264) (i32.const {count})) (i32.const 256)"
    );
    guest()
        .filter(ALL_FIT)
        .extra(data)
        .function("objects#kinds", "(param i32 i32) (result i32)", &kinds)
        .function("objects#apply", "(param i32 i32 i32)", "")
}

#[test]
fn declarations_that_make_no_sense_are_refused() {
    check_refused(&ticking("unreachable", OK), "Describe");
    check_refused(&declaring(1, ""), "which is not a group, version and kind");
    check_refused(&declaring(65, ""), "64 are allowed");
    check_refused(&declaring(100_000_000, ""), "Describe");
}
