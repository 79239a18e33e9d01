//! NodeResourcesBalancedAllocation: prefers nodes whose resources would be used more evenly with the pod than without.
//!
//! It rejects nothing, so no event concerns it.

mod pairs;
mod seats;

use longshore_framework::Str;
use longshore_framework::event::EventPattern;
use longshore_framework::features::Gate;
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, MAX_SCORE, Plugin, PreScore, Score, Seats};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::resources::is_scalar;
use longshore_framework::snapshot::{Derived, ResourceColumn, Slot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreScoreVerdict};
use longshore_framework::view::NodeView;
use serde_json::{Value, json};
use smallvec::SmallVec;

use crate::dynamic_resources::count::{Counter, OfResource};
use crate::node_resources_fit::args::{resources, resources_json};
use seats::BalanceSeats;

/// The plugin's name.
pub const NAME: &str = "NodeResourcesBalancedAllocation";

/// The plugin.
#[derive(Debug)]
pub struct NodeResourcesBalancedAllocation {
    /// `resources`: what is compared; every weight is 1. cpu and memory by default.
    resources: Vec<Str>,
    /// How balanced each node is as it is, by all of them.
    balances: Derived,
    /// Where nodes have none of an extended resource, devices of the class that stands for it are given.
    leaves_to_devices: bool,
    /// Counts these devices.
    counter: Counter,
}

/// Makes the plugin from `NodeResourcesBalancedAllocationArgs`.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let mut fields = Fields::of_args(args, "NodeResourcesBalancedAllocationArgs", problems);
    let weighted = resources(&mut fields, 1, problems);
    fields.finish(problems);
    let effective = json!({ "resources": resources_json(&weighted) });
    let resources: Vec<Str> = weighted.into_iter().map(|(name, _)| name).collect();
    let mut under = problems.field("resources");
    for (at, name) in resources.iter().enumerate() {
        if resources[..at].contains(name) {
            under.index(at).field("name").report(format!("{:?} is listed twice", &**name));
        }
    }
    let leaves_to_devices = context.features.enabled(Gate::DRAExtendedResource);
    let plugin = NodeResourcesBalancedAllocation {
        leaves_to_devices,
        ..NodeResourcesBalancedAllocation::new(resources)
    };
    Instance::of(plugin).pre_score().score().args(effective).build()
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        Vec::new()
    }

    /// By the spec alone, unless devices are counted: these may be anywhere.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let by_devices =
            |name: &Str| cx.pod.resources.usage.get(name) != 0 && cx.objects.device_class_for(name).is_some();
        if self.leaves_to_devices && self.resources.iter().any(by_devices) {
            likeness.ask_every_time();
        }
    }

    fn seats(&self) -> Option<Box<dyn Seats>> {
        Some(Box::new(BalanceSeats::new(&self.resources)))
    }
}

impl PreScore for NodeResourcesBalancedAllocation {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        _: &mut PluginState,
        _: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        Ok(if self.concerns(cx) { PreScoreVerdict::Score } else { PreScoreVerdict::Skip })
    }
}

impl Score for NodeResourcesBalancedAllocation {
    fn score(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        Ok(if self.concerns(cx) { balance_gained(&self.parts(cx), node.slot()) } else { 0 })
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        if !self.concerns(cx) {
            // Only in a profile where PreScore is switched off.
            scores.fill(0);
            return Ok(());
        }
        let parts = self.parts(cx);
        let one = |slot| balance_gained(&parts, slot);
        match pairs::pair_of_columns(&parts) {
            Some(pair) if parts.len() == self.resources.len() => {
                let derive = |slot| balance_before(&parts, slot);
                let score = |before: &[i64]| pairs::score_pairs(&pair, before, nodes, scores, one);
                self.balances.read(cx.snapshot, derive, score);
            }
            Some(pair) => pairs::score_pairs_anew(&pair, nodes, scores, one),
            None => nodes.iter().zip(scores).for_each(|(slot, score)| *score = one(*slot)),
        }
        Ok(())
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Node
    }
}

/// One resource that counts: its columns, and what the pod adds.
struct Part<'a> {
    amount: i64,
    /// `None` where no node offers it.
    column: Option<ResourceColumn<'a>>,
    /// 1 divided by what nodes have, where each has a cell.
    reciprocals: Option<&'a [f64]>,
    /// On nodes that do not offer it devices are given for it.
    devices: Option<OfResource<'a>>,
}

impl Part<'_> {
    /// What the node has, and what of that counts as used.
    fn at(&self, slot: Slot) -> (i64, i64) {
        let own = self.column.as_ref().map_or((0, 0), |column| column.at(slot));
        self.devices.as_ref().map_or(own, |devices| devices.at(slot, own))
    }
}

