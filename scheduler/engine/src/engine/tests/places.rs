//! What the watch says of a pod, whatever the scheduler was about to do with it.

use super::*;

/// News of `p`.
const NEWS: [&str; 5] = ["on n", "on m", "gone", "terminating", "new version"];

fn news(what: &str) -> Do {
    match what {
        "on n" | "on m" => pod_is(pod("p").on(&what[3..])),
        "gone" => pod_gone("p"),
        "terminating" => pod_is(pod("p").meta(|m| m.terminating = true)),
        _ => pod_is(pod("p").label("new", "")),
    }
}

/// How `p` comes to each state, on a node `n` with one place.
fn steps(state: &str) -> Vec<Do> {
    let decided = |pod| vec![pod_is(pod), Do::Step];
    let then = |mut steps: Vec<Do>, step| {
        steps.push(step);
        steps
    };
    match state {
        "waiting" => vec![pod_is(pod("p"))],
        "permit" => decided(pod("p").label("permit.A", "wait 10")),
        "pre-binding" => decided(pod("p").label("prebind.A", "write")),
        "binding" => decided(pod("p")),
        "bound" => then(decided(pod("p")), bound("p")),
        "unanswered" => then(decided(pod("p")), pod_is(pod("p").on("n"))),
        "seen" => vec![pod_is(pod("p").on("n"))],
        other => panic!("no state {other}"),
    }
}

/// A pod in this state, and another that waits for the only place of `n` if the pod has it.
fn in_state(state: &str) -> World {
    let mut world = world();
    world.act(&node_is(node("n").allocatable("pods", "1")));
    for step in steps(state) {
        world.act(&step);
    }
    world.act(&Do::Log);
    world
}

/// For each news: where the pod is then, and whether its reservation was undone.
#[track_caller]
fn check_news(state: &str, want: [(&str, bool); 5]) {
    for (what, (place, undone)) in NEWS.into_iter().zip(want) {
        let mut world = in_state(state);
        world.act(&news(what));
        let log = world.act(&Do::Log);
        let expected = if undone { "unreserve B, unreserve A" } else { "" };
        assert_eq!((&*world.act(&Do::Where("p")), &*log), (place, expected), "{state}, then {what}");
        world.is_sound();
        let free = usize::from(place.ends_with("on n"));
        let n = world.engine.snapshot().slot("n").unwrap();
        assert_eq!(world.engine.snapshot().view(n).pods().len(), free, "{state}, then {what}");
        assert_eq!(world.engine.remembered_events().len(), 0);
        // Nothing comes of what was under way but the end of it.
        for late in [written("p"), bound("p"), Do::Tell(Input::Allow { uid: uid("p"), plugin: "A".into() })] {
            world.act(&late);
        }
        world.is_sound();
    }
}

#[test]
fn a_pod_is_where_the_watch_shows_it_and_what_was_held_for_it_elsewhere_is_undone() {
    let [on_n, on_m, gone] = ["placed on n", "placed on m", "gone"];
    let assumed = "assumed on n";
    check_news(
        "waiting",
        [(on_n, false), (on_m, false), (gone, false), ("active", false), ("active", false)],
    );
    for state in ["permit", "pre-binding"] {
        check_news(state, [(on_n, true), (on_m, true), (gone, true), (gone, true), (assumed, false)]);
    }
    check_news("binding", [(on_n, false), (on_m, true), (gone, true), (gone, true), (assumed, false)]);
    check_news("bound", [(on_n, false), (on_m, false), (gone, false), (gone, false), (assumed, false)]);
    check_news("unanswered", [(on_n, false), (on_m, true), (gone, true), (on_n, false), (on_n, false)]);
    check_news("seen", [(on_n, false), (on_m, false), (gone, false), (on_n, false), (on_n, false)]);
}

#[test]
fn who_waits_for_the_room_hears_that_it_was_given_up() {
    for state in ["permit", "pre-binding", "binding", "bound", "unanswered", "seen"] {
        for what in ["on m", "gone"] {
            let mut world = in_state(state);
            world.act(&pod_is(pod("q")));
            let full = "q Unschedulable: 0/1 nodes are available: 1 full. nobody to evict";
            assert_eq!(world.act(&Do::Step), full, "{state}");
            world.act(&news(what));
            // A pod that is bound and is shown on another node is no news to those who wait for room.
            let moves = ["bound", "seen"].contains(&state) && what == "on m";
            let want = if moves { "nobody" } else { "bind q to n" };
            assert_eq!(world.act(&Do::Step), want, "{state}, then {what}");
            world.is_sound();
        }
    }
}

#[test]
fn what_comes_back_is_the_newest_version_and_the_old_one_is_counted_nowhere() {
    for (state, fails) in [
        ("permit", Do::Tell(Input::Reject { uid: uid("p"), plugin: "A".into(), message: "no".into() })),
        ("pre-binding", Do::Tell(Input::PreBound { uid: uid("p"), result: Err("no".into()) })),
        ("binding", not_bound("p", "no")),
    ] {
        let mut world = in_state(state);
        world.act(&news("new version"));
        world.act(&fails);
        assert_eq!(world.act(&Do::Log), "unreserve B, unreserve A");
        let queued = world.engine.waiting("default/p").unwrap();
        assert!(queued.pod.meta.labels.get("new").is_some(), "{state}");
        assert_eq!(world.engine.cache().pod_counts(), (0, 0));
        world.is_sound();
    }
}

#[test]
fn an_answer_counts_once_and_only_for_what_is_under_way() {
    for state in ["waiting", "permit", "bound", "seen"] {
        let mut world = in_state(state);
        let before = world.act(&Do::Where("p"));
        for answer in [written("p"), bound("p"), not_bound("p", "no")] {
            assert_eq!(world.act(&answer), "", "{state}");
        }
        assert_eq!((world.act(&Do::Where("p")), world.act(&Do::Log)), (before, String::new()));
    }
}

#[test]
fn a_pod_that_others_put_on_the_node_before_its_binding_was_sent_is_evicted_like_any_other() {
    let mut world = world();
    world.engine.hold_bindings();
    for step in [node_is(node("n").allocatable("pods", "1")), pod_is(pod("p")), Do::Step] {
        world.act(&step);
    }
    world.act(&pod_is(pod("p").on("n")));
    world.act(&pod_is(pod("high").priority(10)));
    let evict = "evict p from n for high; high Unschedulable: 0/1 nodes are available: 1 full. [n]";
    assert_eq!(world.act(&Do::Step), evict);
    assert_eq!(world.act(&Do::Where("p")), "placed on n");
    assert!(world.engine.still_fits("default/p", "n"));
    assert_eq!(world.act(&bound("p")), "p scheduled on n");
    world.is_sound();
}

#[test]
fn a_pod_that_is_tried_before_its_turn_is_in_one_place_too() {
    let mut world = in_state("waiting");
    assert!(world.engine.step_pod("default/p").is_some() && world.engine.step_pod("default/p").is_none());
    assert_eq!(world.act(&Do::Where("p")), "assumed on n");
    assert_eq!(world.act(&Do::Step), "nobody");
    world.is_sound();
}

#[test]
fn a_bound_pod_shares_its_spec_with_those_that_wait() {
    let mut engine = world().engine;
    engine.apply(Input::Pod(pod("p").on("n").build()));
    engine.apply(Input::Pod(pod("q").build()));
    let (bound, waiting) = (engine.cache().pod("default/p").unwrap().0, engine.waiting("default/q").unwrap());
    assert!(std::sync::Arc::ptr_eq(&bound.spec, &waiting.pod.spec));
}
