//! Preemption, nominations and pods that wait for room.

use super::*;
use crate::preempt::left_behind;

const FULL: &str = "0/1 nodes are available: 1 full.";

fn one_place() -> Do {
    node_is(node("n").allocatable("pods", "1"))
}

fn high() -> PodBuilder {
    pod("high").priority(10)
}

/// A place that `low` has and `high` wants: `low` is being evicted.
fn evicting() -> World {
    let mut world = world();
    for step in [one_place(), pod_is(pod("low").on("n")), pod_is(high())] {
        assert_eq!(world.act(&step), "");
    }
    let evict = format!("evict low from n for high; high Unschedulable: {FULL} [n]");
    assert_eq!(world.act(&Do::Step), evict);
    world
}

#[test]
fn the_preemptor_rests_until_the_evictions_are_over_and_then_takes_the_room() {
    check(
        evicting(),
        &[
            (pod_gone("low"), ""),
            (Do::Where("high"), "gated"),
            (Do::Step, "nobody"),
            (evicted("high"), ""),
            (Do::Where("high"), "active"),
            (Do::Step, "bind high to n"),
        ],
    );
}

#[test]
fn a_victim_that_takes_its_time_is_waited_for_without_another_attempt() {
    check(
        evicting(),
        &[
            (pod_is(pod("low").on("n").meta(|m| m.terminating = true)), ""),
            (evicted("high"), ""),
            (Do::Step, "nobody"),
            (pod_gone("low"), ""),
            (Do::Step, "bind high to n"),
        ],
    );
}

#[test]
fn victims_on_their_way_out_are_waited_for() {
    let leaving = pod("low").on("n").meta(|m| m.terminating = true);
    check(
        world(),
        &[
            (one_place(), ""),
            (pod_is(leaving), ""),
            (pod_is(high()), ""),
            (Do::Step, &format!("evict low from n for high; high Unschedulable: {FULL} [n]")),
            (evicted("high"), ""),
            (Do::Where("high"), "parked"),
            (pod_gone("low"), ""),
            (Do::Step, "bind high to n"),
        ],
    );
}

#[test]
fn a_promised_place_is_kept_from_pods_that_matter_no_more_and_not_from_others() {
    check(
        evicting(),
        &[
            (pod_gone("low"), ""),
            (pod_is(pod("equal").priority(10)), ""),
            (Do::Step, &format!("equal Unschedulable: {FULL} nobody to evict")),
            (pod_is(pod("higher").priority(11)), ""),
            (Do::Step, "bind higher to n"),
        ],
    );
}

#[test]
fn a_stronger_preemptor_takes_the_promise_over() {
    check(
        evicting(),
        &[
            (pod_is(pod("higher").priority(11)), ""),
            (Do::Step, &format!("clear high; evict low from n for higher; higher Unschedulable: {FULL} [n]")),
        ],
    );
}

#[test]
fn a_promise_that_was_taken_over_is_no_longer_in_memory() {
    let mut world = evicting();
    let promised = |world: &World| -> Vec<String> {
        world.engine.queue.nominator.on("n").iter().map(|pod| pod.meta.name.to_string()).collect()
    };
    assert_eq!(promised(&world), ["high"]);
    world.act(&pod_is(pod("higher").priority(11)));
    world.act(&Do::Step);
    assert_eq!(promised(&world), ["higher"]);
}

#[test]
fn a_node_that_its_preemptor_left_is_known_until_the_victims_are_gone() {
    let mut world = evicting();
    let left = |world: &World| world.engine.evictions.left_behind().count();
    for step in [
        pod_is(pod("low").on("n").meta(|m| m.terminating = true)),
        evicted("high"),
        node_is(node("m").allocatable("pods", "1")),
    ] {
        assert_eq!(world.act(&step), "");
    }
    assert_eq!(left(&world), 0);
    assert_eq!(world.act(&Do::Step), "bind high to m");
    assert_eq!(left(&world), 1);
    world.act(&pod_gone("low"));
    assert_eq!(left(&world), 0);
}

