//! Which events wake a pod.

use super::*;
use longshore_framework::event::{ClusterEvent, Hint, HintContext};

#[track_caller]
fn check(pod: &Pod, subject: Subject, want: Hint) {
    let cluster = Cluster::default().with_namespace("prod", "prod");
    let cx = HintContext { snapshot: &cluster.snapshot, objects: &cluster.objects };
    let resource = if matches!(subject, Subject::Node(..)) { Resource::Node } else { Resource::AssignedPod };
    let event = ClusterEvent::new(resource, Action::ALL, subject);
    assert_eq!(InterPodAffinity::default().hint(pod, &event, cx), want);
}

fn affine() -> Arc<Pod> {
    web("new", |s| s.pod_affinity.required = vec![near(ZONE, "db")])
}

fn averse() -> Arc<Pod> {
    web("new", |s| s.pod_anti_affinity.required = vec![near(ZONE, "db")])
}

fn placed(app: &str) -> Option<Arc<Pod>> {
    Some(pod("other").label("app", app).on("n").build())
}

#[test]
fn a_pod_with_affinity_waits_for_pods_that_match() {
    check(&affine(), Subject::Pod(None, placed("db")), Hint::Queue);
    check(&affine(), Subject::Pod(None, placed("web")), Hint::Skip);
    check(&affine(), Subject::Pod(None, Some(db("unplaced"))), Hint::Skip);
    check(&affine(), Subject::Pod(placed("web"), placed("db")), Hint::Queue);
    check(&affine(), Subject::Pod(placed("db"), placed("db")), Hint::Skip);
    check(&affine(), Subject::Pod(placed("db"), None), Hint::Skip);
}

#[test]
fn namespace_selectors_are_resolved() {
    let new = web("new", |s| s.pod_affinity.required = vec![near_in(ZONE, "db", "prod")]);
    let in_namespace = |name| Some(pod("other").namespace(name).label("app", "db").on("n").build());
    check(&new, Subject::Pod(None, in_namespace("prod")), Hint::Queue);
    check(&new, Subject::Pod(None, in_namespace("default")), Hint::Skip);
}

#[test]
fn a_pod_with_anti_affinity_waits_for_matching_pods_to_go() {
    check(&averse(), Subject::Pod(placed("db"), None), Hint::Queue);
    check(&averse(), Subject::Pod(placed("web"), None), Hint::Skip);
    check(&averse(), Subject::Pod(placed("db"), placed("web")), Hint::Queue);
    check(&averse(), Subject::Pod(None, placed("db")), Hint::Skip);
}

#[test]
fn of_several_anti_affinity_terms_one_is_enough_since_1_37() {
    let picky = web("new", |s| s.pod_anti_affinity.required = vec![near(ZONE, "db"), near(ZONE, "cache")]);
    let cluster = Cluster::default();
    let cx = HintContext { snapshot: &cluster.snapshot, objects: &cluster.objects };
    let gone = Subject::Pod(placed("db"), None);
    let event = ClusterEvent::new(Resource::AssignedPod, Action::DELETE, gone);
    let hint = |any_term_wakes| {
        InterPodAffinity { any_term_wakes, ..InterPodAffinity::default() }.hint(&picky, &event, cx)
    };
    assert_eq!((hint(false), hint(true)), (Hint::Skip, Hint::Queue));
}

#[test]
fn a_pod_kept_away_by_another_waits_for_it_to_go() {
    let loner = |app: &str| {
        let spec = |s: &mut PodSpec| s.pod_anti_affinity.required = vec![near(ZONE, app)];
        Some(pod("loner").on("n").spec(spec).build())
    };
    let plain = web("new", |_| ());
    check(&plain, Subject::Pod(loner("web"), None), Hint::Queue);
    check(&plain, Subject::Pod(loner("db"), None), Hint::Skip);
}

#[test]
fn labels_of_its_own_wake_it() {
    let relabelled = Some(db("new"));
    check(&web("new", |_| ()), Subject::Pod(Some(web("new", |_| ())), relabelled), Hint::Queue);
}

#[test]
fn nodes_wake_it_when_a_domain_opens() {
    let bare = || Some(node("n").build());
    let zone = |zone: &str| Some(node("n").label(ZONE, zone).build());
    check(&affine(), Subject::Node(None, zone("a")), Hint::Queue);
    check(&affine(), Subject::Node(None, bare()), Hint::Skip);
    check(&affine(), Subject::Node(bare(), zone("a")), Hint::Queue);
    check(&affine(), Subject::Node(zone("a"), zone("b")), Hint::Queue);
    check(&affine(), Subject::Node(zone("a"), zone("a")), Hint::Skip);
    check(&affine(), Subject::Node(zone("a"), bare()), Hint::Skip);
    check(&averse(), Subject::Node(None, bare()), Hint::Queue);
    check(&averse(), Subject::Node(zone("a"), bare()), Hint::Queue);
    check(&averse(), Subject::Node(zone("a"), zone("b")), Hint::Queue);
    check(&averse(), Subject::Node(bare(), zone("a")), Hint::Skip);
    check(&web("new", |_| ()), Subject::Node(None, zone("a")), Hint::Skip);
}
