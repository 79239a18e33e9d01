//! Groups that start in one domain of a node label.

use longshore_framework::features::{Features, Minor, Setting};
use longshore_framework::group::{GroupApi, GroupTopology, OwnGroup, PodGroup};
use longshore_framework::objects::Object;

use super::*;

/// A world where room for a group is made as one, by the rules of 1.37 with these gates on.
pub(super) fn with_gates(gates: &[&str]) -> World {
    let settings = gates.iter().map(|name| Setting { name: (*name).into(), value: true });
    let features = Features::resolve(Minor::V1_37, &settings.collect::<Vec<_>>()).unwrap().features;
    let log = Log::default();
    let options = Options { tie_break: TieBreak::First, features, ..Options::default() };
    World { engine: Engine::new(vec![fakes::profile_of(&log, true)], options), log }
}

/// Nodes with places for so many pods: `NAME RACK BLOCK PLACES`.
fn nodes(all: &[&str]) -> World {
    let mut world = with_gates(&[]);
    add_nodes(&mut world, all);
    world
}

fn add_nodes(world: &mut World, all: &[&str]) {
    for text in all {
        let words: Vec<&str> = text.split(' ').collect();
        let [name, rack, block, places] = words[..] else { panic!("{text}") };
        let mut new = node(name).allocatable("pods", places);
        for (key, value) in [("rack", rack), ("block", block)] {
            if value != "-" {
                new = new.label(key, value);
            }
        }
        world.act(&node_is(new));
    }
}

/// Pods `a`, `b`, ... of a group that takes `min` of them.
fn group(world: &mut World, pods: usize, min: usize, required: &str, preferred: &[&str]) {
    let own = OwnGroup {
        topology: GroupTopology {
            required: (!required.is_empty()).then(|| required.into()),
            preferred: preferred.iter().map(|key| (*key).into()).collect(),
        },
        ..OwnGroup::new("g", Some(min))
    };
    let own = Arc::new(own);
    for name in ["a", "b", "c", "d", "e"].iter().take(pods) {
        world.act(&pod_is(pod(name).priority(10).meta(|meta| meta.own_group = Some(Arc::clone(&own)))));
    }
}

#[track_caller]
fn check_bound(mut world: World, want: &str) {
    assert_eq!(world.act(&Do::Step), want);
    world.is_sound();
}

#[test]
fn the_domain_with_the_fewest_places_left_over_is_taken() {
    let racks = ["n1 r1 - 5", "n2 r2 - 2", "n3 r2 - 1", "n4 r3 - 2", "n5 - - 9"];
    let mut world = nodes(&racks);
    group(&mut world, 3, 3, "rack", &[]);
    check_bound(world, "bind a to n2; bind b to n2; bind c to n3");
    // Not where a pod is turned away, however well it would fit.
    let mut world = nodes(&racks);
    let own = OwnGroup {
        topology: GroupTopology { required: Some("rack".into()), preferred: Vec::new() },
        ..OwnGroup::new("g", Some(3))
    };
    let own = Arc::new(own);
    for name in ["a", "b", "c"] {
        let new = pod(name).label("filter.A", "n3").meta(|meta| meta.own_group = Some(Arc::clone(&own)));
        world.act(&pod_is(new));
    }
    check_bound(world, "bind a to n1; bind b to n1; bind c to n1");
}

#[test]
fn levels_are_tried_from_the_narrowest_on() {
    let all = ["n1 r1 b1 1", "n2 r2 b1 2", "n3 r3 b2 1", "n4 r4 b2 1", "n5 - - 1"];
    let mut world = nodes(&all);
    group(&mut world, 2, 2, "", &["rack", "block"]);
    check_bound(world, "bind a to n2; bind b to n2");
    let mut world = nodes(&all);
    group(&mut world, 3, 3, "", &["rack", "block"]);
    check_bound(world, "bind a to n1; bind b to n2; bind c to n2");
    let mut world = nodes(&all);
    group(&mut world, 4, 4, "", &["rack", "block"]);
    check_bound(world, "bind a to n1; bind b to n2; bind c to n2; bind d to n3");
    let mut world = nodes(&all);
    group(&mut world, 4, 4, "block", &["rack"]);
    let told = world.act(&Do::Step);
    assert!(told.ends_with("; the nearest block is b1 with 3 of 4"), "{told}");
}

