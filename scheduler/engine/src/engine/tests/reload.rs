//! Other profiles from one decision to the next.

use super::*;

#[test]
fn waiting_pods_are_tried_again_with_the_new_profiles() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "0").build()));
    engine.apply(Input::Pod(pod("big").build()));
    engine.step().unwrap();
    assert_eq!((engine.queue_counts().active, engine.queue_counts().unschedulable), (0, 1));
    let mut other = fakes::profile(&Arc::default());
    engine.set_profiles(vec![fakes::profile(&Arc::default())], &[]).unwrap();
    assert_eq!((engine.queue_counts().active, engine.queue_counts().unschedulable), (1, 0));
    other.scheduler_name = "other".into();
    let refused = engine.set_profiles(vec![other], &[]).unwrap_err();
    assert!(refused.to_string().contains("restart"), "{refused}");
}

#[test]
fn a_pod_that_waits_for_permit_is_turned_away() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "9").build()));
    engine.apply(Input::Pod(pod("p").label("permit.A", "wait 10").build()));
    engine.step().unwrap();
    let effects = engine.set_profiles(vec![fakes::profile(&Arc::default())], &[]).unwrap();
    assert!(matches!(effects[..], [Effect::Failed { .. }]));
    assert_eq!(engine.cache().pod_counts(), (0, 0));
    assert_eq!(engine.queue_counts().active, 1);
}