const HALF: i64 = MAX_SCORE / 2;

type Parts<'a> = SmallVec<[Part<'a>; 2]>;

impl NodeResourcesBalancedAllocation {
    fn new(resources: Vec<Str>) -> Self {
        Self {
            resources,
            balances: Derived::default(),
            leaves_to_devices: false,
            counter: Counter::default(),
        }
    }

    /// Whether the pod requests any of the resources: balance would draw all pods without requests to one node.
    fn concerns(&self, cx: Cycle<'_>) -> bool {
        self.resources.iter().any(|name| cx.pod.resources.usage.get(name) != 0)
    }

    /// Scalars that the pod does not request and resources that no node offers are left out. Real requests count, on
    /// both sides.
    fn parts<'a>(&'a self, cx: Cycle<'a>) -> Parts<'a> {
        let counter = self.leaves_to_devices.then_some(&self.counter);
        let part = |name: &Str| {
            let amount = cx.pod.resources.usage.get(name);
            if amount == 0 && is_scalar(name) {
                return None;
            }
            let id = cx.snapshot.resource(name);
            let devices = counter.and_then(|counter| OfResource::find(cx, name, counter));
            if id.is_none() && devices.is_none() {
                return None;
            }
            let (column, reciprocals) =
                (id.map(|id| cx.snapshot.column(id)), id.and_then(|id| cx.snapshot.reciprocals(id)));
            Some(Part { amount, column, reciprocals, devices })
        };
        self.resources.iter().filter_map(part).collect()
    }
}

/// How balanced the node is without the pod.
fn balance_before(parts: &Parts<'_>, slot: Slot) -> i64 {
    let cells = parts.iter().map(|part| part.at(slot));
    balance(cells.filter(|(all, _)| *all != 0).map(|(all, used)| (used, all)))
}

/// 75 when the pod leaves the node as balanced as it was, up to 100 when it gains balance, down to 50 when it loses.
fn balance_gained(parts: &Parts<'_>, slot: Slot) -> i64 {
    if let [a, b] = parts.as_slice()
        && let ((all_a, used_a), (all_b, used_b)) = (a.at(slot), b.at(slot))
        && all_a != 0
        && all_b != 0
    {
        // Two resources, both there, is what nearly every node and profile has.
        let with_a = fraction(used_a.saturating_add(a.amount), all_a);
        let with = pair_balance(with_a, fraction(used_b.saturating_add(b.amount), all_b));
        return HALF + (HALF + with - pair_balance(fraction(used_a, all_a), fraction(used_b, all_b))) / 2;
    }
    let cells = parts.iter().map(|p| (p.amount, p.at(slot)));
    let offered = cells.filter(|(_, (all, _))| *all != 0);
    let with = offered.map(|(amount, (all, used))| (used.saturating_add(amount), all));
    HALF + (HALF + balance(with) - balance_before(parts, slot)) / 2
}

/// 100 when all resources are used to the same fraction, less with the standard deviation of the fractions. Of pairs
/// of amount used and amount there is; the floating-point steps are kube-scheduler's, one by one.
fn balance(resources: impl Iterator<Item = (i64, i64)>) -> i64 {
    let fractions: SmallVec<[f64; 4]> = resources.map(|(used, capacity)| fraction(used, capacity)).collect();
    let deviation = match *fractions {
        [] | [_] => 0.0,
        [a, b] => return pair_balance(a, b),
        _ => {
            let count = fractions.len() as f64;
            let mean = fractions.iter().fold(0.0, |sum, f| sum + f) / count;
            (fractions.iter().fold(0.0, |sum, f| sum + (f - mean) * (f - mean)) / count).sqrt()
        }
    };
    percent_of(deviation) as i64
}

/// The deviation of two fractions is half their distance.
fn pair_balance(a: f64, b: f64) -> i64 {
    pair_percent(a, b) as i64
}

#[inline(always)]
fn pair_percent(a: f64, b: f64) -> f64 {
    percent_of(((a - b) / 2.0).abs())
}

#[inline(always)]
fn percent_of(deviation: f64) -> f64 {
    (1.0 - deviation) * MAX_SCORE as f64
}

