//! Plugins of the interface 0.2.0 in an engine: objects, ranks, woken pods, questions about evictions.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options, Outcome};
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::Object;
use longshore_framework::objects::declared::{DeclaredKind, DeclaredObject, Projection};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};
use longshore_framework::profile::Profile;
use longshore_framework::raw::RawObjects;
use longshore_framework::registry::{Instance, Stage};
use longshore_wasm::{Capability, LoadError, Settings};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cluster::Stand;

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("guests/{name}.wasm"))).unwrap()
}

pub(crate) fn all_granted() -> Settings {
    let capabilities = Capability::ALL.iter().map(|(_, capability)| *capability).collect();
    Settings { capabilities, time: std::time::Duration::from_secs(5), ..Settings::default() }
}

/// The default profile with a plugin at every stage that it has, alone where it sorts the queue or chooses victims.
fn profile(instance: &Instance) -> Profile {
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    let default = longshore_profile::default_profile(&registry, plugins).unwrap().profiles.remove(0);
    let mut profile = Profile::new("default-scheduler");
    for native in default.plugins() {
        let id = profile.add(native.clone());
        profile.set_weight(id, default.weight(default.id(native.name()).unwrap()));
    }
    let guest = profile.add(instance.clone());
    profile.set_weight(guest, 1);
    for stage in Stage::ALL {
        let alone = instance.has(stage) && matches!(stage, Stage::QueueSort | Stage::PostFilter);
        let natives = default.stage(stage).iter().filter(|_| !alone);
        for id in natives.map(|id| profile.id(default.name(*id)).unwrap()).collect::<Vec<_>>() {
            profile.enable(stage, id);
        }
        if instance.has(stage) {
            profile.enable(stage, guest);
        }
    }
    profile
}

/// Every object is there, and has no fields.
struct Everything;

impl RawObjects for Everything {
    fn pod(&self, _: &str) -> Option<Arc<RawValue>> {
        serde_json::from_str::<Box<RawValue>>("{}").ok().map(Arc::from)
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.pod(name)
    }
}

/// An engine whose profile has the guest of this name.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) placed: Vec<(String, String)>,
    evicted: Vec<String>,
}

impl World {
    fn new(guest: &str) -> Self {
        Self::of(&bytes(guest), Evaluation::Audited)
    }

    pub(crate) fn of(bytes: &[u8], evaluation: Evaluation) -> Self {
        Self::with(bytes, &all_granted(), evaluation)
    }

    pub(crate) fn with(bytes: &[u8], settings: &Settings, evaluation: Evaluation) -> Self {
        let stand = Stand::with(|options| options.services.raw = Arc::new(Everything));
        let asked = stand.load(bytes, settings).unwrap();
        let options = Options { requests: stand.requests.clone(), evaluation, ..Options::default() };
        let engine = Engine::new(vec![profile(&asked.instance)], options);
        Self { engine, placed: Vec::new(), evicted: Vec::new() }
    }

    pub(crate) fn node(&mut self, name: &str, cpu: &str) {
        let made = node(name).allocatable("cpu", cpu).allocatable("pods", "110").build();
        self.engine.apply(Input::Node(made));
    }

    pub(crate) fn pod(&mut self, made: &Arc<Pod>) {
        self.engine.apply(Input::Pod(Arc::clone(made)));
    }

    /// Tries every pod that wants to be tried; the messages of those that failed.
    pub(crate) fn run(&mut self) -> Vec<String> {
        let mut failed = Vec::new();
        while let Some(attempt) = self.engine.step() {
            if let Outcome::Unschedulable { message, .. } | Outcome::Broken { message } = &attempt.outcome {
                failed.push(message.clone());
            }
            for effect in attempt.effects {
                match effect {
                    Effect::Bind { binding, .. } => {
                        self.placed.push((binding.name.to_string(), binding.node.to_string()));
                        self.engine.apply(Input::Bound { uid: binding.uid, result: Ok(()) });
                    }
                    Effect::Evict { victims, .. } => {
                        self.evicted.extend(victims.iter().map(|victim| victim.meta.name.to_string()));
                    }
                    _ => {}
                }
            }
        }
        failed
    }

    #[track_caller]
    pub(crate) fn placed(&mut self, want: &[&str]) {
        let names: Vec<String> = std::mem::take(&mut self.placed).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, want);
    }
}

fn object(kind: (&str, &str, &str), value: &Value) -> Object {
    let kind = DeclaredKind::of(kind.0, kind.1, kind.2).unwrap();
    Object::Declared(Arc::new(DeclaredObject::read(kind, &Projection::whole(), value).unwrap()))
}

fn quota(running: usize) -> Object {
    let value = json!({
        "metadata": {"name": "batch", "namespace": "shop"},
        "spec": {"running": running, "matchLabels": {"app": "batch"}},
    });
    object(("example.com", "v1", "PodQuota"), &value)
}

fn batch(name: &str) -> Arc<Pod> {
    pod(name).namespace("shop").label("app", "batch").request("cpu", "100m").build()
}

