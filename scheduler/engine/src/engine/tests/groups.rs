//! Groups: their pods are started together or not at all.

use longshore_framework::group::{GROUP_LABEL, GroupApi, OwnGroup, PodGroup};
use longshore_framework::objects::Object;

use super::*;

fn group(api: GroupApi, min: Option<usize>) -> Object {
    Object::PodGroup(Arc::new(PodGroup::new(api, "default", "g", min)))
}

fn group_is(min: usize) -> Do {
    Do::Tell(Input::Object(group(GroupApi::Kubernetes, Some(min))))
}

fn group_gone(api: GroupApi) -> Do {
    Do::Tell(Input::ObjectDeleted(group(api, Some(3))))
}

fn labelled(name: &str) -> PodBuilder {
    pod(name).label(GROUP_LABEL, "g")
}

fn in_spec(name: &str) -> PodBuilder {
    pod(name).spec(|s| s.scheduling_group = Some("g".into()))
}

fn annotated(name: &str) -> PodBuilder {
    let own = OwnGroup::new("g", Some(3));
    pod(name).meta(|m| m.own_group = Some(Arc::new(own)))
}

fn room_for(pods: usize) -> Do {
    node_is(node("n").allocatable("pods", &pods.to_string()))
}

/// What all pods of the group are told of a group of which `fit` pods fit on one node.
fn too_few(fit: usize, pods: &[&str], unfit: &str) -> String {
    let why = format!(
        "Unschedulable: pod group default/g is not started: {fit} of its {} pods fit and it takes 3; default/{unfit} does \
         not fit: 0/1 nodes are available: 1 full. nobody to evict",
        pods.len()
    );
    pods.iter().map(|pod| format!("{pod} {why}")).collect::<Vec<_>>().join("; ")
}

fn incomplete(pod: &str, known: usize) -> String {
    format!("{pod} gated: pod group default/g is not complete: {known} of the 3 pods it takes exist")
}

#[test]
fn a_group_starts_when_it_is_complete_however_it_is_written() {
    type Kind = (Option<Object>, fn(&str) -> PodBuilder);
    let kinds: [Kind; 3] = [
        (Some(group(GroupApi::Kubernetes, Some(3))), in_spec),
        (Some(group(GroupApi::Coscheduling, Some(3))), labelled),
        (None, annotated),
    ];
    for (object, pod) in kinds {
        let mut world = world();
        if let Some(object) = object {
            world.act(&Do::Tell(Input::Object(object)));
        }
        check(
            world,
            &[
                (room_for(3), ""),
                (pod_is(pod("a")), &incomplete("a", 1)),
                (pod_is(pod("b")), &incomplete("b", 2)),
                (Do::Step, "nobody"),
                (Do::Where("a"), "gated"),
                (pod_is(pod("c")), ""),
                (Do::Where("a"), "active"),
                (Do::Step, "bind a to n; bind b to n; bind c to n"),
                (Do::Step, "nobody"),
            ],
        );
    }
}

#[test]
fn a_group_that_does_not_fit_holds_nothing_and_says_what_the_first_lacks() {
    check(
        world(),
        &[
            (room_for(2), ""),
            (group_is(3), ""),
            (pod_is(in_spec("a")), &incomplete("a", 1)),
            (pod_is(in_spec("b")), &incomplete("b", 2)),
            (pod_is(in_spec("c")), ""),
            (Do::Step, &too_few(2, &["a", "b", "c"], "c")),
            (
                Do::Log,
                "reserve A, reserve B, reserve A, reserve B, unreserve B, unreserve A, unreserve B, unreserve A",
            ),
            (Do::Where("a"), "parked"),
            // Others are not kept from the room.
            (pod_is(pod("p")), ""),
            (Do::Step, "bind p to n"),
            (Do::Step, "nobody"),
        ],
    );
}

/// A group of three with room for two, that was tried.
fn tried() -> World {
    let mut world = world();
    for step in [room_for(2), group_is(3), pod_is(in_spec("a")), pod_is(in_spec("b")), pod_is(in_spec("c"))] {
        world.act(&step);
    }
    assert_eq!(world.act(&Do::Step), too_few(2, &["a", "b", "c"], "c"));
    world
}

