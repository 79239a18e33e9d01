//! Room for a group is made for all of its pods at once, and a group whose pods go together goes as a whole.

use longshore_framework::group::{Disruption, GroupApi, OwnGroup, PodGroup};
use longshore_framework::objects::{DisruptionBudget, Object};
use longshore_framework::port::GroupState;

use super::*;

/// A world where room for a group is made as one.
fn as_one() -> World {
    let log = Log::default();
    let options = Options { tie_break: TieBreak::First, ..Options::default() };
    World { engine: Engine::new(vec![fakes::profile_of(&log, true)], options), log }
}

fn places(node_name: &str, pods: usize) -> Do {
    node_is(node(node_name).allocatable("pods", &pods.to_string()))
}

/// The group `g` of these pods.
fn group_is(min: usize) -> Do {
    Do::Tell(Input::Object(Object::PodGroup(Arc::new(PodGroup::new(
        GroupApi::Kubernetes,
        "default",
        "g",
        Some(min),
    )))))
}

fn of_g(name: &str) -> PodBuilder {
    pod(name).priority(10).spec(|s| s.scheduling_group = Some("g".into()))
}

/// A pod of the group `whole`, which goes together, on a node.
fn of_whole(name: &str, on: &str, priority: i32) -> Do {
    let own = OwnGroup { disruption: Disruption::All, ..OwnGroup::new("whole", Some(1)) };
    pod_is(pod(name).priority(priority).on(on).meta(|m| m.own_group = Some(Arc::new(own))))
}

fn placed(name: &str, on: &str, priority: i32) -> Do {
    pod_is(pod(name).priority(priority).on(on))
}

fn after(steps: &[Do]) -> World {
    let mut world = as_one();
    for step in steps {
        world.act(step);
    }
    world
}

/// What pods of `g` are told when these have to go.
fn awaits(who: &str, pods: &[(&str, &str)]) -> String {
    let told = |(name, node): &(&str, &str)| {
        format!(
            "{name} Unschedulable: pod group default/g starts once room is made by {who}: {} of its {} pods fit then and it \
             takes {} [{node}]",
            pods.len(),
            pods.len(),
            pods.len()
        )
    };
    pods.iter().map(told).collect::<Vec<_>>().join("; ")
}

#[test]
fn as_few_go_as_it_takes_for_all_and_nobody_is_tried_meanwhile() {
    let world = after(&[
        places("n", 3),
        places("m", 2),
        placed("x", "n", 1),
        placed("y", "n", 0),
        placed("z", "n", 20),
        placed("v", "m", 2),
        placed("w", "m", 3),
        group_is(3),
        pod_is(of_g("a")),
        pod_is(of_g("b")),
        pod_is(of_g("c")),
    ]);
    // With all gone two pods fit on m and one beside z. Of x and y the more important stays.
    let told = awaits("3 pods of lower priority", &[("a", "m"), ("b", "m"), ("c", "n")]);
    let told = told.replace("; c", "; evict y from n for c; c");
    check(
        world,
        &[
            (Do::Step, &format!("evict w v from m for a; {told}")),
            (Do::Step, "nobody"),
            (pod_gone("y"), ""),
            (pod_gone("w"), ""),
            (pod_gone("v"), ""),
            (evicted("a"), ""),
            (Do::Step, "nobody"),
            (evicted("c"), ""),
            (second(10), ""),
            (Do::Step, "bind a to m; bind b to m; bind c to n"),
        ],
    );
}

#[test]
fn nobody_goes_when_too_few_would_fit_and_the_cluster_is_as_it_was() {
    let world = after(&[
        places("n", 3),
        placed("x", "n", 0),
        placed("y", "n", 20),
        placed("z", "n", 20),
        group_is(2),
        pod_is(of_g("a")),
        pod_is(of_g("b")),
    ]);
    let why = "Unschedulable: pod group default/g is not started: 0 of its 2 pods fit and it takes 2; default/a does not \
               fit: 0/1 nodes are available: 1 full.; evicting all of lower priority (1 pod) would let 1 fit";
    check(
        world,
        &[
            (Do::Step, &format!("a {why}; b {why}")),
            (Do::Where("x"), "placed on n"),
            (pod_is(pod("p").priority(5)), ""),
            (Do::Step, "evict x from n for p; p Unschedulable: 0/1 nodes are available: 1 full. [n]"),
        ],
    );
}

