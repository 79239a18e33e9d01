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
    assert_eq!(engine.still_fits(&own.meta.uid), fits);
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
