//! What the benches share: clusters and pods of the shapes that kube-scheduler's own benchmarks use, workloads and the driver that
//! runs them, and how results are kept.

pub mod deciders;
pub mod driver;
pub mod measure;
pub mod objects;
pub mod record;
pub mod results;
pub mod stats;
pub mod workload;

use std::sync::Arc;

use longshore_engine::{Engine, Options};
use longshore_framework::fixture;
use longshore_framework::node::{Node, ZONE};
use longshore_framework::pod::{Pod, SpreadConstraint, WhenUnsatisfiable};
use longshore_framework::port::{Effect, Input};
use longshore_framework::profile::Profile;

/// `count` nodes of 4 CPU, 32 GiB and 110 pods in three zones.
pub fn nodes(count: usize) -> Vec<Arc<Node>> {
    (0..count)
        .map(|at| {
            fixture::node(&format!("node-{at:06}"))
                .label(ZONE, &format!("zone-{}", at % 3))
                .allocatable("cpu", "4")
                .allocatable("memory", "32Gi")
                .build()
        })
        .collect()
}

/// A pod that asks for 100m CPU and 500 MiB and nothing else.
pub fn basic(name: &str) -> fixture::PodBuilder {
    fixture::pod(name).request("cpu", "100m").request("memory", "500Mi")
}

/// What a workload's pods look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Requests only.
    Basic,
    /// Also required anti-affinity to pods of its colour on the same host.
    AntiAffinity,
    /// Also a hard zone spread with a skew of 5.
    Spread,
}

impl Shape {
    /// The pod with this number.
    pub fn pod(self, at: usize) -> Arc<Pod> {
        let pod = basic(&format!("pod-{at:06}"));
        match self {
            Self::Basic => pod,
            Self::AntiAffinity => {
                let term = fixture::affinity_term("kubernetes.io/hostname", &[("color", "green")]);
                pod.label("color", "green").spec(|s| s.pod_anti_affinity.required = vec![term])
            }
            Self::Spread => pod.label("color", "blue").spec(|s| s.spread = vec![zone_spread()]),
        }
        .build()
    }
}

fn zone_spread() -> SpreadConstraint {
    SpreadConstraint {
        max_skew: 5,
        topology_key: ZONE.into(),
        when_unsatisfiable: WhenUnsatisfiable::DoNotSchedule,
        selector: Some([("color", "blue")].into_iter().collect()),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    }
}

/// The default profile: every in-tree plugin, all nodes scored.
///
/// # Panics
/// When the default profile does not resolve, which its own tests rule out.
pub fn default_profiles() -> Vec<Profile> {
    let registry = longshore_plugins_native::registry();
    let resolved =
        longshore_profile::default_profile(&registry, longshore_plugins_native::DEFAULT_MULTI_POINT);
    match resolved {
        Ok(resolved) => resolved.profiles,
        Err(error) => panic!("{error}"),
    }
}

/// An engine with `node_count` nodes and `pods` in its queue.
pub fn engine(node_count: usize, pods: impl Iterator<Item = Arc<Pod>>) -> Engine {
    let mut engine = Engine::new(default_profiles(), Options { retry: false, ..Options::default() });
    for node in nodes(node_count) {
        engine.apply(Input::Node(node));
    }
    for pod in pods {
        engine.apply(Input::Pod(pod));
    }
    engine
}

/// Decides every pod in the queue and confirms each binding at once; how many were placed.
pub fn run(engine: &mut Engine) -> usize {
    let mut placed = 0;
    while let Some(attempt) = engine.step() {
        for effect in attempt.effects {
            if let Effect::Bind { pod, .. } = effect {
                engine.apply(Input::Bound { uid: Arc::clone(&pod.meta.uid), result: Ok(()) });
                placed += 1;
            }
        }
    }
    placed
}