#[test]
fn pods_that_go_together_go_together_wherever_they_are() {
    let full = |steps: Vec<Do>| {
        let mut all = vec![places("m", 1), places("n", 1)];
        all.extend(steps);
        after(&all)
    };
    // For one pod.
    let mut world = full(vec![of_whole("x", "m", 0), of_whole("y", "n", 0), pod_is(pod("p").priority(5))]);
    let both = "evict x y from m for p; p Unschedulable: 0/2 nodes are available: 2 full. [m]";
    assert_eq!(world.act(&Do::Step), both);
    // Not for one that matters less than the most important of them.
    let mut world = full(vec![of_whole("x", "m", 0), of_whole("y", "n", 9), pod_is(pod("p").priority(5))]);
    let nobody = "p Unschedulable: 0/2 nodes are available: 2 full. nobody to evict";
    assert_eq!(world.act(&Do::Step), nobody);
    // For a group, though one place would do.
    let group = || vec![group_is(1), pod_is(of_g("a"))];
    let mut world =
        full([vec![of_whole("x", "m", 0), of_whole("y", "n", 0)], group()].into_iter().flatten().collect());
    let told = awaits("2 pods of lower priority, 1 whole group among them", &[("a", "m")]);
    assert_eq!(world.act(&Do::Step), format!("evict x y from m for a; {told}"));
    // One pod goes rather than a group, even one that matters less.
    let mut world = after(&[
        places("m", 1),
        places("n", 1),
        places("o", 1),
        of_whole("x", "m", 0),
        of_whole("y", "n", 0),
        placed("z", "o", 0),
        group_is(1),
        pod_is(of_g("a")),
    ]);
    let told = world.act(&Do::Step);
    assert!(told.contains("evict x y from m for a") || told.contains("evict z from o for a"), "{told}");
    assert_eq!(told.matches("evict").count(), 1, "{told}");
}

#[test]
fn what_a_budget_protects_goes_last_and_is_told() {
    let budget = |allowed| {
        Do::Tell(Input::Object(Object::DisruptionBudget(Arc::new(DisruptionBudget {
            namespace: "default".into(),
            name: "b".into(),
            selector: Some([("app", "web")].into_iter().collect()),
            disruptions_allowed: allowed,
            disrupted: Vec::new(),
        }))))
    };
    let web = |name: &str| pod_is(pod(name).priority(0).label("app", "web").on("n"));
    let start = |allowed: i32, other: i32| {
        after(&[
            places("n", 3),
            budget(allowed),
            web("x"),
            web("y"),
            placed("z", "n", other),
            group_is(2),
            pod_is(of_g("a")),
            pod_is(of_g("b")),
        ])
        .act(&Do::Step)
    };
    // Of x and y together one may go. z matters more than they do, and goes all the same.
    let told = start(1, 5);
    assert!(told.starts_with("evict z x from n for a; "), "{told}");
    assert!(told.contains("once room is made by 2 pods of lower priority: "), "{told}");
    // Where nothing else helps, budgets are broken, and that is said.
    let told = start(0, 20);
    assert!(told.starts_with("evict x y from n for a; "), "{told}");
    assert!(
        told.contains("room is made by 2 pods of lower priority, 2 of them protected by a budget: "),
        "{told}"
    );
    // It is so too where one pod preempts and others go together.
    let own = Arc::new(OwnGroup { disruption: Disruption::All, ..OwnGroup::new("whole", Some(1)) });
    let together = pod("x").label("app", "web").on("m").meta(|meta| meta.own_group = Some(own));
    let steps = [
        places("m", 2),
        budget(0),
        pod_is(together.priority(0)),
        placed("z", "m", 3),
        pod_is(pod("p").priority(5)),
    ];
    let told = after(&steps).act(&Do::Step);
    assert_eq!(told, "evict z from m for p; p Unschedulable: 0/1 nodes are available: 1 full. [m]");
}

#[test]
fn a_group_is_told_of_once_for_each_way_that_it_stands() {
    let mut world = as_one();
    let mut standings = |step: &Do| {
        let effects = match step {
            Do::Tell(input) => world.engine.apply(input.clone()),
            _ => world.engine.step().expect("the group is tried").effects,
        };
        let told = effects.iter().filter(|effect| matches!(effect, Effect::GroupStatus { .. }));
        told.map(describe).collect::<Vec<_>>().join("; ")
    };
    for step in [places("n", 1), group_is(2), pod_is(of_g("a")), second(20)] {
        assert_eq!(standings(&step), "");
    }
    let lacks = "default/g Incomplete: pod group default/g is not complete: 1 of the 2 pods it takes exist";
    assert_eq!(standings(&second(31)), lacks);
    assert_eq!(standings(&second(99)), "");
    assert_eq!(standings(&pod_is(of_g("b"))), "");
    assert!(
        standings(&Do::Step).starts_with("default/g Unschedulable: pod group default/g is not started: 1 of")
    );
    // The same again is not told again.
    standings(&node_is(node("n").allocatable("pods", "1").allocatable("cpu", "4")));
    standings(&second(150));
    assert_eq!(standings(&Do::Step), "");
    for step in [places("n", 0), second(200), Do::Step, places("n", 1), second(300)] {
        standings(&step);
    }
    assert_eq!(standings(&places("m", 1)), "");
    assert_eq!(standings(&second(400)), "");
    assert!(standings(&Do::Step).starts_with("default/g Started: "));
}

#[test]
fn the_state_says_how_many_have_a_node() {
    let mut world = after(&[places("n", 2), group_is(2), pod_is(of_g("a")), pod_is(of_g("b"))]);
    let effects = world.engine.step().unwrap().effects;
    let standing = effects.iter().find_map(|effect| match effect {
        Effect::GroupStatus { standing, .. } => Some(standing),
        _ => None,
    });
    let standing = standing.unwrap();
    assert_eq!((standing.state, standing.placed, standing.pods), (GroupState::Started, 2, 2));
}
