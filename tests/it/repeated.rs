//! What is told of one pod that fits nowhere is told of the next of its class, until something changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use longshore_engine::{Attempt, Engine, Meter, Options, Outcome, Path};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::profile::PluginId;

use crate::properties::PROFILES;

/// Counts how often PostFilter plugins were asked.
#[derive(Debug, Default)]
struct Asked(AtomicUsize);

impl Meter for Asked {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn post_filter_asked(&self, _: usize, _: PluginId) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// An engine with two nodes of one core, each with a pod of priority 0 that wants no green pod on its host.
fn engine(asked: &Arc<Asked>) -> Engine {
    let options =
        Options { meter: Some(Arc::<Asked>::clone(asked)), example_nodes: Some(2), ..Options::default() };
    let mut engine = Engine::new(PROFILES.clone(), options);
    for name in ["a", "b"] {
        engine.apply(Input::Node(host(name)));
        let guard = pod(&format!("guard-{name}")).on(name).priority(10);
        let term = affinity_term("kubernetes.io/hostname", &[("color", "green")]);
        engine.apply(Input::Pod(guard.spec(|s| s.pod_anti_affinity.required.push(term)).build()));
    }
    engine
}

fn host(name: &str) -> Arc<longshore_framework::node::Node> {
    node(name).label("kubernetes.io/hostname", name).allocatable("cpu", "1").build()
}

/// What came of a pod: the node, or why there is none with the nodes by reason.
fn told(engine: &mut Engine, pod: Arc<Pod>) -> (String, Path) {
    engine.apply(Input::Pod(pod));
    let Attempt { outcome, rejected, path, .. } = engine.step().unwrap();
    let text = match outcome {
        Outcome::Assumed { node } => format!("on {node}"),
        Outcome::Unschedulable { message, .. } => format!("{message} {rejected:?}"),
        other => panic!("{other:?}"),
    };
    (text, path)
}

/// Four pods fit nowhere in the same words, and PostFilter counts as asked of each; then `change` makes room for the fifth.
#[track_caller]
fn check(make: impl Fn(&str) -> Arc<Pod>, words: &str, change: impl FnOnce(&mut Engine)) {
    let asked = Arc::<Asked>::default();
    let mut engine = engine(&asked);
    let (first, path) = told(&mut engine, make("p1"));
    assert!(first.starts_with(words) && path != Path::Kept, "{first} {path:?}");
    let each = asked.0.load(Ordering::Relaxed);
    assert!(each > 0);
    for (number, name) in (2..).zip(["p2", "p3", "p4"]) {
        assert_eq!(told(&mut engine, make(name)), (first.clone(), Path::Kept));
        assert_eq!(asked.0.load(Ordering::Relaxed), number * each);
    }
    change(&mut engine);
    let (last, _) = told(&mut engine, make("p5"));
    assert!(last.starts_with("on "), "{last}");
}

#[test]
fn pods_without_room_until_a_node_comes() {
    let large = |name: &str| pod(name).request("cpu", "2").build();
    let big = node("c").label("kubernetes.io/hostname", "c").allocatable("cpu", "4").build();
    check(large, "0/2 nodes are available: 2 Insufficient cpu.", |engine| {
        drop(engine.apply(Input::Node(big)))
    });
}

#[test]
fn pods_that_nobody_wants_until_one_of_them_is_gone() {
    let green = |name: &str| pod(name).label("color", "green").build();
    let words = "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.";
    check(green, words, |engine| drop(engine.apply(Input::PodDeleted { uid: "default/guard-a".into() })));
}

#[test]
fn pods_of_higher_priority_are_not_told_what_was_told_of_others() {
    let asked = Arc::<Asked>::default();
    let mut engine = engine(&asked);
    let green = |name: &str, priority| pod(name).label("color", "green").priority(priority).build();
    for name in ["p1", "p2", "p3"] {
        assert!(told(&mut engine, green(name, 0)).0.contains("No preemption victims found"), "{name}");
    }
    engine.apply(Input::Pod(green("p4", 20)));
    let Outcome::Unschedulable { nominated, .. } = engine.step().unwrap().outcome else { panic!("it fits") };
    assert!(nominated.is_some());
}
