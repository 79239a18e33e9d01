//! What wakes pods that fit nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longshore_engine::{Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::plugin::{Cycle, EnqueueContext, Filter, Plugin, PreEnqueue};
use longshore_framework::port::Input;
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;

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

/// Keeps pods out and fails them while it is not well, and hears of no event. The number says how often it recovered; it is well when that is odd.
#[derive(Clone, Default)]
struct Ailing(Arc<AtomicU64>);

impl Ailing {
    fn is_well(&self) -> bool {
        self.0.load(Ordering::SeqCst) % 2 == 1
    }
}

impl Plugin for Ailing {
    fn name(&self) -> &str {
        "Ailing"
    }
    fn events(&self) -> Vec<EventPattern> {
        Vec::new()
    }
    fn recoveries(&self) -> Option<u64> {
        Some(self.0.load(Ordering::SeqCst))
    }
}

impl PreEnqueue for Ailing {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        let passes = self.is_well() || !cx.pod.meta.name.starts_with("gated");
        if passes { Verdict::Pass } else { Verdict::unschedulable("it could not be asked".to_string()) }
    }
}

impl Filter for Ailing {
    fn filter(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<Verdict, PluginError> {
        if self.is_well() { Ok(Verdict::Pass) } else { Err(PluginError::new("it is not well")) }
    }
}

#[test]
fn pods_that_a_plugin_could_not_be_asked_about_are_tried_when_it_can_be() {
    let ailing = Ailing::default();
    let mut profiles = PROFILES.clone();
    profiles.truncate(1);
    let id = profiles[0].add(Instance::of(ailing.clone()).pre_enqueue().filter().build());
    assert!(profiles[0].enable(Stage::PreEnqueue, id) && profiles[0].enable(Stage::Filter, id));
    let mut engine = Engine::new(profiles, Options::default());
    engine.apply(Input::Node(node("n").allocatable("cpu", "4").build()));
    engine.apply(Input::Pod(pod("gated").build()));
    engine.apply(Input::Pod(pod("broken").build()));
    engine.step().unwrap();
    let counts = engine.queue_counts();
    assert_eq!((counts.gated, counts.backoff, counts.active), (1, 1, 0));
    // Time alone changes nothing, and neither does a recovery that was heard of.
    engine.apply(Input::Time(Timestamp(1)));
    assert_eq!(engine.queue_counts(), counts);
    ailing.0.store(1, Ordering::SeqCst);
    engine.apply(Input::Time(Timestamp(2)));
    let counts = engine.queue_counts();
    assert_eq!((counts.gated, counts.backoff, counts.active), (0, 0, 2));
}

/// Turns all pods away, and hears of nothing but new pods.
struct Waits(EventPattern);

impl Plugin for Waits {
    fn name(&self) -> &str {
        "Waits"
    }
    fn events(&self) -> Vec<EventPattern> {
        vec![self.0]
    }
}

impl Filter for Waits {
    fn filter(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<Verdict, PluginError> {
        Ok(Verdict::unschedulable("it waits for others".to_string()))
    }
}

/// How many pods are parked after one was turned away and another one came.
#[track_caller]
fn check_new_pod(pattern: EventPattern, parked: usize) {
    let mut profiles = PROFILES.clone();
    profiles.truncate(1);
    let id = profiles[0].add(Instance::of(Waits(pattern)).filter().build());
    assert!(profiles[0].enable(Stage::Filter, id));
    let mut engine = Engine::new(profiles, Options::default());
    engine.apply(Input::Node(node("n").allocatable("cpu", "4").build()));
    engine.apply(Input::Pod(pod("first").build()));
    engine.step().unwrap();
    assert_eq!(engine.queue_counts().unschedulable, 1);
    engine.apply(Input::Pod(pod("second").build()));
    assert_eq!(engine.queue_counts().unschedulable, parked, "{pattern}");
    // What changes of a pod that waits is not that it is new.
    engine.apply(Input::Pod(pod("second").label("a", "b").build()));
    assert_eq!(engine.queue_counts().unschedulable, parked, "{pattern}");
}

#[test]
fn a_new_pod_wakes_those_whose_plugin_waits_for_one_by_name() {
    check_new_pod(EventPattern::new(Resource::NewPod, Action::ADD), 0);
    // As in kube-scheduler, pods are woken by those that come to nodes.
    check_new_pod(EventPattern::new(Resource::Pod, Action::ADD), 1);
    check_new_pod(EventPattern::ANY, 1);
}