#[test]
fn one_event_wakes_the_group_once() {
    check(
        tried(),
        &[
            (Do::Step, "nobody"),
            (node_is(node("m").label("cpu", "fast").allocatable("pods", "0")), ""),
            (Do::Where("a"), "backoff"),
            (room_for(2), ""),
            (node_is(node("m").allocatable("pods", "1")), ""),
            (Do::Where("a"), "backoff"),
            (second(10), ""),
            (Do::Where("a"), "active"),
            (Do::Step, "bind a to m; bind b to n; bind c to n"),
            (Do::Step, "nobody"),
        ],
    );
}

#[test]
fn a_group_that_loses_a_pod_waits_until_it_is_complete_again() {
    check(
        tried(),
        &[
            (pod_gone("b"), ""),
            (Do::Where("a"), "gated"),
            (node_is(node("m")), ""),
            (second(400), ""),
            (Do::Step, "nobody"),
            (pod_is(in_spec("d")), ""),
            (Do::Where("a"), "active"),
            (Do::Step, "bind a to m; bind c to m; bind d to m"),
        ],
    );
}

#[test]
fn pods_beyond_those_it_takes_are_started_as_far_as_there_is_room() {
    let unfit = "d Unschedulable: 0/1 nodes are available: 1 full. nobody to evict";
    check(
        world(),
        &[
            (room_for(3), ""),
            (group_is(3), ""),
            (pod_is(in_spec("a")), &incomplete("a", 1)),
            (pod_is(in_spec("b")), &incomplete("b", 2)),
            (pod_is(in_spec("c")), ""),
            (pod_is(in_spec("d")), ""),
            (Do::Step, &format!("bind a to n; bind b to n; bind c to n; {unfit}")),
            (Do::Where("d"), "parked"),
            // The three that have a node count.
            (node_is(node("m").allocatable("pods", "1")), ""),
            (second(10), ""),
            (Do::Step, "bind d to m"),
        ],
    );
}

#[test]
fn a_pod_whose_binding_fails_is_tried_again_with_those_that_have_a_node() {
    let script = |after: &'static str| {
        vec![
            (room_for(3), String::new()),
            (group_is(3), String::new()),
            (pod_is(in_spec("a")), incomplete("a", 1)),
            (pod_is(in_spec("b")), incomplete("b", 2)),
            (pod_is(in_spec("c")), String::new()),
            (Do::Step, "bind a to n; bind b to n; bind c to n".to_string()),
            (bound("a"), "a scheduled on n".to_string()),
            (not_bound("b", "gone wrong"), "b SchedulerError: gone wrong".to_string()),
            (Do::Where("b"), "backoff".to_string()),
            (second(10), String::new()),
            (Do::Step, after.to_string()),
        ]
    };
    let mut steps = script("bind b to n");
    steps.push((bound("c"), "c scheduled on n".to_string()));
    let steps: Vec<(Do, &str)> = steps.iter().map(|(step, want)| (copy(step), &**want)).collect();
    check(world(), &steps);
}

/// A group of which `placed` pods are on the node and two wait, beside a pod that matters more: who goes first.
#[track_caller]
fn check_first(min: usize, placed: &[&str], late: bool, first: &str) {
    let mut world = world();
    world.act(&room_for(10));
    world.act(&group_is(min));
    world.act(&pod_is(pod("p").priority(100)));
    let bound: Vec<Do> = placed.iter().map(|name| pod_is(in_spec(name).on("n"))).collect();
    let waiting = ["a", "b"].map(|name| pod_is(in_spec(name)));
    let [early, later] = if late { [&waiting[..], &bound[..]] } else { [&bound[..], &waiting[..]] };
    early.iter().chain(later).for_each(|step| _ = world.act(step));
    assert_eq!(world.act(&Do::Step), first);
    world.is_sound();
}

#[test]
fn a_group_that_has_begun_goes_before_what_matters_more() {
    let (group, alone) = ("bind a to n; bind b to n", "bind p to n");
    for late in [false, true] {
        // Who started it ended in the middle, and is told of it pod by pod when it begins anew.
        check_first(3, &["x"], late, group);
        check_first(4, &["x", "y"], late, group);
        // It has what it takes.
        check_first(2, &["x", "y"], late, alone);
        check_first(1, &["x"], late, alone);
        // It has nothing yet.
        check_first(2, &[], late, alone);
    }
}

