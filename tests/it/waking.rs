//! What wakes pods that fit nowhere.

use longshore_engine::{Engine, Options};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::port::Input;

use crate::properties::PROFILES;

#[test]
fn a_pod_that_was_assumed_is_new_to_others_when_it_is_seen_on_its_node() {
    let mut engine = Engine::new(PROFILES.clone(), Options::default());
    engine.apply(Input::Node(node("a").label("zone", "z").allocatable("cpu", "4").build()));
    let term = affinity_term("zone", &[("app", "web")]);
    let follower = pod("follower").spec(|spec| spec.pod_affinity.required.push(term));
    engine.apply(Input::Pod(follower.build()));
    engine.step().unwrap();
    assert_eq!(engine.queue_counts().unschedulable, 1);
    engine.apply(Input::Pod(pod("web").label("app", "web").build()));
    engine.step().unwrap();
    assert_eq!(engine.queue_counts().unschedulable, 1);
    engine.apply(Input::Pod(pod("web").label("app", "web").on("a").build()));
    assert_eq!(engine.queue_counts().unschedulable, 0);
}