#[test]
fn a_pod_waits_for_an_object_and_is_tried_when_it_changes() {
    let mut world = World::new("pod-quota");
    world.node("a", "16");
    world.engine.apply(Input::Object(quota(1)));
    world.pod(&batch("one"));
    world.pod(&batch("two"));
    assert!(world.run()[0].contains("PodQuota batch lets 1 pod(s) run"));
    world.placed(&["one"]);
    // Nothing that its hint takes for news.
    let other = json!({"metadata": {"name": "batch", "namespace": "bank"}, "spec": {"running": 9}});
    world.engine.apply(Input::Object(object(("example.com", "v1", "PodQuota"), &other)));
    assert!(world.run().is_empty());
    world.engine.apply(Input::Object(quota(2)));
    // It has a backoff to wait for.
    world.engine.apply(Input::Time(longshore_framework::Timestamp(60_000)));
    assert!(world.run().is_empty());
    world.placed(&["two"]);
    world.pod(&batch("three"));
    assert_eq!(world.run().len(), 1);
    world.engine.apply(Input::ObjectDeleted(quota(2)));
    world.engine.apply(Input::Time(longshore_framework::Timestamp(120_000)));
    world.run();
    world.placed(&["three"]);
}

#[test]
fn what_is_not_granted_is_named() {
    let stand = Stand::new();
    let settings = Settings { capabilities: [Capability::Pods].into(), ..Settings::default() };
    let Err(error) = stand.load(&bytes("pod-quota"), &settings) else { panic!("it was loaded") };
    assert!(matches!(error, LoadError::NotGranted { capability: "objects", .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains("PodQuota.v1.example.com"), "{error}");
}

fn maintenance(node: &str, drain: bool) -> Object {
    let value = json!({"metadata": {"name": node}, "spec": {"drain": drain}});
    object(("example.com", "v1", "Maintenance"), &value)
}

/// Answers of a pure plugin are kept: the audit holds each decision against one that asks everybody.
#[test]
fn kept_answers_follow_objects_about_nodes() {
    let mut world = World::new("maintenance");
    for at in 0..40 {
        world.node(&format!("n{at}"), "4");
    }
    let (mut random, mut placed) = (7_u64, 0);
    for step in 0..400_u64 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (random >> 33) % 40;
        let node = format!("n{at}");
        let freeze = object(("example.com", "v1", "MaintenanceFreeze"), &json!({"metadata": {"name": "x"}}));
        match step % 4 {
            _ if step % 50 == 30 => drop(world.engine.apply(Input::Object(freeze.clone()))),
            _ if step % 50 == 40 => drop(world.engine.apply(Input::ObjectDeleted(freeze.clone()))),
            0 => drop(world.engine.apply(Input::Object(maintenance(&node, random.is_multiple_of(2))))),
            1 => drop(world.engine.apply(Input::ObjectDeleted(maintenance(&node, false)))),
            _ => {
                let short = if random.is_multiple_of(3) { "true" } else { "false" };
                let made = pod(&format!("p{step}")).label("example.com/short-lived", short);
                world.pod(&made.request("cpu", "500m").build());
            }
        }
        let failed = world.run();
        assert!(failed.iter().all(|message| !message.contains("audit")), "{failed:?}");
        let declared = &world.engine.cache().objects().declared;
        let get = |object: Object| {
            let Object::Declared(object) = object else { return None };
            declared.get(object.kind, &object.key())
        };
        let drained = |node: &str| get(maintenance(node, true)).is_some_and(|o| o.json.contains("true"));
        let frozen = get(freeze).is_some();
        for (name, node) in &world.placed {
            assert!(frozen || !drained(node), "{name} is on {node}, which is drained");
        }
        placed += world.placed.len();
        world.placed.clear();
    }
    assert!(placed > 100, "{placed}");
}

#[test]
fn the_last_of_a_set_wakes_the_others() {
    let mut world = World::new("siblings");
    world.node("a", "16");
    let member =
        |name: &str| pod(name).label("example.com/set", "train").label("example.com/set-size", "3").build();
    world.pod(&member("one"));
    world.pod(&member("two"));
    assert_eq!(world.run().len(), 2);
    world.placed(&[]);
    world.pod(&member("three"));
    world.run();
    let placed: BTreeSet<String> = world.placed.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(placed, ["one", "three", "two"].map(String::from).into());
}

#[test]
fn the_queue_stands_as_a_guest_says() {
    let mut world = World::new("small-first");
    world.node("a", "16");
    world.pod(&pod("large").request("cpu", "8").build());
    world.pod(&pod("small").request("cpu", "100m").build());
    world.pod(&pod("first").request("cpu", "1").priority(5).build());
    world.run();
    world.placed(&["first", "small", "large"]);
}

#[test]
fn a_guest_asks_what_evictions_would_do() {
    let mut world = World::new("make-room");
    for (node, pods) in [("a", vec![("big", "900m")]), ("b", vec![("mid", "500m"), ("low", "300m")])] {
        world.node(node, "1");
        for (name, cpu) in pods {
            world.pod(&pod(name).request("cpu", cpu).on(node).build());
        }
    }
    let large = pod("large").request("cpu", "600m").priority(10).build();
    world.pod(&large);
    assert_eq!(world.run().len(), 1);
    assert_eq!(world.evicted, ["mid"]);
    // What is promised is known to it: it leaves the node alone.
    world.pod(&pod("other").request("cpu", "900m").priority(5).build());
    world.run();
    assert_eq!(world.evicted, ["mid", "big"]);
}

#[test]
fn plugins_of_the_version_before_load_as_they_did() {
    let stand = Stand::new();
    let asked = stand.load(&bytes("0.1.0/gang"), &all_granted()).unwrap();
    let about = asked.guest.about();
    assert_eq!(about.name, "Gang");
    assert!(about.exports.contains(&"permit".to_string()) && about.objects.is_empty());
    let mut world = World::of(&bytes("0.1.0/gang"), Evaluation::Incremental);
    world.node("a", "16");
    world.pod(&pod("alone").request("cpu", "1").build());
    world.run();
    world.placed(&["alone"]);
}
