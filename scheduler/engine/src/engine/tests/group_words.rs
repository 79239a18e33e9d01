//! What pods of a group of `scheduling.k8s.io` are told where kube-scheduler's words are used, from 1.37 on.

use longshore_framework::group::{GroupApi, PodGroup};
use longshore_framework::objects::Object;
use longshore_framework::pod::PreemptionPolicy;

use super::group_domains::with_gates;
use super::*;

/// Pods `a`, `b` and so on of a group that takes three, with priority 10 as it has, on nodes with room for two.
fn world_of(pods: impl Iterator<Item = PodBuilder>, others: Vec<PodBuilder>) -> World {
    let mut world = with_gates(&["GenericWorkload"]);
    world.act(&node_is(node("n").allocatable("pods", "2")));
    for other in others {
        world.act(&pod_is(other));
    }
    let mut group = PodGroup::new(GroupApi::Kubernetes, "default", "g", Some(3));
    group.priority = Some(10);
    world.act(&Do::Tell(Input::Object(Object::PodGroup(Arc::new(group)))));
    for pod in pods {
        world.act(&pod_is(pod.spec(|spec| spec.scheduling_group = Some("g".into()))));
    }
    world
}

fn three(change: fn(PodBuilder) -> PodBuilder) -> impl Iterator<Item = PodBuilder> {
    ["a", "b", "c"].into_iter().map(move |name| change(pod(name).priority(10)))
}

#[track_caller]
fn check_told(mut world: World, want: &[&str]) {
    let told = world.act(&Do::Step);
    assert_eq!(told.split("; ").collect::<Vec<_>>(), want);
    world.is_sound();
}

const FULL: &str = "0/1 nodes are available: 1 full.";

#[test]
fn pods_are_told_how_many_are_scheduled_and_how_many_remain() {
    let fits = "Unschedulable: pod group is unschedulable, minCount (3) cannot be satisfied: 2 scheduled, 0 remaining, pod \
                group preemption: No preemption victims found for incoming preemptor";
    let want = [format!("a {fits}"), format!("b {fits}"), format!("c Unschedulable: {FULL}")];
    check_told(world_of(three(|pod| pod), vec![]), &want.each_ref().map(|line| &**line));
}

#[test]
fn who_comes_after_the_pod_that_settles_it_was_not_looked_at() {
    let one = vec![pod("x").priority(10).on("n")];
    let fits = "Unschedulable: pod group is unschedulable, minCount (3) cannot be satisfied: 1 scheduled, 1 remaining, pod \
                group preemption: No preemption victims found for incoming preemptor";
    let want = [
        format!("a {fits}"),
        format!("b Unschedulable: {FULL}"),
        "c Unschedulable: minCount (3) cannot be satisfied: 1 scheduled, 1 remaining".to_string(),
    ];
    check_told(world_of(three(|pod| pod), one), &want.each_ref().map(|line| &**line));
}

#[test]
fn what_came_of_preemption_is_told() {
    let low = || vec![pod("x").on("n")];
    let told = world_of(three(|pod| pod), low()).act(&Do::Step);
    let then = "a Unschedulable: pod group is unschedulable, minCount (3) cannot be satisfied: 1 scheduled, 1 remaining, pod \
                group preemption: minCount (3) cannot be satisfied: 2 scheduled, 0 remaining; ";
    assert!(told.starts_with(then), "{told}");
    let never = |pod: PodBuilder| pod.spec(|spec| spec.preemption_policy = PreemptionPolicy::Never);
    let told = world_of(three(never), low()).act(&Do::Step);
    assert!(told.contains("pod group preemption: not eligible due to preemptionPolicy=Never."), "{told}");
}

#[test]
fn pods_have_the_priority_of_their_group_and_one_policy() {
    let all = |why: &str| ["a", "b", "c"].map(|name| format!("{name} SchedulerError: {why}")).join("; ");
    let mixed = ["a", "b", "c"].into_iter().map(|name| pod(name).priority(if name == "b" { 7 } else { 10 }));
    let why = "all pods in a single pod group should have the same priority as the pod group's priority, got 7 and 10";
    let told = world_of(mixed, vec![]).act(&Do::Step);
    assert_eq!(told.split("; ").count(), 3, "{told}");
    assert!(told.split("; ").all(|line| line.ends_with(why)), "{told}");
    let mixed = ["a", "b", "c"].into_iter().map(|name| {
        let policy =
            if name == "b" { PreemptionPolicy::Never } else { PreemptionPolicy::PreemptLowerPriority };
        pod(name).priority(10).spec(|spec| spec.preemption_policy = policy)
    });
    let why = "all pods in a single pod group should have the same preemption policy, got Never and PreemptLowerPriority";
    assert_eq!(world_of(mixed, vec![]).act(&Do::Step), all(why));
}
