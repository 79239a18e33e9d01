//! The writes after the decision, and what happens when they fail.

use super::*;

fn writing() -> PodBuilder {
    pod("p").label("prebind.A", "write")
}

#[test]
fn the_binding_follows_the_writes() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(writing()), ""),
            (Do::Step, "write 1 for p on n"),
            (bound("p"), ""),
            (written("p"), "bind p to n"),
            (written("p"), ""),
            (bound("p"), "p scheduled on n"),
        ],
    );
}

#[test]
fn a_write_that_fails_gives_the_room_back_and_the_pod_backs_off_whatever_happened_meanwhile() {
    let failed = Do::Tell(Input::PreBound { uid: uid("p"), result: Err("conflict".into()) });
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(writing()), ""),
            (Do::Step, "write 1 for p on n"),
            (Do::Log, "reserve A, reserve B"),
            (failed, "p SchedulerError: conflict"),
            (Do::Log, "unreserve B, unreserve A"),
            (Do::Where("p"), "backoff"),
            (Do::Step, "nobody"),
        ],
    );
}

#[test]
fn a_binding_that_fails_wakes_who_waits_for_the_room_and_retries_the_newest_version() {
    check(
        world(),
        &[
            (node_is(node("n").allocatable("pods", "1")), ""),
            (pod_is(pod("p")), ""),
            (Do::Step, "bind p to n"),
            (pod_is(pod("q")), ""),
            (Do::Step, "q Unschedulable: 0/1 nodes are available: 1 full. nobody to evict"),
            (pod_is(pod("p").label("filter.A", "n")), ""),
            (not_bound("p", "conflict"), "p SchedulerError: conflict"),
            (Do::Step, "bind q to n"),
            (bound("q"), "q scheduled on n"),
            (second(3), ""),
            (Do::Step, "p Unschedulable: 0/1 nodes are available: 1 not here. nobody to evict"),
        ],
    );
}

/// `q` waits for the only place of `n`, which `p` has been given, and gets it by what happens.
#[track_caller]
fn check_announced(happens: Vec<(Do, &'static str)>) {
    let mut script = vec![
        (node_is(node("n").allocatable("pods", "1")), ""),
        (pod_is(pod("p")), ""),
        (Do::Step, "bind p to n"),
        (pod_is(pod("q")), ""),
        (Do::Step, "q Unschedulable: 0/1 nodes are available: 1 full. nobody to evict"),
        (Do::Step, "nobody"),
    ];
    script.extend(happens);
    script.push((Do::Step, "bind q to n"));
    check(world(), &script);
}

#[test]
fn room_that_a_pod_gives_up_before_it_was_seen_there_is_announced() {
    let elsewhere = || pod_is(pod("p").on("m"));
    check_announced(vec![(elsewhere(), ""), (Do::Where("p"), "placed on m")]);
    check_announced(vec![(not_bound("p", "conflict"), "p SchedulerError: conflict")]);
    check_announced(vec![(pod_gone("p"), "")]);
    check_announced(vec![(bound("p"), "p scheduled on n"), (pod_gone("p"), "")]);
}

#[test]
fn a_pod_that_was_bound_and_is_seen_on_another_node_is_there() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (Do::Step, "bind p to n"),
            (bound("p"), "p scheduled on n"),
            (pod_is(pod("p").on("m")), ""),
            (Do::Where("p"), "placed on m"),
        ],
    );
}

#[test]
fn an_answer_for_a_pod_that_is_gone_finds_nothing_to_do() {
    for answer in [bound("p"), not_bound("p", "not found")] {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (pod_is(pod("p")), ""),
                (Do::Step, "bind p to n"),
                (pod_gone("p"), ""),
                (answer, ""),
                (Do::Where("p"), "gone"),
                (Do::Step, "nobody"),
            ],
        );
    }
}

#[test]
fn a_node_that_goes_during_the_writes_fails_the_binding_and_one_that_returns_counts_its_pods() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(writing()), ""),
            (Do::Step, "write 1 for p on n"),
            (node_gone("n"), ""),
            (written("p"), "p SchedulerError: the node is gone"),
            (Do::Where("p"), "backoff"),
        ],
    );
    check(
        world(),
        &[
            (node_is(node("n").allocatable("pods", "1")), ""),
            (pod_is(pod("p")), ""),
            (Do::Step, "bind p to n"),
            (node_gone("n"), ""),
            (node_is(node("n").allocatable("pods", "1")), ""),
            (pod_is(pod("q")), ""),
            (Do::Step, "q Unschedulable: 0/1 nodes are available: 1 full. nobody to evict"),
            (bound("p"), "p scheduled on n"),
        ],
    );
}

#[test]
fn annotations_that_no_pod_may_have_are_the_plugins_failure() {
    let annotated = |key: &str| pod("p").label("annotate.A", key);
    let broken = "p SchedulerError: running Bind plugin \"A\": \"no/such/key\" is not a key of annotations";
    for (key, want) in [("example.com/key", "bind p to n"), ("no/such/key", broken)] {
        check(world(), &[(node_is(node("n")), ""), (pod_is(annotated(key)), ""), (Do::Step, want)]);
    }
}