/// A group of three that has begun with one, and three more of its pods that wait beside a pod that matters more.
fn begun(third: fn(PodBuilder) -> PodBuilder) -> World {
    let mut world = world();
    let others = [pod_is(pod("p").priority(100)), pod_is(in_spec("x").on("n"))];
    let waiting = [third(in_spec("a")), in_spec("b"), in_spec("c")].map(pod_is);
    for step in [room_for(10), group_is(3)].iter().chain(&others).chain(&waiting) {
        world.act(step);
    }
    world
}

#[test]
fn pods_beyond_those_that_a_begun_group_lacks_wait_their_turn() {
    let script = [
        (Do::Step, "bind a to n; bind b to n"),
        (Do::Step, "bind p to n"),
        (Do::Step, "bind c to n"),
        (Do::Step, "nobody"),
    ];
    check(begun(|pod| pod), &script);
    // When one of those that were tried does not fit, the others are tried with them.
    let mut world = begun(|pod| pod.label("filter.A", "n"));
    let first = world.act(&Do::Step);
    assert!(first.starts_with("a Unschedulable") && first.contains("b Unschedulable"), "{first}");
    let second = world.act(&Do::Step);
    assert!(second.contains("bind b to n; bind c to n") && second.contains("a Unschedulable"), "{second}");
    assert_eq!(world.act(&Do::Step), "bind p to n");
    world.is_sound();
}

fn copy(step: &Do) -> Do {
    match step {
        Do::Tell(input) => Do::Tell(input.clone()),
        Do::Step => Do::Step,
        Do::Where(pod) => Do::Where(pod),
        Do::Log => Do::Log,
    }
}

#[test]
fn a_deleted_pod_leaves_those_that_are_being_bound_alone() {
    check(
        world(),
        &[
            (room_for(3), ""),
            (group_is(3), ""),
            (pod_is(in_spec("a")), &incomplete("a", 1)),
            (pod_is(in_spec("b")), &incomplete("b", 2)),
            (pod_is(in_spec("c")), ""),
            (Do::Step, "bind a to n; bind b to n; bind c to n"),
            (pod_gone("b"), ""),
            (bound("a"), "a scheduled on n"),
            (bound("c"), "c scheduled on n"),
            (Do::Where("b"), "gone"),
            (pod_is(in_spec("d")), ""),
            (Do::Step, "bind d to n"),
        ],
    );
}

#[test]
fn while_a_plugin_keeps_one_waiting_the_others_wait_with_it() {
    let slow = |name: &str| in_spec(name).label("permit.A", "wait 10");
    let start = |last: fn(&str) -> PodBuilder| {
        let mut world = world();
        for step in [room_for(3), group_is(3), pod_is(in_spec("a")), pod_is(in_spec("b")), pod_is(last("c"))]
        {
            world.act(&step);
        }
        let waits = "a waits on n until 960000; b waits on n until 960000; c waits on n until 10000";
        assert_eq!(world.act(&Do::Step), waits);
        world
    };
    let allow = Do::Tell(Input::Allow { uid: uid("c"), plugin: "A".into() });
    check(start(slow), &[(allow, "bind a to n; bind b to n; bind c to n")]);
    let why = "Unschedulable: pod group default/g is not started: one of its pods was turned away or deleted";
    let timeout =
        "c Unschedulable: 0/1 nodes are available: 1 rejected due to timeout after waiting 10s at plugin A.";
    let script = [
        (second(11), &*format!("{timeout}; a {why}; b {why}")),
        (Do::Where("a"), "backoff"),
        (pod_gone("c"), ""),
        (Do::Where("a"), "gated"),
    ];
    check(start(slow), &script);
    check(start(slow), &[(pod_gone("c"), &format!("a {why}; b {why}")), (Do::Where("a"), "gated")]);
}

#[test]
fn two_groups_that_each_need_most_of_the_room_do_not_hold_it_against_each_other() {
    let other = |name: &str| pod(name).spec(|s| s.scheduling_group = Some("h".into()));
    let h = Object::PodGroup(Arc::new(PodGroup::new(GroupApi::Kubernetes, "default", "h", Some(2))));
    let none = "Unschedulable: pod group default/h is not started: 0 of its 2 pods fit and it takes 2; default/x does not \
                fit: 0/1 nodes are available: 1 full. nobody to evict";
    check(
        world(),
        &[
            (room_for(3), ""),
            (group_is(3), ""),
            (Do::Tell(Input::Object(h)), ""),
            (pod_is(in_spec("a")), &incomplete("a", 1)),
            (
                pod_is(other("x")),
                "x gated: pod group default/h is not complete: 1 of the 2 pods it takes exist",
            ),
            (pod_is(in_spec("b")), &incomplete("b", 2)),
            (pod_is(other("y")), ""),
            (pod_is(in_spec("c")), ""),
            // The one whose first pod came first goes first, though the other was complete before.
            (Do::Step, "bind a to n; bind b to n; bind c to n"),
            (Do::Step, &format!("x {none}; y {none}")),
            (Do::Step, "nobody"),
            (pod_gone("a"), ""),
            (pod_gone("b"), ""),
            (second(10), ""),
            (Do::Step, "bind x to n; bind y to n"),
        ],
    );
}

