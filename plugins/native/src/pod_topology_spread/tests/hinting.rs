//! Which events wake a pod.

use super::*;
use longshore_framework::event::{ClusterEvent, Hint, HintContext, Subject};
use longshore_framework::taint::Toleration;

#[track_caller]
fn check(constraint: SpreadConstraint, subject: Subject, want: Hint) {
    let cluster = Cluster::default();
    let cx = HintContext { snapshot: &cluster.snapshot, objects: &cluster.objects };
    let resource = if matches!(subject, Subject::Node(..)) { Resource::Node } else { Resource::AssignedPod };
    let event = ClusterEvent::new(resource, Action::ALL, subject);
    assert_eq!(plugin(&Value::Null).hint(&web(vec![constraint]), &event, cx), want);
}

fn placed(app: &str) -> Option<Arc<Pod>> {
    Some(pod("other").label("app", app).on("n").build())
}

#[test]
fn placed_pods_that_a_constraint_counts_wake_it() {
    check(hard(ZONE, 1), Subject::Pod(None, placed("web")), Hint::Queue);
    check(hard(ZONE, 1), Subject::Pod(placed("web"), None), Hint::Queue);
    check(hard(ZONE, 1), Subject::Pod(None, placed("db")), Hint::Skip);
    check(hard(ZONE, 1), Subject::Pod(placed("db"), placed("web")), Hint::Queue);
    check(hard(ZONE, 1), Subject::Pod(placed("web"), placed("web")), Hint::Skip);
    let unplaced = pod("other").label("app", "web").build();
    check(hard(ZONE, 1), Subject::Pod(None, Some(unplaced)), Hint::Skip);
    let elsewhere = pod("other").namespace("prod").label("app", "web").on("n").build();
    check(hard(ZONE, 1), Subject::Pod(None, Some(elsewhere)), Hint::Skip);
}

#[test]
fn a_toleration_of_its_own_wakes_it_when_taints_are_honoured() {
    let after = pod("new").label("app", "web").tolerate(Toleration::default()).build();
    let change = || Subject::Pod(Some(web(vec![])), Some(Arc::clone(&after)));
    check(SpreadConstraint { honor_taints: true, ..hard(ZONE, 1) }, change(), Hint::Queue);
    check(hard(ZONE, 1), change(), Hint::Skip);
}

#[test]
fn nodes_with_every_key_wake_it_when_they_come_go_or_change() {
    let bare = || Some(node("n").build());
    let zone = |zone: &str| -> Option<Arc<Node>> { Some(node("n").label(ZONE, zone).build()) };
    let tainted = || Some(node("n").label(ZONE, "a").taint("t", "", TaintEffect::NoExecute).build());
    check(hard(ZONE, 1), Subject::Node(None, zone("a")), Hint::Queue);
    check(hard(ZONE, 1), Subject::Node(None, bare()), Hint::Skip);
    check(hard(ZONE, 1), Subject::Node(zone("a"), None), Hint::Queue);
    check(hard(ZONE, 1), Subject::Node(bare(), None), Hint::Skip);
    check(hard(ZONE, 1), Subject::Node(zone("a"), bare()), Hint::Queue);
    check(hard(ZONE, 1), Subject::Node(zone("a"), zone("b")), Hint::Queue);
    check(hard(ZONE, 1), Subject::Node(zone("a"), zone("a")), Hint::Skip);
    check(hard(ZONE, 1), Subject::Node(zone("a"), tainted()), Hint::Queue);
}
