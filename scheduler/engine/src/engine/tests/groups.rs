//! Pods of groups wait.

use longshore_framework::group::{GROUP_LABEL, GroupApi, PodGroup};
use longshore_framework::objects::Object;

use super::*;

fn group(api: GroupApi, is_gang: bool) -> Object {
    Object::PodGroup(Arc::new(PodGroup { api, namespace: "default".into(), name: "g".into(), is_gang }))
}

fn group_is(api: GroupApi, is_gang: bool) -> Do {
    Do::Tell(Input::Object(group(api, is_gang)))
}

fn group_gone(api: GroupApi) -> Do {
    Do::Tell(Input::ObjectDeleted(group(api, true)))
}

fn labelled(name: &str) -> PodBuilder {
    pod(name).label(GROUP_LABEL, "g")
}

fn in_spec(name: &str) -> PodBuilder {
    pod(name).spec(|s| s.scheduling_group = Some("g".into()))
}

const WAITS: &str = "p Unschedulable: 0/1 nodes are available: the pod belongs to pod group default/g, \
                     and this scheduler does not start groups yet.";

#[test]
fn no_pod_of_a_gang_is_started_alone() {
    for (api, pod) in [(GroupApi::Kubernetes, in_spec("p")), (GroupApi::Coscheduling, labelled("p"))] {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (group_is(api, true), ""),
                (pod_is(pod), ""),
                (Do::Step, WAITS),
                (Do::Where("p"), "parked"),
                (node_is(node("m")), ""),
                (Do::Where("p"), "parked"),
            ],
        );
    }
}

#[test]
fn a_group_whose_pods_are_started_one_by_one_holds_none_back() {
    let api = GroupApi::Kubernetes;
    let script = [
        (node_is(node("n")), ""),
        (group_is(api, false), ""),
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
            (group_is(GroupApi::Kubernetes, true), ""),
            (pod_is(labelled("p")), ""),
            (Do::Step, "bind p to n"),
        ],
    );
    let missing = "p Unschedulable: 0/1 nodes are available: the pod belongs to pod group default/g, \
                   which does not exist.";
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (group_is(GroupApi::Coscheduling, true), ""),
            (pod_is(in_spec("p")), ""),
            (Do::Step, missing),
            (group_is(GroupApi::Kubernetes, false), ""),
            (Do::Step, "bind p to n"),
        ],
    );
}

#[test]
fn replicas_hear_of_a_group_that_comes_and_goes() {
    // The third of a class is decided from what the others left behind.
    let api = GroupApi::Coscheduling;
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(labelled("a")), ""),
            (Do::Step, "bind a to n"),
            (pod_is(labelled("b")), ""),
            (Do::Step, "bind b to n"),
            (group_is(api, true), ""),
            (pod_is(labelled("p")), ""),
            (Do::Step, WAITS),
            (group_gone(api), ""),
            (Do::Step, "bind p to n"),
        ],
    );
}

#[test]
fn a_pod_of_a_gang_evicts_nobody() {
    check(
        world(),
        &[
            (node_is(node("n").allocatable("pods", "1")), ""),
            (pod_is(pod("low").on("n")), ""),
            (group_is(GroupApi::Kubernetes, true), ""),
            (pod_is(in_spec("p").priority(10)), ""),
            (Do::Step, WAITS),
        ],
    );
}
