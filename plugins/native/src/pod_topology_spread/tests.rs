//! Tests of the whole plugin, on small clusters.

use std::sync::Arc;

use longshore_framework::fields::{Problem, Problems};
use longshore_framework::fixture::{node, pod};
use longshore_framework::labels::LabelSelector;
use longshore_framework::node::{Node, ZONE};
use longshore_framework::objects::{Controller, Object, Objects, Service};
use longshore_framework::plugin::{Cycle, Filter, FilterSink, PreFilter, PreScore, Score};
use longshore_framework::pod::{Owner, Pod, SpreadConstraint, WhenUnsatisfiable};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::taint::TaintEffect;
use longshore_framework::verdict::{PreFilterVerdict, PreScoreVerdict, Verdict};
use serde_json::{Value, json};

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
    /// Nodes by name and zone (none when empty), each with as many pods labelled `app=web`.
    fn of(nodes: &[(&str, &str, usize)]) -> Self {
        let mut cluster = Self::default();
        for (name, zone, pods) in nodes {
            let builder = node(name);
            let builder = if zone.is_empty() { builder } else { builder.label(ZONE, zone) };
            cluster.snapshot.set_node(builder.build());
            for at in 0..*pods {
                cluster.add(name, pod(&format!("{name}-{at}")).label("app", "web").build());
            }
        }
        cluster
    }

    fn add(&mut self, node: &str, pod: Arc<Pod>) {
        let slot = self.snapshot.slot(node).unwrap();
        self.snapshot.add_pod(slot, pod);
    }

    fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }
}

fn constraint(key: &str, max_skew: i32, when_unsatisfiable: WhenUnsatisfiable) -> SpreadConstraint {
    SpreadConstraint {
        max_skew,
        topology_key: key.into(),
        when_unsatisfiable,
        selector: Some([("app", "web")].into_iter().collect()),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    }
}

fn hard(key: &str, max_skew: i32) -> SpreadConstraint {
    constraint(key, max_skew, WhenUnsatisfiable::DoNotSchedule)
}

fn web(spread: Vec<SpreadConstraint>) -> Arc<Pod> {
    pod("new").label("app", "web").spec(|s| s.spread = spread).build()
}

fn plugin(args: &Value) -> PodTopologySpread {
    let mut found = Vec::new();
    let args = PodTopologySpreadArgs::read(args, &mut Problems::new(&mut found));
    assert_eq!(found, []);
    PodTopologySpread::new(args, Features::default())
}

#[track_caller]
fn check_args(args: &Value, want: &[&str]) {
    let mut found = Vec::new();
    PodTopologySpreadArgs::read(args, &mut Problems::new(&mut found));
    let found: Vec<String> = found.iter().map(Problem::to_string).collect();
    assert_eq!(found.len(), want.len(), "{found:#?}");
    for (found, want) in found.iter().zip(want) {
        assert!(found.starts_with(want), "{found}");
    }
}

#[test]
fn arguments_are_shown_with_their_defaults() {
    let shown =
        |args: &Value| PodTopologySpreadArgs::read(args, &mut Problems::new(&mut Vec::new())).to_json();
    assert_eq!(shown(&Value::Null), json!({"defaultingType": "System"}));
    let list = json!({"defaultingType": "List", "defaultConstraints":
        [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", "nodeTaintsPolicy": "Honor"}]});
    assert_eq!(shown(&list), list);
}

#[test]
fn every_problem_of_the_arguments_is_reported() {
    check_args(
        &json!({"defaultConstraints": [
            {"maxSkew": 0, "topologyKey": "a b", "whenUnsatisfiable": "Sometimes", "labelSelector": {}},
            {"nodeTaintsPolicy": "honor"},
        ], "kind": "InterPodAffinityArgs"}),
        &[
            "kind: must be PodTopologySpreadArgs",
            "defaultingType: must be \"List\"",
            "defaultConstraints[0].maxSkew: must be a whole number from 1",
            "defaultConstraints[0].topologyKey: must be a label key",
            "defaultConstraints[0].whenUnsatisfiable: must be one of DoNotSchedule, ScheduleAnyway",
            "defaultConstraints[0].labelSelector: may not be set",
            "defaultConstraints[1].maxSkew: is required",
            "defaultConstraints[1].topologyKey: is required",
            "defaultConstraints[1].whenUnsatisfiable: is required",
            "defaultConstraints[1].nodeTaintsPolicy: must be one of Honor, Ignore",
        ],
    );
    let one = json!({"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway"});
    check_args(
        &json!({"defaultingType": "List", "defaultConstraints": [one, one]}),
        &["defaultConstraints[1]: repeats"],
    );
}
