//! Reserve and Permit.

use super::*;

fn waiting(seconds: &str) -> PodBuilder {
    pod("p").label("permit.A", &format!("wait {seconds}"))
}

fn allow(plugin: &str) -> Do {
    Do::Tell(Input::Allow { uid: uid("p"), plugin: plugin.into() })
}

fn reject(plugin: &str) -> Do {
    Do::Tell(Input::Reject { uid: uid("p"), plugin: plugin.into(), message: "no".into() })
}

#[test]
fn after_a_rejection_everything_is_unreserved_last_first() {
    for label in ["reserve.A", "permit.B"] {
        let asked = if label == "reserve.A" { "reserve A" } else { "reserve A, reserve B" };
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (pod_is(pod("p").label(label, "no")), ""),
                (Do::Step, "p Unschedulable: 0/1 nodes are available: 1 no."),
                (Do::Log, &format!("{asked}, unreserve B, unreserve A")),
                (Do::Where("p"), "parked"),
            ],
        );
    }
}

#[test]
fn a_pod_waits_until_every_plugin_allows_it() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(waiting("10").label("permit.B", "wait 5")), ""),
            (Do::Step, "p waits on n until 5000"),
            (allow("B"), ""),
            (allow("B"), ""),
            (second(6), ""),
            (allow("A"), "bind p to n"),
            (reject("A"), ""),
        ],
    );
}

#[test]
fn a_pod_that_is_turned_away_is_not_woken_by_its_own_room_and_others_are() {
    let full = "q Unschedulable: 0/1 nodes are available: 1 full. nobody to evict";
    check(
        world(),
        &[
            (node_is(node("n").allocatable("pods", "1")), ""),
            (pod_is(waiting("10")), ""),
            (Do::Step, "p waits on n until 10000"),
            (pod_is(pod("q")), ""),
            (Do::Step, full),
            (reject("B"), "p Unschedulable: 0/1 nodes are available: 1 no."),
            (Do::Log, "reserve A, reserve B, unreserve B, unreserve A"),
            (Do::Step, "bind q to n"),
            (Do::Where("p"), "parked"),
        ],
    );
}

#[test]
fn the_shortest_wait_runs_out_first_and_is_capped_at_15_minutes() {
    let late = |time: &str, plugin: &str| {
        let message = format!("rejected due to timeout after waiting {time} at plugin {plugin}");
        format!("p Unschedulable: 0/1 nodes are available: 1 {message}.")
    };
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(waiting("100").label("permit.B", "wait 90")), ""),
            (Do::Step, "p waits on n until 90000"),
            (second(89), ""),
            (second(90), &late("1m30s", "B")),
        ],
    );
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(waiting("5000")), ""),
            (Do::Step, "p waits on n until 900000"),
            (second(900), &late("15m0s", "A")),
        ],
    );
}

#[test]
fn the_next_timeout_is_the_first_of_all_waits() {
    let mut world = world();
    assert_eq!(world.engine.next_timeout(), None);
    world.act(&node_is(node("n")));
    for (name, seconds) in [("p", "20"), ("q", "10")] {
        world.act(&pod_is(pod(name).label("permit.A", &format!("wait {seconds}"))));
        world.act(&Do::Step);
    }
    assert_eq!(world.engine.next_timeout(), Some(Timestamp(10_000)));
    world.act(&second(10));
    assert_eq!(world.engine.next_timeout(), Some(Timestamp(20_000)));
    world.act(&second(20));
    assert_eq!(world.engine.next_timeout(), None);
}

#[test]
fn what_happens_during_the_wait_is_not_missed() {
    for (event, place) in [(node_is(node("m")), "backoff"), (node_gone("n"), "parked")] {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (pod_is(waiting("10")), ""),
                (Do::Step, "p waits on n until 10000"),
                (event, ""),
                (reject("A"), "p Unschedulable: 0/1 nodes are available: 1 no."),
                (Do::Where("p"), place),
            ],
        );
    }
}

#[test]
fn a_waiting_pod_that_is_activated_does_not_rest_when_it_comes_back() {
    let mut world = world();
    world.act(&node_is(node("n")));
    world.act(&pod_is(waiting("10")));
    world.act(&Do::Step);
    assert!(world.engine.activate("default/p"));
    assert!(!world.engine.activate("default/q"));
    world.act(&reject("A"));
    assert_eq!(world.act(&Do::Where("p")), "backoff");
}

#[test]
fn a_waiting_pod_is_tried_again_in_its_newest_version() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(waiting("10")), ""),
            (Do::Step, "p waits on n until 10000"),
            (pod_is(pod("p")), ""),
            (reject("A"), "p Unschedulable: 0/1 nodes are available: 1 no."),
            (node_is(node("m")), ""),
            (Do::Step, "bind p to m"),
        ],
    );
}

#[test]
fn a_waiting_pod_that_goes_or_is_placed_elsewhere_gives_its_room_back() {
    let gone = pod_is(waiting("10").meta(|m| m.terminating = true));
    for (news, place) in
        [(pod_gone("p"), "gone"), (gone, "gone"), (pod_is(waiting("10").on("x")), "placed on x")]
    {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (pod_is(waiting("10")), ""),
                (Do::Step, "p waits on n until 10000"),
                (Do::Log, "reserve A, reserve B"),
                (news, ""),
                (Do::Log, "unreserve B, unreserve A"),
                (Do::Where("p"), place),
                (allow("A"), ""),
                (second(20), ""),
                (Do::Step, "nobody"),
            ],
        );
    }
}
