//! Filter and Score of every plugin of the default profile, over all of 5,000 nodes with a pod on each.
//!
//! The pod uses what the in-tree plugins look at, so that few of them pass it over: a selector, a toleration, a host port,
//! spread, affinity to other pods. A plugin that says before Filter or Score that it has no say is left out.

use std::sync::Arc;

use criterion::{Criterion, Throughput};
use longshore_benches::{basic, default_profiles, nodes};
use longshore_framework::fixture::affinity_term;
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, FilterSink};
use longshore_framework::pod::{Pod, SpreadConstraint, WhenUnsatisfiable};
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PreFilterVerdict, PreScoreVerdict};

const NODES: usize = 5_000;

pub(crate) fn benches(c: &mut Criterion) {
    let mut snapshot = Snapshot::default();
    let mut slots = Vec::new();
    for (at, node) in nodes(NODES).into_iter().enumerate() {
        let slot = snapshot.set_node(node);
        snapshot.add_pod(slot, rich(&format!("running-{at}"), 9090));
        slots.push(slot);
    }
    let (pod, objects) = (rich("pod", 8080), Objects::default());
    let cycle = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
    for plugin in default_profiles().iter().flat_map(|profile| profile.plugins()) {
        filter(c, cycle, plugin, &slots);
        score(c, cycle, plugin, &slots);
    }
}

fn rich(name: &str, port: i32) -> Arc<Pod> {
    let spread = |key: &str| SpreadConstraint {
        max_skew: 5,
        topology_key: key.into(),
        when_unsatisfiable: WhenUnsatisfiable::DoNotSchedule,
        selector: Some([("app", "web")].into_iter().collect()),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    };
    let soft = SpreadConstraint { when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway, ..spread(HOSTNAME) };
    basic(name)
        .label("app", "web")
        .host_port(port)
        .spec(|spec| {
            spec.spread = vec![spread(ZONE), soft];
            spec.pod_affinity.required = vec![affinity_term(ZONE, &[("app", "web")])];
        })
        .build()
}

/// PreFilter, then Filter over every node.
fn filter(c: &mut Criterion, cycle: Cycle<'_>, plugin: &Instance, slots: &[Slot]) {
    let Some(filter) = &plugin.filter else { return };
    let mut group = c.benchmark_group("filter");
    group.throughput(Throughput::Elements(slots.len() as u64));
    let prepare = || {
        let mut state = PluginState::default();
        let asked = plugin.pre_filter.as_ref().map(|stage| stage.pre_filter(cycle, &mut state));
        (!matches!(asked, Some(Ok(PreFilterVerdict::Skip)))).then_some(state)
    };
    if prepare().is_some() {
        group.bench_function(plugin.name(), |b| {
            b.iter(|| {
                let state = prepare().unwrap_or_default();
                let (mut left, mut rejected) = (slots.to_vec(), Vec::new());
                let done = filter.filter_range(cycle, &state, &mut FilterSink::new(&mut left, &mut rejected));
                (left, rejected, done)
            });
        });
    }
    group.finish();
}

/// PreFilter and PreScore, then Score over every node, and its normalising.
fn score(c: &mut Criterion, cycle: Cycle<'_>, plugin: &Instance, slots: &[Slot]) {
    let Some(score) = &plugin.score else { return };
    let mut group = c.benchmark_group("score");
    group.throughput(Throughput::Elements(slots.len() as u64));
    let prepare = || {
        let mut state = PluginState::default();
        let _ = plugin.pre_filter.as_ref().map(|stage| stage.pre_filter(cycle, &mut state));
        let asked = plugin.pre_score.as_ref().map(|stage| stage.pre_score(cycle, &mut state, slots));
        (!matches!(asked, Some(Ok(PreScoreVerdict::Skip)))).then_some(state)
    };
    if prepare().is_some() {
        group.bench_function(plugin.name(), |b| {
            b.iter(|| {
                let state = prepare().unwrap_or_default();
                let mut scores = vec![0; slots.len()];
                let done = score.score_range(cycle, &state, slots, &mut scores);
                (score.normalise(cycle, &state, slots, &mut scores).is_ok(), done, scores)
            });
        });
    }
    group.finish();
}