/// What a filter does that breaks where there is room on `node`, or beside the pod of that name.
fn breaking_at(name: &str) -> PodBuilder {
    high().label("filter.A", &format!("breaks at {name}"))
}

#[test]
fn a_node_where_a_filter_breaks_is_passed_over() {
    let evict = "evict other from m for high; high Unschedulable: 0/2 nodes are available: 2 full. [m]";
    check(
        world(),
        &[
            (one_place(), ""),
            (node_is(node("m").allocatable("pods", "1")), ""),
            (pod_is(pod("low").on("n")), ""),
            (pod_is(pod("other").on("m")), ""),
            (pod_is(breaking_at("n")), ""),
            (Do::Step, evict),
        ],
    );
}

#[test]
fn a_pod_beside_which_a_filter_breaks_has_to_go() {
    check(
        world(),
        &[
            (node_is(node("n").allocatable("pods", "2")), ""),
            (pod_is(pod("first").on("n").priority(5)), ""),
            (pod_is(pod("second").on("n")), ""),
            (pod_is(breaking_at("first")), ""),
            (Do::Step, &format!("evict first from n for high; high Unschedulable: {FULL} [n]")),
        ],
    );
}

#[test]
fn a_node_that_was_left_and_promised_anew_is_nobodys_to_take() {
    let mut world = evicting();
    world.act(&pod_is(pod("low").on("n").meta(|m| m.terminating = true)));
    world.act(&evicted("high"));
    world.act(&node_is(node("m").allocatable("pods", "1")));
    assert_eq!(world.act(&Do::Step), "bind high to m");
    let top = pod("top").priority(99).build();
    let left = |world: &World| left_behind(&world.engine.evaluator(0, &top), &world.engine.evictions).len();
    assert_eq!(left(&world), 1);
    world.act(&pod_is(pod("mid").priority(5).meta(|m| m.nominated_node = Some("n".into()))));
    assert_eq!(left(&world), 0);
}

#[test]
fn a_promise_that_ends_wakes_pods_that_matter_no_more() {
    let stated = |node: &str| high().meta(|m| m.nominated_node = (!node.is_empty()).then(|| node.into()));
    for news in [pod_gone("high"), pod_is(stated(""))] {
        check(
            world(),
            &[
                (one_place(), ""),
                (pod_is(stated("n").label("filter.A", "n")), ""),
                (Do::Step, "high Unschedulable: 0/1 nodes are available: 1 not here. nobody to evict []"),
                (pod_is(stated("").label("filter.A", "n")), ""),
                (pod_is(stated("n").label("filter.A", "n")), ""),
                (pod_is(pod("low")), ""),
                (Do::Step, &format!("low Unschedulable: {FULL} nobody to evict")),
                (news, ""),
                (pod_gone("high"), ""),
                (Do::Step, "bind low to n"),
            ],
        );
    }
}

#[test]
fn the_nominated_node_is_tried_before_better_ones() {
    check(
        world(),
        &[
            (node_is(node("best").label("score", "100")), ""),
            (node_is(node("promised")), ""),
            (pod_is(pod("p").meta(|m| m.nominated_node = Some("promised".into()))), ""),
            (Do::Step, "bind p to promised"),
        ],
    );
}

#[test]
fn a_waiting_victim_gives_up_its_place_in_memory_and_is_tried_again() {
    check(
        world(),
        &[
            (one_place(), ""),
            (pod_is(pod("low").label("permit.A", "wait 60")), ""),
            (Do::Step, "low waits on n until 60000"),
            (pod_is(high()), ""),
            (
                Do::Step,
                &format!(
                    "high Unschedulable: {FULL} [n]; \
                     low SchedulerError: waiting on permit for pod: preempted; low leaves n to high"
                ),
            ),
            (Do::Step, "bind high to n"),
            (Do::Step, "nobody"),
            (bound("high"), "high scheduled on n"),
            (second(3), ""),
            (Do::Step, &format!("low Unschedulable: {FULL} nobody to evict")),
        ],
    );
}