#[test]
fn where_more_pods_start_is_better_when_not_all_can() {
    let mut world = nodes(&["n1 r1 - 2", "n2 r2 - 3"]);
    group(&mut world, 4, 2, "rack", &[]);
    let told = world.act(&Do::Step);
    assert!(told.starts_with("bind a to n2; bind b to n2; bind c to n2; d Unschedulable: "), "{told}");
    // The others follow into the same domain, and nowhere else.
    world.act(&node_is(node("n3").label("rack", "r1").allocatable("pods", "9")));
    world.act(&second(20));
    assert_eq!(
        world.act(&Do::Step),
        "d Unschedulable: pod group default/g is not started: 3 of its 4 pods fit and it takes 2; \
        default/d does not fit: 0/3 nodes are available: 1 full, 2 node(s) outside the topology domain that the pod group was \
        tried in.; the nearest rack is r2 with 3 of 2"
    );
    world.act(&node_is(node("n4").label("rack", "r2").allocatable("pods", "1")));
    world.act(&second(40));
    assert_eq!(world.act(&Do::Step), "bind d to n4");
}

#[test]
fn what_helps_in_any_domain_wakes_the_group() {
    let mut world = nodes(&["n1 r1 - 2", "n2 r2 - 1"]);
    group(&mut world, 3, 3, "rack", &[]);
    let told = world.act(&Do::Step);
    assert!(
        told.contains("2 of its 3 pods fit") && told.ends_with("; the nearest rack is r1 with 2 of 3"),
        "{told}"
    );
    assert_eq!(world.act(&Do::Where("a")), "parked");
    world.act(&node_is(node("n3").label("rack", "r2").allocatable("pods", "2")));
    world.act(&second(20));
    check_bound(world, "bind a to n2; bind b to n3; bind c to n3");
}

#[test]
fn room_is_made_in_one_domain() {
    let mut world = nodes(&["n1 r1 - 2", "n2 r1 - 1", "n3 r2 - 1", "n4 r2 - 1"]);
    for (name, on) in [("w", "n1"), ("x", "n1"), ("y", "n3"), ("z", "n4")] {
        world.act(&pod_is(pod(name).priority(1).on(on)));
    }
    group(&mut world, 2, 2, "rack", &[]);
    let told = world.act(&Do::Step);
    assert_eq!(told.matches("evict").count(), 1, "{told}");
    assert!(told.contains(" from n1 for "), "{told}");
    assert!(told.contains("starts in rack r1 once room is made by 1 pod of lower priority: 2 of"), "{told}");
}

#[test]
fn nobody_of_a_large_group_is_tried_when_the_cluster_has_too_few_places() {
    let mut world = nodes(&["n1 - - 60", "n2 - - 30"]);
    let own = Arc::new(OwnGroup::new("g", Some(100)));
    for at in 0..100 {
        let new = pod(&format!("p{at:03}")).meta(|meta| meta.own_group = Some(Arc::clone(&own)));
        world.act(&pod_is(new));
    }
    let told = world.act(&Do::Step);
    let why = "at most 90 of its 100 pods fit and it takes 100; default/p000 does not fit: the nodes have too little free";
    assert!(told.contains(why), "{told}");
    assert_eq!(world.act(&Do::Log), "", "nothing was reserved");
    // It hears of what helps, and starts.
    world.act(&node_is(node("n3").allocatable("pods", "10")));
    world.act(&second(20));
    assert_eq!(world.act(&Do::Step).matches("bind ").count(), 100);
    world.is_sound();
}

#[test]
fn the_field_of_kubernetes_counts_by_its_gate() {
    let bound = |gates: &[&str]| {
        let mut world = with_gates(gates);
        add_nodes(&mut world, &["n1 r1 - 1", "n2 r2 - 2"]);
        let topology = GroupTopology { required: Some("rack".into()), preferred: Vec::new() };
        let object = PodGroup { topology, ..PodGroup::new(GroupApi::Kubernetes, "default", "g", Some(2)) };
        world.act(&Do::Tell(Input::Object(Object::PodGroup(Arc::new(object)))));
        for name in ["a", "b"] {
            world.act(&pod_is(pod(name).spec(|spec| spec.scheduling_group = Some("g".into()))));
        }
        world.act(&Do::Step)
    };
    assert_eq!(bound(&["GenericWorkload"]), "bind a to n1; bind b to n2");
    let topology = ["GenericWorkload", "TopologyAwareWorkloadScheduling"];
    assert_eq!(bound(&topology), "bind a to n2; bind b to n2");
}
