//! A last look before a binding is written.

use super::*;

/// A pod is about to be bound to a node for two pods; meanwhile `others` happens. Does it still fit, and how many pods
/// are on the node then?
#[track_caller]
fn check_again(others: Vec<Input>, fits: bool, pods: usize) {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "2").build()));
    let own = pod("own").build();
    engine.apply(Input::Pod(Arc::clone(&own)));
    let attempt = engine.step().unwrap();
    assert!(matches!(attempt.effects[..], [Effect::Bind { .. }]));
    for input in others {
        engine.apply(input);
    }
    assert_eq!(engine.still_fits(&own.meta.uid, "n"), fits);
    assert_eq!((engine.cache().pod_counts().0, engine.queue_counts().active), (pods, usize::from(!fits)));
}

fn foreign(name: &str) -> Input {
    Input::Pod(pod(name).on("n").build())
}

#[test]
fn a_decision_that_others_spoilt_is_taken_back() {
    check_again(vec![], true, 1);
    check_again(vec![foreign("a")], true, 2);
    check_again(vec![foreign("a"), foreign("b")], false, 2);
    check_again(vec![Input::Node(node("n").allocatable("pods", "0").build())], false, 0);
    check_again(vec![Input::NodeDeleted { name: "n".into() }], false, 0);
}

/// A pod decided for the only place and then one that matters more; what is done for the latter.
#[track_caller]
fn check_victim(before: impl Fn(&mut Engine), evicted: bool) {
    let mut engine = world().engine;
    before(&mut engine);
    engine.apply(Input::Node(node("n").allocatable("pods", "1").build()));
    engine.apply(Input::Pod(pod("low").build()));
    assert!(matches!(engine.step().unwrap().effects[..], [Effect::Bind { .. }]));
    if !evicted {
        assert!(engine.holds_bindings);
    } else if engine.holds_bindings {
        assert!(engine.still_fits(&pod("low").build().meta.uid, "n"));
    }
    engine.apply(Input::Pod(pod("high").priority(10).build()));
    let effects = engine.step().unwrap().effects;
    assert_eq!(effects.iter().any(|e| matches!(e, Effect::Evict { .. })), evicted);
    assert_eq!(effects.iter().any(|e| matches!(e, Effect::Preempted { .. })), !evicted);
    if evicted {
        return;
    }
    // The old binding is void, and the room is free at once.
    assert!(!engine.still_fits(&pod("low").build().meta.uid, "n"));
    let effects = engine.step().unwrap().effects;
    assert!(matches!(&effects[..], [Effect::Bind { pod, .. }] if &*pod.meta.name == "high"));
}

#[test]
fn a_victim_whose_binding_was_not_sent_gives_up_its_place_in_memory() {
    check_victim(Engine::hold_bindings, false);
}

#[test]
fn a_victim_whose_binding_was_sent_or_sends_itself_is_evicted() {
    check_victim(Engine::hold_bindings, true);
    check_victim(|_| {}, true);
}

#[test]
fn a_binding_counts_once_and_only_for_the_node_that_was_chosen() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").build()));
    let own = pod("own").build();
    engine.apply(Input::Pod(Arc::clone(&own)));
    engine.step().unwrap();
    let fits: Vec<bool> = ["m", "n", "n"].iter().map(|node| engine.still_fits(&own.meta.uid, node)).collect();
    assert_eq!(fits, [false, true, false]);
}

#[test]
fn a_promise_is_cleared_although_the_pod_does_not_show_it_yet() {
    let mut engine = world().engine;
    engine.apply(Input::Node(node("n").allocatable("pods", "0").build()));
    engine.apply(Input::Pod(pod("p").build()));
    let effects = engine.step().unwrap().effects;
    let [Effect::Failed { nominated_node, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(nominated_node.as_deref(), Some(""));
}
