//! Plugins that read what is measured on nodes, in an engine that decides each pod twice.

use std::sync::Arc;

use longshore_engine::Evaluation;
use longshore_framework::Timestamp;
use longshore_framework::fixture::pod;
use longshore_framework::node_metrics::{MetricsSource, Provider, Sample};
use longshore_framework::port::Input;
use longshore_wasm::{Capability, LoadError, Settings};
use serde_json::{Value, json};

use crate::cluster::Stand;
use crate::objects::{World, all_granted, bytes};

fn source() -> MetricsSource {
    MetricsSource { provider: Provider::Watcher("http://watcher".to_string()), ..MetricsSource::default() }
}

fn settings(config: Value) -> Settings {
    Settings { metrics: Some(source()), config, ..all_granted() }
}

fn world(config: Value) -> World {
    let mut world = World::with(&bytes("load-aware"), &settings(config), Evaluation::Audited);
    for name in ["a", "b", "c"] {
        world.node(name, "16");
    }
    world
}

/// What is measured at this second: how busy nodes are, in percent.
fn measure(world: &mut World, second: i64, values: &[(&str, f64)]) {
    let mut sample = Sample::default();
    for (node, value) in values {
        sample.add(node, Timestamp(second * 1000), ["", "CPU", "AVG", ""], *value).unwrap();
    }
    world.engine.apply(Input::Metrics { source: Arc::new(source()), sample: Arc::new(sample) });
}

fn at(world: &mut World, second: i64) {
    world.engine.apply(Input::Time(Timestamp(second * 1000)));
}

/// Adds a pod and runs; the messages of the pods that failed.
fn place(world: &mut World, name: &str) -> Vec<String> {
    world.pod(&pod(name).label("app", "web").request("cpu", "100m").build());
    world.run()
}

#[track_caller]
fn check_placed(world: &mut World, want: &[(&str, &str)]) {
    let placed = std::mem::take(&mut world.placed);
    let placed: Vec<(&str, &str)> = placed.iter().map(|(pod, node)| (&**pod, &**node)).collect();
    assert_eq!(placed, want);
}

#[test]
fn pods_follow_what_is_measured() {
    let mut world = world(json!({"maxAgeSeconds": 0}));
    measure(&mut world, 0, &[("a", 70.0), ("b", 10.0), ("c", 60.0)]);
    place(&mut world, "p1");
    place(&mut world, "p2");
    measure(&mut world, 1, &[("a", 5.0), ("b", 79.0), ("c", 60.0)]);
    place(&mut world, "p3");
    check_placed(&mut world, &[("p1", "b"), ("p2", "b"), ("p3", "a")]);
}

#[test]
fn a_pod_that_found_no_idle_node_is_tried_when_one_is_idle() {
    let mut world = world(json!({"mostPercent": 50}));
    let busy = [("a", 90.0), ("b", 90.0), ("c", 90.0)];
    measure(&mut world, 0, &busy);
    assert!(place(&mut world, "p1")[0].contains("3 node(s) were too busy"));
    // The same again is no news.
    measure(&mut world, 1, &busy);
    at(&mut world, 60);
    assert!(world.run().is_empty() && world.placed.is_empty());
    measure(&mut world, 60, &[("a", 90.0), ("b", 20.0), ("c", 90.0)]);
    at(&mut world, 120);
    assert!(world.run().is_empty());
    check_placed(&mut world, &[("p1", "b")]);
}

#[test]
fn a_value_that_becomes_too_old_counts_for_none_and_its_node_is_asked_about_again() {
    let mut world = world(json!({"mostPercent": 50, "maxAgeSeconds": 60}));
    measure(&mut world, 0, &[("a", 90.0), ("b", 90.0), ("c", 90.0)]);
    assert_eq!(place(&mut world, "p1").len(), 1);
    at(&mut world, 60);
    assert!(world.run().is_empty() && world.placed.is_empty(), "not yet too old");
    at(&mut world, 61);
    at(&mut world, 180);
    assert!(world.run().is_empty());
    assert_eq!(std::mem::take(&mut world.placed).len(), 1);
    // Values of one node that are new rank it before those that are not known.
    measure(&mut world, 180, &[("c", 40.0)]);
    place(&mut world, "p2");
    check_placed(&mut world, &[("p2", "c")]);
}

#[test]
fn a_plugin_that_needs_values_decides_no_pod_without_new_ones() {
    let mut world = world(json!({"maxAgeSeconds": 60, "required": true}));
    let failed = place(&mut world, "p1");
    assert!(
        failed[0].contains("there is no value of CPU AVG from the load watcher at http://watcher yet"),
        "{failed:?}"
    );
    measure(&mut world, 0, &[("b", 10.0)]);
    at(&mut world, 30);
    assert!(world.run().is_empty());
    check_placed(&mut world, &[("p1", "b")]);
    at(&mut world, 100);
    let failed = place(&mut world, "p2");
    assert!(
        failed[0].contains("is 100 s old, and the plugin takes none that is older than 60 s"),
        "{failed:?}"
    );
    assert!(failed[0].contains("(metrics)"), "{failed:?}");
    // The plugin is not to blame: it is asked as soon as there is something to go by.
    for name in ["q1", "q2", "q3", "q4", "q5", "q6"] {
        assert_eq!(place(&mut world, name).len(), 1);
    }
    measure(&mut world, 100, &[("b", 10.0)]);
    assert!(place(&mut world, "p3").is_empty());
}

#[test]
fn what_is_measured_has_to_be_granted_and_to_be_of_use() {
    let stand = Stand::new();
    let mut settings = settings(Value::Null);
    settings.capabilities.remove(&Capability::Metrics);
    let refused = stand.load(&bytes("load-aware"), &settings).err().unwrap();
    assert!(matches!(refused, LoadError::NotGranted { capability: "metrics", .. }), "{refused}");
    let settings = Settings { metrics: Some(source()), ..all_granted() };
    let refused = stand.load(&bytes("small-first"), &settings).err().unwrap().to_string();
    assert!(refused.contains("reads nothing of what is measured on nodes; leave out metrics"), "{refused}");
}

#[test]
fn reports_say_what_is_read() {
    let stand = Stand::new();
    let about = stand.load(&bytes("load-aware"), &settings(Value::Null)).unwrap().guest.about();
    assert_eq!(
        (about.metrics, about.needs),
        (vec!["CPU AVG".to_string(), "CPU Latest".to_string()], vec!["metrics".to_string()],)
    );
}
