//! Classes with a seat in a panel, where what the seat goes by becomes another. Every decision is held against the literal one.

use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options, Outcome, Path, TieBreak};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::node::{HOSTNAME, Node, NodeImage, ZONE};
use longshore_framework::objects::{Object, Service};
use longshore_framework::pod::PreemptionPolicy;
use longshore_framework::port::Input;
use longshore_framework::taint::TaintEffect;

use crate::properties::PROFILES;

/// An engine that has decided for two pods of the class already, and for the second of them by a seat.
struct Cluster(Engine);

impl Cluster {
    fn new(nodes: &[Arc<Node>]) -> Self {
        let options =
            Options { evaluation: Evaluation::Audited, tie_break: TieBreak::First, ..Options::default() };
        let mut cluster = Self(Engine::new(PROFILES.clone(), options));
        nodes.iter().for_each(|node| cluster.set(node));
        cluster
    }

    fn set(&mut self, node: &Arc<Node>) {
        self.0.apply(Input::Node(Arc::clone(node)));
    }

    /// Where a pod with this request and image goes; `None` when it fits nowhere.
    #[track_caller]
    fn check(&mut self, name: &str, cpu: &str, want: Option<&str>) {
        self.check_promised(name, cpu, None, want);
    }

    /// The same for a pod that is promised a node.
    #[track_caller]
    fn check_promised(&mut self, name: &str, cpu: &str, promised: Option<&str>, want: Option<&str>) {
        let pod = pod(name)
            .meta(|meta| meta.nominated_node = promised.map(Into::into))
            .label("app", "web")
            .request("cpu", cpu)
            .spec(|spec| spec.containers[0].image = "image:1".into());
        self.0.apply(Input::Pod(pod.build()));
        let attempt = self.0.step().unwrap();
        match (&attempt.outcome, want) {
            (Outcome::Assumed { node }, Some(want)) => assert_eq!(&**node, want, "{name}"),
            (Outcome::Unschedulable { message, .. }, None) => {
                assert!(!message.contains("audit"), "{message}")
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
}

fn with_image(name: &str, has: bool) -> Arc<Node> {
    of_size(name, "1000", has)
}

fn of_size(name: &str, cpu: &str, has: bool) -> Arc<Node> {
    let image = NodeImage { names: vec!["image:1".into()], size: 900 << 20 };
    node(name).allocatable("cpu", cpu).with(|node| node.images.extend(has.then_some(image))).build()
}

#[test]
fn scores_by_the_images_of_all_nodes_are_asked_for_again() {
    let mut cluster = Cluster::new(&[with_image("a", true), with_image("b", false), with_image("c", false)]);
    for name in ["1", "2", "3", "4"] {
        cluster.check(name, "1m", Some("a"));
    }
    cluster.set(&with_image("c", true));
    cluster.check("5", "1m", Some("a"));
    cluster.check("6", "1m", Some("a"));
}

#[test]
fn a_node_that_is_told_apart_from_those_of_the_seat_is_not_taken_for_one_of_them() {
    let mut cluster = Cluster::new(&[node("a").allocatable("cpu", "2").build()]);
    cluster.check("1", "1", Some("a"));
    cluster.check("2", "1", Some("a"));
    cluster.check("3", "1", None);
    cluster.0.apply(Input::PodDeleted { uid: "default/3".into() });
    let avoided = node("b").allocatable("cpu", "64").taint("old", "x", TaintEffect::PreferNoSchedule);
    cluster.set(&avoided.build());
    cluster.0.apply(Input::PodDeleted { uid: "default/1".into() });
    cluster.check("4", "1", Some("a"));
    cluster.check("5", "1", Some("b"));
}

#[test]
fn a_class_that_was_begun_anew_without_its_seat_does_not_go_by_what_stands_there() {
    let small = |name: &str, has: bool| of_size(name, "100", has);
    let mut cluster = Cluster::new(&[small("a", true), small("b", false), small("c", false)]);
    for name in ["1", "2", "3", "4"] {
        cluster.check(name, "1", Some("a"));
    }
    // A pod that is promised a node is not asked about at a seat; meanwhile the image becomes rare.
    for number in 0..30 {
        cluster.set(&small(&format!("d{number:02}"), false));
    }
    cluster.check_promised("5", "1", Some("b"), Some("b"));
    cluster.check("6", "1", Some("c"));
}

#[test]
fn a_node_without_room_beside_those_it_is_promised_to_is_taken_out_of_a_seat_for_as_long() {
    let sized = |name: &str, cpu: &str| node(name).allocatable("cpu", cpu).build();
    let mut cluster = Cluster::new(&[sized("a", "1000"), sized("b", "100"), sized("c", "10")]);
    for name in ["1", "2", "3", "4"] {
        cluster.check(name, "1", Some("a"));
    }
    let mut promise = |name: &str, node: &str| {
        let pod = pod(name).request("cpu", "2000").priority(5);
        let pod = pod.meta(|meta| meta.nominated_node = Some(node.into()));
        let pod = pod.spec(|spec| spec.preemption_policy = PreemptionPolicy::Never);
        cluster.0.apply(Input::Pod(pod.build()));
        let attempt = cluster.0.step().unwrap();
        assert!(matches!(attempt.outcome, Outcome::Unschedulable { .. }), "{:?}", attempt.outcome);
    };
    promise("on-a", "a");
    promise("on-b", "b");
    cluster.check("5", "1", Some("c"));
    cluster.0.apply(Input::PodDeleted { uid: "default/on-b".into() });
    cluster.check("6", "1", Some("b"));
    cluster.0.apply(Input::PodDeleted { uid: "default/on-a".into() });
    cluster.check("7", "1", Some("a"));
}

#[test]
fn what_a_census_has_to_count_anew_is_heard_at_the_seat() {
    let sized = |name: &str, zone: Option<&str>, cpu: &str| {
        let node = node(name).allocatable("cpu", cpu);
        zone.into_iter().fold(node, |node, zone| node.label(ZONE, zone)).build()
    };
    let lonely = sized("a", None, "1");
    let mut cluster =
        Cluster::new(&[Arc::clone(&lonely), sized("b", Some("z"), "100"), sized("c", Some("y"), "10")]);
    // It keeps pods of the class away from its zone, and its node is of none.
    let averse = pod("averse").on("a").spec(|spec| {
        spec.pod_anti_affinity.required = vec![affinity_term(ZONE, &[("app", "web")])];
    });
    cluster.0.apply(Input::Pod(averse.build()));
    for name in ["1", "2", "3", "4"] {
        cluster.check(name, "1", Some("b"));
    }
    cluster.set(&sized("a", Some("z"), "1"));
    cluster.check("5", "1", Some("c"));
    cluster.set(&lonely);
    cluster.check("6", "1", Some("b"));
}

/// Pods of Services that spread by default, all from one template: what they are told apart by is counted only.
#[test]
fn a_class_whose_kin_has_a_seat_is_decided_from_what_is_kept_at_its_first_pod() {
    let options = Options { tie_break: TieBreak::First, ..Options::default() };
    let mut engine = Engine::new(PROFILES.clone(), options);
    for at in 0..8 {
        let zone = ["a", "b"][at % 2];
        let node = node(&format!("n{at}"))
            .allocatable("cpu", "1000")
            .label(ZONE, zone)
            .label(HOSTNAME, &format!("n{at}"));
        engine.apply(Input::Node(node.build()));
    }
    let mut decide = |app: usize, round: usize| {
        let app = format!("app-{app}");
        let selector = vec![("app".into(), app.as_str().into())];
        let (namespace, name) = ("default".into(), app.as_str().into());
        let service = Object::Service(Arc::new(Service { namespace, name, selector }));
        engine.apply(Input::Object(service));
        engine
            .apply(Input::Pod(pod(&format!("{app}-{round}")).label("app", &app).request("cpu", "1").build()));
        let attempt = engine.step().unwrap();
        assert!(matches!(attempt.outcome, Outcome::Assumed { .. }), "{:?}", attempt.outcome);
        attempt.path
    };
    for round in 0..12 {
        for app in 0..8 {
            decide(app, round);
        }
    }
    assert_eq!(decide(8, 0), Path::Kept, "nobody came before, but kin did");
    assert_eq!(decide(8, 1), Path::Kept);
}