fn fraction(used: i64, capacity: i64) -> f64 {
    (used as f64 / capacity as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use longshore_framework::device::{Device, DeviceClass, DeviceNodes, ResourceSlice, SliceNodes};
    use longshore_framework::fields::Problem;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::{Object, Objects};
    use longshore_framework::snapshot::Snapshot;

    const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

    /// A node of 1000 of each resource; amounts used before, and what the pod adds.
    #[track_caller]
    fn check(before: &[i64], added: &[i64], want: Option<i64>) {
        let amount = |at: usize, n: i64| if at == 0 { format!("{n}m") } else { n.to_string() };
        let mut builder = node("n");
        let (mut there, mut wants) = (pod("a"), pod("p"));
        for at in 0..before.len() {
            builder = builder.allocatable(RESOURCES[at], &amount(at, 1000));
            there = there.request(RESOURCES[at], &amount(at, before[at]));
            wants = wants.request(RESOURCES[at], &amount(at, added[at]));
        }
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(builder.build());
        snapshot.add_pod(slot, there.build());
        let (objects, mut state, wants) = (Objects::default(), PluginState::default(), wants.build());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &wants };
        let resources = RESOURCES[..before.len()].iter().map(|r| Str::from(*r)).collect();
        let plugin = NodeResourcesBalancedAllocation::new(resources);
        let got = match plugin.pre_score(cx, &mut state, &[slot]).unwrap() {
            PreScoreVerdict::Skip => {
                assert_eq!(plugin.score(cx, &state, snapshot.view(slot)), Ok(0), "without PreScore");
                None
            }
            PreScoreVerdict::Score => {
                let mut scores = [0];
                plugin.score_range(cx, &state, &[slot], &mut scores).unwrap();
                assert_eq!(plugin.score(cx, &state, snapshot.view(slot)), Ok(scores[0]));
                Some(scores[0])
            }
        };
        assert_eq!(got, want, "{before:?} + {added:?}");
    }

    #[test]
    fn a_gain_of_balance_scores_above_75_and_a_loss_below() {
        check(&[250, 500], &[250, 125], Some(78));
        check(&[250, 250], &[250, 250], Some(75));
        check(&[0, 0], &[1000, 0], Some(50));
        check(&[100, 100, 100], &[400, 0, 0], Some(65));
        check(&[900, 100], &[900, 0], Some(72));
    }

    #[test]
    fn a_pod_that_requests_nothing_is_not_scored() {
        check(&[250, 500], &[0, 0], None);
        check(&[250, 500], &[0, 1], Some(75));
    }

    /// A node without GPUs of its own sees two devices of the class that stands for them.
    #[test]
    fn devices_count_where_a_class_stands_for_a_resource() {
        let class = DeviceClass {
            name: "gpu".into(),
            extended_resource: Some("x.io/gpu".into()),
            ..DeviceClass::default()
        };
        let device = |name: &str| Device { name: name.into(), ..Device::default() };
        let slice = ResourceSlice {
            name: "s".into(),
            driver: "d".into(),
            pool: "p".into(),
            generation: 1,
            slice_count: 1,
            nodes: SliceNodes::Of(DeviceNodes::Named("n".into())),
            devices: [device("a"), device("b")].into(),
            counters: [].into(),
        };
        let mut objects = Objects::default();
        objects.set(Object::DeviceClass(Arc::new(class)));
        objects.set(Object::ResourceSlice(Arc::new(slice)));
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").allocatable("cpu", "1").build());
        let score = |leaves_to_devices: bool, gpus: &str| {
            let pod = pod("p").request("cpu", "500m").request("x.io/gpu", gpus).build();
            let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
            let resources = vec!["cpu".into(), "x.io/gpu".into()];
            let plugin = NodeResourcesBalancedAllocation {
                leaves_to_devices,
                ..NodeResourcesBalancedAllocation::new(resources)
            };
            let mut scores = [0];
            plugin.score_range(cx, &PluginState::default(), &[slot], &mut scores).unwrap();
            assert_eq!(plugin.score(cx, &PluginState::default(), snapshot.view(slot)), Ok(scores[0]));
            scores[0]
        };
        assert_eq!((score(true, "1"), score(true, "2"), score(false, "2")), (75, 62, 75));
    }

    #[test]
    fn absurd_amounts_do_not_overflow() {
        check(&[0, i64::MAX], &[1000, i64::MAX], Some(100));
    }

    #[test]
    fn every_weight_is_1_and_no_resource_stands_twice() {
        let args = json!({"resources": [{"name": "cpu", "weight": 2}, {"name": "cpu"}]});
        let mut found = Vec::new();
        let instance = build(&args, &FactoryContext::default(), &mut Problems::new(&mut found));
        let wants = [
            "resources[0].weight: must be a whole number from 0 to 1, not 2",
            "resources[1].name: \"cpu\" is listed twice",
        ];
        assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), wants);
        assert_eq!(instance.args["resources"][0], json!({"name": "cpu", "weight": 1}));
    }
}
