//! Places that are held for a group, so that it starts in the end.

use std::time::Duration;

use longshore_framework::group::OwnGroup;

use super::*;

/// A world where places are held for a group for so many seconds at a time.
fn holding(seconds: u64) -> World {
    let log = Log::default();
    let options = Options { tie_break: TieBreak::First, ..Options::default() };
    let profile = fakes::profile_holding(&log, Duration::from_secs(seconds));
    World { engine: Engine::new(vec![profile], options), log }
}

fn of_group(group: &str, name: &str, min: usize) -> Do {
    let own = Arc::new(OwnGroup::new(group, Some(min)));
    pod_is(pod(name).meta(|meta| meta.own_group = Some(own)))
}

fn places(node_name: &str, pods: usize) -> Do {
    node_is(node(node_name).allocatable("pods", &pods.to_string()))
}

#[test]
fn what_fits_is_held_and_smaller_work_goes_on_beside_it() {
    let mut world = holding(60);
    for step in [places("n", 2), places("m", 1), pod_is(pod("x").on("m"))] {
        world.act(&step);
    }
    for name in ["a", "b", "c"] {
        world.act(&of_group("g", name, 3));
    }
    let told = world.act(&Do::Step);
    assert!(told.contains("; the 2 places that fit are held for it [n]"), "{told}");
    // A pod that came later would take a place of theirs; one that matters more does.
    world.act(&pod_is(pod("p")));
    assert!(world.act(&Do::Step).starts_with("p Unschedulable"));
    world.act(&places("o", 1));
    world.act(&second(20));
    // The group goes first, and takes what became free.
    assert_eq!(world.act(&Do::Step), "bind a to n; bind b to n; bind c to o");
    world.is_sound();
}

#[test]
fn after_a_while_the_places_are_given_back_and_others_have_their_turn() {
    let mut world = holding(60);
    for step in [places("n", 2), of_group("g", "a", 3), of_group("g", "b", 3), of_group("g", "c", 3)] {
        world.act(&step);
    }
    world.act(&Do::Step);
    world.act(&pod_is(pod("p")));
    assert!(world.act(&Do::Step).starts_with("p Unschedulable"));
    assert_eq!(world.act(&second(59)), "");
    assert_eq!(world.act(&second(61)), "clear a; clear b");
    // Nothing is held while the group rests; then it may hold again.
    let told = world.act(&Do::Step);
    assert!(told.contains("a Unschedulable") && !told.contains("held"), "{told}");
    assert_eq!(world.act(&Do::Step), "bind p to n");
    world.act(&pod_gone("p"));
    world.act(&second(80));
    let told = world.act(&Do::Step);
    assert!(told.contains("a Unschedulable") && !told.contains("held"), "{told}");
    world.act(&places("n", 1));
    world.act(&places("n", 2));
    world.act(&second(140));
    let told = world.act(&Do::Step);
    assert!(told.contains("; the 2 places that fit are held for it"), "{told}");
    world.is_sound();
}

#[test]
fn a_group_that_lacks_pods_holds_nothing() {
    let mut world = holding(600);
    for step in [places("n", 2), of_group("g", "a", 3), of_group("g", "b", 3), of_group("g", "c", 3)] {
        world.act(&step);
    }
    assert!(world.act(&Do::Step).contains("are held for it"));
    assert_eq!(world.act(&pod_gone("c")), "clear a; clear b");
    world.act(&pod_is(pod("p")));
    assert_eq!(world.act(&Do::Step), "bind p to n");
    world.is_sound();
}

#[test]
fn one_group_holds_at_a_time() {
    let mut world = holding(60);
    world.act(&places("n", 2));
    let own = Arc::new(OwnGroup::new("g", Some(3)));
    for name in ["a", "b", "c"] {
        let own = Arc::clone(&own);
        world.act(&pod_is(pod(name).label("filter.A", "m").meta(|meta| meta.own_group = Some(own))));
    }
    for name in ["x", "y"] {
        world.act(&of_group("h", name, 2));
    }
    assert!(world.act(&Do::Step).contains("are held for it"));
    let told = world.act(&Do::Step);
    assert!(told.contains("group default/h is not started: 0 of its 2") && !told.contains("held"), "{told}");
    // A place that the holder can make no use of is not held for the other either.
    world.act(&node_is(node("m").allocatable("pods", "1")));
    world.act(&second(20));
    let told = [world.act(&Do::Step), world.act(&Do::Step)].join("; ");
    assert_eq!(told.matches("held for it").count(), 3, "{told}");
    assert!(told.contains("group default/h is not started: 1 of its 2"), "{told}");
    // The holder is gone: the other starts.
    for name in ["a", "b", "c"] {
        world.act(&pod_gone(name));
    }
    world.act(&second(40));
    assert_eq!(world.act(&Do::Step), "bind x to m; bind y to n");
}

/// A day in minutes: a pod that runs for nine comes every minute, and once a group that needs most of the cluster for an hour. The
/// minute in which the group starts, if it does, and how many single pods were started.
fn day(seconds: u64) -> (Option<usize>, usize) {
    const PLACES: usize = 12;
    const MINUTES: usize = 24 * 60;
    let mut world = holding(seconds);
    for at in 0..PLACES / 2 {
        world.act(&places(&format!("n{at}"), 2));
    }
    let (mut ends, mut started, mut group) = (Vec::<(usize, String)>::new(), 0, None);
    for minute in 0..MINUTES {
        world.act(&second(i64::try_from(minute * 60).unwrap()));
        ends.retain(|(end, name)| {
            if *end == minute {
                world.act(&Do::Tell(Input::PodDeleted { uid: uid(name) }));
            }
            *end > minute
        });
        if minute == 60 {
            for at in 0..10 {
                world.act(&of_group("g", &format!("g{at}"), 10));
            }
        }
        world.act(&pod_is(pod(&format!("p{minute}"))));
        while let Some(attempt) = world.engine.step() {
            for effect in attempt.effects {
                let Effect::Bind { pod, .. } = effect else { continue };
                let name = pod.meta.name.to_string();
                world.engine.apply(Input::Bound { uid: uid(&name), result: Ok(()) });
                match name.starts_with('g') {
                    true => {
                        group = Some(minute);
                        ends.push((minute + 60, name));
                    }
                    false => {
                        started += 1;
                        ends.push((minute + 9, name));
                    }
                }
            }
        }
    }
    world.is_sound();
    (group, started)
}

#[test]
fn in_a_day_of_small_work_a_large_group_starts_only_where_places_are_held() {
    let (group, started) = day(0);
    assert_eq!(group, None, "nine pods always run, and three places are never enough");
    assert_eq!(started, 24 * 60, "nobody else waits");
    let (group, started) = day(30 * 60);
    let group = group.expect("it starts");
    assert!((60..120).contains(&group), "it starts in minute {group}");
    assert_eq!(started, 24 * 60, "who waited for the group has its turn later");
}
