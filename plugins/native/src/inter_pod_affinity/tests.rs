//! Tests of the whole plugin, on small clusters.

use std::sync::Arc;

use longshore_framework::event::Subject;
use longshore_framework::fields::{Problem, Problems};
use longshore_framework::fixture::{affinity_term, node, pod};
use longshore_framework::labels::LabelSelector;
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::objects::{Namespace, Object, Objects};
use longshore_framework::plugin::{Cycle, Filter, FilterSink, PreFilter, PreScore, Score};
use longshore_framework::pod::{AffinityTerm, Pod, PodSpec};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PreFilterVerdict, PreScoreVerdict, Verdict};
use serde_json::json;

use super::*;

mod filtering;
mod hinting;
mod scoring;

/// Nodes, pods on them, and other objects.
#[derive(Clone, Default)]
struct Cluster {
    snapshot: Snapshot,
    objects: Objects,
}

impl Cluster {
    /// Nodes by name and zone, none when empty.
    fn of(nodes: &[(&str, &str)]) -> Self {
        let mut cluster = Self::default();
        for (name, zone) in nodes {
            let builder = node(name);
            let builder = if zone.is_empty() { builder } else { builder.label(ZONE, zone) };
            cluster.snapshot.set_node(builder.build());
        }
        cluster
    }

    fn with(mut self, node: &str, pod: Arc<Pod>) -> Self {
        let slot = self.snapshot.slot(node).unwrap();
        self.snapshot.add_pod(slot, pod);
        self
    }

    fn with_namespace(mut self, name: &str, env: &str) -> Self {
        let labels = [("env", env)].into_iter().collect();
        self.objects.set(Object::Namespace(Arc::new(Namespace { name: name.into(), labels })));
        self
    }

    fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }
}

fn web(name: &str, change: impl FnOnce(&mut PodSpec)) -> Arc<Pod> {
    pod(name).label("app", "web").spec(change).build()
}

fn db(name: &str) -> Arc<Pod> {
    pod(name).label("app", "db").build()
}

/// A term for pods of one app in namespace `default`.
fn near(key: &str, app: &str) -> AffinityTerm {
    affinity_term(key, &[("app", app)])
}

/// A term for pods of one app in the namespaces with this `env` label.
fn near_in(key: &str, app: &str, env: &str) -> AffinityTerm {
    AffinityTerm {
        namespaces: vec![],
        namespace_selector: Some([("env", env)].into_iter().collect()),
        ..near(key, app)
    }
}

#[test]
fn arguments_have_defaults_and_every_problem_is_reported() {
    let mut found = Vec::new();
    let read = InterPodAffinityArgs::read(&Value::Null, &mut Problems::new(&mut found));
    let shown = json!({"hardPodAffinityWeight": 1, "ignorePreferredTermsOfExistingPods": false});
    assert_eq!(read.to_json(), shown);
    assert_eq!(InterPodAffinityArgs::read(&shown, &mut Problems::new(&mut found)), read);
    assert_eq!(found, []);
    let wrong = json!({"hardPodAffinityWeight": 101, "ignorePreferredTermsOfExistingPods": 1,
        "apiVersion": "kubescheduler.config.k8s.io/v1beta3", "hardPodAffinity": 1});
    assert_eq!(InterPodAffinityArgs::read(&wrong, &mut Problems::new(&mut found)), read);
    let paths: Vec<&str> = found.iter().map(|p: &Problem| &*p.path).collect();
    let want =
        ["apiVersion", "hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods", "hardPodAffinity"];
    assert_eq!(paths, want);
}