#[test]
fn a_group_whose_pods_are_started_one_by_one_holds_none_back() {
    let script = [
        (node_is(node("n")), ""),
        (Do::Tell(Input::Object(group(GroupApi::Kubernetes, None))), ""),
        (pod_is(in_spec("p")), ""),
        (Do::Step, "bind p to n"),
    ];
    check(world(), &script);
}

#[test]
fn a_label_without_its_group_is_a_label_and_a_pod_that_names_a_group_waits_for_it() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            // A group of the other API has nothing to do with the label.
            (group_is(3), ""),
            (pod_is(labelled("p")), ""),
            (Do::Step, "bind p to n"),
        ],
    );
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(in_spec("p")), "p gated: pod group default/g does not exist"),
            (Do::Step, "nobody"),
            (Do::Tell(Input::Object(group(GroupApi::Kubernetes, None))), ""),
            (Do::Step, "bind p to n"),
        ],
    );
}

#[test]
fn pods_hear_of_a_group_that_comes_changes_and_goes() {
    let api = GroupApi::Coscheduling;
    let is = |min| Do::Tell(Input::Object(group(api, Some(min))));
    check(
        world(),
        &[
            (room_for(3), ""),
            (pod_is(labelled("a")), ""),
            (is(3), ""),
            (Do::Step, "nobody"),
            (pod_is(labelled("b")), &incomplete("b", 2)),
            (is(2), ""),
            (Do::Step, "bind a to n; bind b to n"),
            (is(4), ""),
            (
                pod_is(labelled("c")),
                "c gated: pod group default/g is not complete: 3 of the 4 pods it takes exist",
            ),
            (group_gone(api), ""),
            (Do::Step, "bind c to n"),
        ],
    );
}

#[test]
fn victims_go_only_if_the_whole_group_gets_room_by_it() {
    let high = |name: &str| in_spec(name).priority(10);
    let start = |victims: usize| {
        let mut world = world();
        world.act(&room_for(3));
        for at in 0..3 {
            let priority = if at < victims { 0 } else { 20 };
            world.act(&pod_is(pod(["x", "y", "z"][at]).priority(priority).on("n")));
        }
        for step in [group_is(2), pod_is(high("a")), pod_is(high("b"))] {
            world.act(&step);
        }
        world
    };
    let nobody = start(1).act(&Do::Step);
    assert!(!nobody.contains("evict x") && nobody.contains("1 of its 2 pods fit"), "{nobody}");
    let mut world = start(3);
    let both = world.act(&Do::Step);
    assert!(both.contains("for a;") && both.contains("for b;"), "{both}");
    // While evictions are under way nobody is tried; then the whole group is.
    let script = [
        (Do::Step, "nobody"),
        (pod_gone("x"), ""),
        (pod_gone("y"), ""),
        (pod_gone("z"), ""),
        (evicted("a"), ""),
        (Do::Step, "nobody"),
        (evicted("b"), ""),
        (second(10), ""),
        (Do::Step, "bind a to n; bind b to n"),
    ];
    check(world, &script);
}

#[test]
fn a_pod_that_changes_its_label_changes_its_group() {
    check(
        world(),
        &[
            (room_for(3), ""),
            (Do::Tell(Input::Object(group(GroupApi::Coscheduling, Some(3)))), ""),
            (pod_is(labelled("a")), &incomplete("a", 1)),
            (pod_is(pod("a")), ""),
            (Do::Step, "bind a to n"),
            (pod_is(pod("b").label("gate.A", "yes")), "b gated: yes"),
            (pod_is(pod("c")), ""),
            (pod_is(labelled("c")), &incomplete("c", 1)),
            (Do::Step, "nobody"),
        ],
    );
}
