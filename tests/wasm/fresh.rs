//! What guests read outside the table, and when they are asked again: whole objects that the model reads a part of, and the
//! time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use longshore_engine::{Engine, Options, Outcome};
use longshore_framework::Timestamp;
use longshore_framework::fixture::{self, NodeBuilder, PodBuilder};
use longshore_framework::objects::{Object, Service};
use longshore_framework::port::Input;
use longshore_framework::raw::RawObjects;
use longshore_framework::unread::Unread;
use longshore_wasm::{Capability, Settings};
use serde_json::value::RawValue;

use crate::cluster::Stand;
use crate::engine::{BAD, profiles};
use crate::wat::{ALL_FIT, OK, RESET, Wat, guest, none_fit};

/// One pod and one node, whole.
#[derive(Default)]
struct Whole {
    pod: Mutex<String>,
    node: Mutex<String>,
}

fn raw(text: &Mutex<String>) -> Option<Arc<RawValue>> {
    RawValue::from_string(text.lock().unwrap().clone()).ok().map(Into::into)
}

impl RawObjects for Whole {
    fn pod(&self, _: &str) -> Option<Arc<RawValue>> {
        raw(&self.pod)
    }
    fn node(&self, _: &str) -> Option<Arc<RawValue>> {
        raw(&self.node)
    }
}

/// An engine with a guest that passes all nodes while what it has read is longer than ten bytes, or later than ten.
struct World {
    stand: Stand,
    engine: Engine,
    whole: Arc<Whole>,
    clock: Arc<AtomicU64>,
    seconds: i64,
}

const SHORT: &str = r#"{"a":"b"}"#;
const LONG: &str = r#"{"a":"b","annotated":"yes"}"#;

impl World {
    fn new(wat: &Wat) -> Self {
        let (whole, clock) = (Arc::<Whole>::default(), Arc::new(AtomicU64::new(0)));
        *whole.pod.lock().unwrap() = SHORT.into();
        *whole.node.lock().unwrap() = SHORT.into();
        let (objects, time) = (Arc::clone(&whole), Arc::clone(&clock));
        let stand = Stand::with(|options| {
            options.services.raw = objects;
            options.services.clock = Arc::new(move || time.load(Ordering::SeqCst));
        });
        let capabilities = [Capability::Raw, Capability::Clock].into();
        let asked = stand.load(&wat.build(), &Settings { capabilities, ..Settings::default() }).unwrap();
        let options = Options { requests: stand.requests.clone(), ..Options::default() };
        let engine = Engine::new(profiles(&asked.instance), options);
        let mut world = Self { stand, engine, whole, clock, seconds: 0 };
        world.engine.apply(Input::Node(node().build()));
        world.engine.apply(Input::Pod(pod().build()));
        world
    }

    /// The one pod is tried, once its backoff is over.
    #[track_caller]
    fn tried(&mut self, fits: bool) {
        let attempt = self.engine.step().expect("nobody is tried");
        match (attempt.outcome, fits) {
            (Outcome::Assumed { .. }, true) => {}
            (Outcome::Unschedulable { message, .. }, false) if message.contains("too short") => {}
            (other, _) => panic!("{other:?}"),
        }
    }

    /// Time passes: longer than a backoff, not long enough for pods to be tried anyway.
    fn later(&mut self) {
        self.seconds += 60;
        self.engine.apply(Input::Time(Timestamp(self.seconds * 1000)));
    }

    fn rests(&mut self) {
        assert!(self.engine.step().is_none());
    }

    /// Something happens that changes no node.
    fn another_object(&mut self) {
        let service = Service { namespace: "default".into(), name: "web".into(), ..Service::default() };
        self.engine.apply(Input::Object(Object::Service(Arc::new(service))));
    }

    fn tables(&self) -> usize {
        self.stand.heard.calls.lock().unwrap().iter().filter(|stage| **stage == "Table").count()
    }
}

fn node() -> NodeBuilder {
    fixture::node("n").allocatable("cpu", "8").with(|n| n.unread = Unread { text: 1, content: 1 })
}

fn pod() -> PodBuilder {
    fixture::pod("p").request("cpu", "1").meta(|m| m.unread = 1).spec(|spec| spec.scheduler_name = BAD.into())
}

/// Passes all nodes if `$seen` is more than ten.
fn by_what_it_saw(wat: Wat) -> Wat {
    let body = format!(
        "(if (result i32) (i32.gt_u (global.get $seen) (i32.const 10)) (then {ALL_FIT}) (else {}))",
        none_fit("too short")
    );
    wat.extra("(global $seen (mut i32) (i32.const 0))").filter(&body)
}

/// Begin takes the length of the whole pod.
fn reads_pod() -> Wat {
    let begin = format!("(global.set $seen (i32.load offset=116 (local.get 0))) {RESET} {OK}");
    by_what_it_saw(guest().raw_pod().function("cycle#begin", "(param i32) (result i32)", &begin))
}

/// Begin takes the time.
fn reads_clock() -> Wat {
    let begin = format!("(global.set $seen (i32.wrap_i64 (call $clock_now))) {RESET} {OK}");
    let wat = guest().import("clock#now", "(result i64)");
    by_what_it_saw(wat.function("cycle#begin", "(param i32) (result i32)", &begin))
}

/// Apply takes the length of the whole node: of the first blob of the first patch.
fn reads_node() -> Wat {
    let apply = format!(
        "(if (local.get 6) (then
            (global.set $seen (i32.load offset=4 (i32.load offset=4 (i32.load offset=16 (local.get 5))))))) {RESET}"
    );
    let wat = guest().column(15, "");
    by_what_it_saw(wat.function("lifecycle#apply", "(param i32 i32 i32 i32 i32 i32 i32)", &apply))
}

#[test]
fn a_pod_is_tried_again_when_what_only_the_plugin_reads_of_it_changes() {
    let mut world = World::new(&reads_pod());
    world.tried(false);
    world.later();
    world.engine.apply(Input::Pod(pod().build()));
    world.rests();
    *world.whole.pod.lock().unwrap() = LONG.into();
    world.engine.apply(Input::Pod(pod().meta(|m| m.unread = 2).build()));
    world.tried(true);
}

#[test]
fn a_pod_is_judged_by_the_whole_object_as_it_is_now() {
    let mut world = World::new(&reads_pod());
    world.tried(false);
    world.later();
    *world.whole.pod.lock().unwrap() = LONG.into();
    world.another_object();
    world.tried(true);
}

#[test]
fn a_pod_is_judged_by_the_time_as_it_is_now() {
    let mut world = World::new(&reads_clock());
    world.tried(false);
    world.later();
    world.clock.store(11, Ordering::SeqCst);
    world.another_object();
    world.tried(true);
}

#[test]
fn a_node_that_changed_in_what_only_the_plugin_reads_is_told_again_and_wakes() {
    let mut world = World::new(&reads_node());
    world.tried(false);
    world.later();
    *world.whole.node.lock().unwrap() = LONG.into();
    world.engine.apply(Input::Node(node().with(|n| n.unread = Unread { text: 2, content: 2 }).build()));
    world.tried(true);
}

#[test]
fn a_heartbeat_of_a_node_wakes_nobody_and_is_told_with_the_next_question() {
    let mut world = World::new(&reads_node());
    world.tried(false);
    world.later();
    let tables = world.tables();
    *world.whole.node.lock().unwrap() = LONG.into();
    world.engine.apply(Input::Node(node().with(|n| n.unread = Unread { text: 2, content: 1 }).build()));
    world.rests();
    world.another_object();
    world.tried(true);
    assert_eq!(world.tables(), tables + 1);
}