#[test]
fn a_victim_whose_writes_are_under_way_goes_when_they_are_over() {
    check(
        world(),
        &[
            (one_place(), ""),
            (pod_is(pod("low").label("prebind.A", "write")), ""),
            (Do::Step, "write 1 for low on n"),
            (pod_is(high()), ""),
            (Do::Step, &format!("high Unschedulable: {FULL} [n]; low leaves n to high")),
            (Do::Step, "nobody"),
            // A node comes that would be tried, and found full, if the pod were not resting.
            (node_is(node("other").allocatable("pods", "0")), ""),
            (Do::Step, "nobody"),
            (written("low"), "low SchedulerError: preempted by Room"),
            (Do::Step, "bind high to n"),
        ],
    );
}

#[test]
fn a_preemptor_rests_until_its_victims_are_seen_to_go_whatever_the_api_server_said() {
    let terminating = || pod("low").on("n").meta(|m| m.terminating = true);
    check(
        evicting(),
        &[
            (evicted("high"), ""),
            // A node comes that would be tried, and found full, if the pod were not resting.
            (node_is(node("other").allocatable("pods", "0")), ""),
            (Do::Step, "nobody"),
            (pod_is(terminating()), ""),
            (Do::Where("high"), "parked"),
            (pod_gone("low"), ""),
            (Do::Where("high"), "active"),
            (Do::Step, "bind high to n"),
        ],
    );
}

#[test]
fn a_failed_eviction_and_a_node_that_is_gone_end_the_rest() {
    let failed = Do::Tell(Input::Evicted { uid: uid("high"), result: Err("no".into()) });
    let gone = || [(node_gone("n"), ""), (evicted("high"), "")];
    for end in [vec![(failed, "")], gone().into(), gone().into_iter().rev().collect()] {
        let mut script = end;
        script.push((Do::Where("high"), "active"));
        check(evicting(), &script);
    }
}

#[test]
fn a_victim_that_is_never_seen_to_go_is_given_up_in_the_end() {
    check(
        evicting(),
        &[
            (second(10), ""),
            (evicted("high"), ""),
            (second(309), ""),
            (Do::Step, "nobody"),
            (second(311), ""),
            (Do::Step, &format!("evict low from n for high; high Unschedulable: {FULL} [n]")),
        ],
    );
}

#[test]
fn a_status_that_is_older_than_the_promise_does_not_undo_it() {
    let stated = |node: &str| high().meta(|m| m.nominated_node = Some(node.into()));
    check(
        evicting(),
        &[
            (pod_gone("low"), ""),
            // The node is taken by a pod that matters more, and another one has to be made free.
            (pod_is(pod("top").priority(99).on("n")), ""),
            (node_is(node("m").allocatable("pods", "1")), ""),
            (pod_is(pod("mean").on("m")), ""),
            (evicted("high"), ""),
            (
                Do::Step,
                "evict mean from m for high; high Unschedulable: 0/2 nodes are available: 2 full. [m]",
            ),
            // News of the first promise comes now; a pod that matters as much must not have the second node.
            (pod_is(stated("n")), ""),
            (pod_gone("mean"), ""),
            (pod_is(pod("equal").priority(10)), ""),
            (Do::Step, "equal Unschedulable: 0/2 nodes are available: 2 full. nobody to evict"),
            (evicted("high"), ""),
            (Do::Step, "bind high to m"),
        ],
    );
}

#[test]
fn victims_of_a_preemptor_that_broke_are_waited_for_all_the_same() {
    let broken = || high().label("filter.A", "error");
    check(
        evicting(),
        &[
            (pod_is(pod("low").on("n").meta(|m| m.terminating = true)), ""),
            (evicted("high"), ""),
            (pod_is(broken()), ""),
            (second(400), ""),
            (Do::Step, "high SchedulerError: running \"A\" filter plugin: boom"),
            (pod_is(high()), ""),
            (pod_gone("low"), ""),
            (pod_is(pod("equal").priority(10)), ""),
            (Do::Step, "bind high to n"),
        ],
    );
}
