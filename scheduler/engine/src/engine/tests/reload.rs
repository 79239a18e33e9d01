//! Other profiles from one decision to the next.

use std::time::Duration;

use longshore_framework::registry::{Instance, Stage};

use super::*;

fn set(engine: &mut Engine, profile: Profile) -> String {
    described(&engine.set_profiles(vec![profile], &[]).unwrap())
}

/// The profile of the other tests without plugin A, whose number is now B's.
fn without_a() -> Profile {
    let full = fakes::profile(&Arc::default());
    let mut profile = Profile::new("default-scheduler");
    for old in full.plugins().iter().filter(|p| p.name() != "A") {
        let id = profile.add(Instance::clone(old));
        for stage in Stage::ALL.into_iter().filter(|stage| old.has(*stage)) {
            assert!(profile.enable(stage, id));
        }
    }
    profile
}

fn waiting_for(plugin: &'static str) -> World {
    let mut world = world();
    world.act(&node_is(node("n").allocatable("pods", "9")));
    world.act(&pod_is(pod("p").label(&format!("permit.{plugin}"), "wait 10")));
    assert_eq!(world.act(&Do::Step), "p waits on n until 10000");
    world
}

#[test]
fn waiting_pods_are_tried_again_with_the_new_profiles() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "0").build()));
    engine.apply(Input::Pod(pod("big").build()));
    engine.step().unwrap();
    assert_eq!((engine.queue_counts().active, engine.queue_counts().unschedulable), (0, 1));
    let mut other = fakes::profile(&Arc::default());
    set(&mut engine, fakes::profile(&Arc::default()));
    assert_eq!((engine.queue_counts().active, engine.queue_counts().unschedulable), (1, 0));
    other.scheduler_name = "other".into();
    let refused = engine.set_profiles(vec![other], &[]).unwrap_err();
    assert!(refused.to_string().contains("restart"), "{refused}");
}

/// A pod that fails now is away for `wait` milliseconds, and comes back with the next whole second.
#[track_caller]
fn check_backoff(engine: &mut Engine, name: &str, at: i64, wait: i64) {
    engine.apply(Input::Time(Timestamp(at)));
    engine.apply(Input::Pod(pod(name).build()));
    engine.step().unwrap();
    engine.apply(Input::Node(node(&format!("for-{name}")).allocatable("pods", "0").build()));
    engine.apply(Input::Time(Timestamp(at + wait)));
    assert_eq!((engine.queue_counts().active, engine.queue_counts().backoff), (0, 1), "{name}");
    engine.apply(Input::Time(Timestamp(at + wait + 1000)));
    assert_eq!(engine.queue_counts().active, 1, "{name}");
    engine.apply(Input::PodDeleted { uid: uid(name) });
}

#[test]
fn backoff_is_another_for_whoever_fails_from_now_on() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "0").build()));
    check_backoff(&mut engine, "one", 10_000, 1_000);
    engine.set_backoff(Duration::from_secs(4), Duration::from_secs(9));
    check_backoff(&mut engine, "two", 20_000, 4_000);
}

#[test]
fn nobody_is_blamed_by_a_number_of_the_old_profile() {
    let mut world = world();
    world.act(&node_is(node("n").allocatable("pods", "0")));
    world.act(&pod_is(pod("big")));
    world.act(&Do::Step);
    let engine = &mut world.engine;
    assert_eq!(engine.rejections().len(), 1);
    assert!(engine.activate("default/big"));
    set(engine, without_a());
    assert_eq!((engine.queue_counts().active, engine.rejections().len()), (1, 0));
}

#[test]
fn a_pod_that_waits_for_a_plugin_that_is_still_there_goes_on_waiting() {
    let mut world = waiting_for("B");
    assert_eq!(set(&mut world.engine, without_a()), "");
    assert_eq!(world.act(&Do::Where("p")), "assumed on n");
    let allow = Do::Tell(Input::Allow { uid: uid("p"), plugin: "B".into() });
    // It is bound by the plugin that was there when it was decided.
    assert_eq!(world.act(&allow), "bind p to n");
    world.is_sound();
}

#[test]
fn one_that_is_turned_away_later_waits_for_the_plugin_by_its_new_number() {
    let mut world = waiting_for("B");
    set(&mut world.engine, without_a());
    let reject = Do::Tell(Input::Reject { uid: uid("p"), plugin: "B".into(), message: "no".into() });
    assert_eq!(world.act(&reject), "p Unschedulable: 0/1 nodes are available: 1 no.");
    let blamed: Vec<_> = world.engine.rejections().into_keys().collect();
    let [(0, plugin)] = blamed[..] else { panic!("{blamed:?}") };
    assert_eq!(world.engine.profiles()[0].name(plugin), "B");
    assert_eq!(world.act(&Do::Where("p")), "parked");
}

#[test]
fn a_pod_that_waits_for_a_plugin_that_is_gone_is_turned_away() {
    let mut engine = waiting_for("A").engine;
    let effects = engine.set_profiles(vec![without_a()], &[]).unwrap();
    assert!(matches!(effects[..], [Effect::Failed { .. }]));
    assert_eq!(engine.cache().pod_counts(), (0, 0));
    assert_eq!(engine.queue_counts().active, 1);
}
