//! Decisions from what earlier ones left behind, in corners that chance seldom leads to. The engine holds each against the
//! literal one.

use std::sync::Arc;

use longshore_engine::{Attempt, Engine, Evaluation, Options, Outcome};
use longshore_framework::fixture::{PodBuilder, affinity_term, node, pod};
use longshore_framework::pod::{Pod, PreemptionPolicy};
use longshore_framework::port::Input;
use longshore_framework::profile::Profile;

use crate::properties::PROFILES;

/// An engine with nodes of 4 CPUs, all in zone `z`.
fn engine(profiles: Vec<Profile>, nodes: &[&str]) -> Engine {
    let mut engine = Engine::new(profiles, Options { evaluation: Evaluation::Audited, ..Options::default() });
    for name in nodes {
        let node = node(name).label("kubernetes.io/hostname", name).label("zone", "z");
        engine.apply(Input::Node(node.allocatable("cpu", "4").build()));
    }
    engine
}

/// The default profile, but that this plugin filters first.
fn filtering_first(plugin: &str) -> Vec<Profile> {
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n\
         - plugins: {{filter: {{enabled: [{{name: {plugin}}}]}}}}\n"
    );
    let (registry, plugins) =
        (longshore_plugins_native::registry(), longshore_plugins_native::DEFAULT_MULTI_POINT);
    longshore_profile::load("config", &text, &registry, plugins).unwrap().profiles
}

fn tell(engine: &mut Engine, pod: PodBuilder) -> Arc<Pod> {
    let pod = pod.build();
    engine.apply(Input::Pod(Arc::clone(&pod)));
    pod
}

/// The pod must not be together with pods of this app.
fn away_from(app: &str, topology: &str, pod: PodBuilder) -> PodBuilder {
    let term = affinity_term(topology, &[("app", app)]);
    pod.spec(|spec| spec.pod_anti_affinity.required.push(term))
}

#[track_caller]
fn check(attempt: Option<Attempt>, want: &str) {
    let got = match attempt.unwrap().outcome {
        Outcome::Assumed { node } => node.to_string(),
        Outcome::Unschedulable { message, .. } | Outcome::Broken { message } => message,
        other => format!("{other:?}"),
    };
    assert!(got.starts_with(want), "{got}");
}

#[test]
fn where_affinity_has_the_first_word_nodes_that_others_reject_are_told_apart_by_it() {
    let mut engine = engine(filtering_first("InterPodAffinity"), &["a", "b"]);
    tell(&mut engine, away_from("web", "kubernetes.io/hostname", pod("guard").on("a")));
    let want = "0/2 nodes are available: 1 Insufficient cpu, \
                1 node(s) didn't satisfy existing pods anti-affinity rules.";
    for name in ["first", "second", "third"] {
        tell(&mut engine, pod(name).label("app", "web").request("cpu", "8"));
        check(engine.step(), want);
    }
}

#[test]
fn a_node_promised_to_one_pod_of_a_class_is_another_to_the_next_one() {
    let mut engine = engine(PROFILES.clone(), &["a", "b"]);
    tell(&mut engine, pod("full").on("b").request("cpu", "2"));
    let rival = tell(&mut engine, pod("rival").on("b").label("app", "rival"));
    // Who never preempts keeps its promise when it is rejected.
    let never = |pod: PodBuilder| pod.spec(|spec| spec.preemption_policy = PreemptionPolicy::Never);
    let of = |name| never(away_from("rival", "zone", pod(name).request("cpu", "3")));
    let affinity =
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod anti-affinity rules.";
    let promised = tell(&mut engine, of("promised").meta(|meta| meta.nominated_node = Some("a".into())));
    let other = tell(&mut engine, of("other"));
    let room = "0/2 nodes are available: 2 Insufficient cpu.";
    for _ in 0..3 {
        check(engine.step_pod(&promised.meta.uid), affinity);
        check(engine.step_pod(&other.meta.uid), room);
    }
    check(engine.step_pod(&promised.meta.uid), affinity);
    // Affinity allows the node now, and nothing about the node has changed.
    engine.apply(Input::PodDeleted { uid: Arc::clone(&rival.meta.uid) });
    check(engine.step_pod(&other.meta.uid), room);
    check(engine.step_pod(&promised.meta.uid), "a");
}
