//! NodeResourcesFit: rejects nodes without room for one more pod or for what the pod requests, and prefers nodes by how
//! full they would be.
//!
//! Room made on a node changes its mind: a pod deleted or scaled down, a node new or grown; and a device class that
//! begins to stand for an extended resource.

pub(crate) mod args;
mod filter;
mod hints;
mod score;
mod seats;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{
    Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter, PreScore, Room, Score, Seats,
};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::resources::is_extended;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

use crate::dynamic_resources::count::Counter;
use filter::Needs;
use score::{Parts, Strategy};
use seats::FitSeats;

/// The plugin's name.
pub const NAME: &str = "NodeResourcesFit";

/// The plugin, with its options.
#[derive(Debug)]
pub struct NodeResourcesFit {
    /// `ignoredResources`: extended resources that Filter leaves out. None by default.
    ignored: Vec<Str>,
    /// `ignoredResourceGroups`: the same for all extended resources with one of these prefixes. None by default.
    ignored_groups: Vec<Str>,
    /// `scoringStrategy.type` with its parameters. LeastAllocated by default.
    strategy: Strategy,
    /// `scoringStrategy.resources`: what is scored, with weights. cpu and memory with weight 1 by default.
    resources: Vec<(Str, i64)>,
    /// Names of cpu, memory and ephemeral-storage, made once.
    basic: [Str; 3],
    /// Where nodes have none of an extended resource, devices of the class that stands for it are given.
    leaves_to_devices: bool,
    /// Counts these devices, where they are scored.
    counter: Counter,
    /// A pod hears of it when the node that it was promised became too small.
    wakes_when_shrunk: bool,
}

/// Makes the plugin from `NodeResourcesFitArgs`.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let (plugin, effective) = args::read(args, context, problems);
    Instance::of(plugin).pre_filter().filter().pre_score().score().args(effective).build()
}

impl NodeResourcesFit {
    fn ignores(&self, resource: &Str) -> bool {
        let group = || resource.split('/').next().unwrap_or_default();
        (!self.ignored.is_empty() || !self.ignored_groups.is_empty())
            && is_extended(resource)
            && (self.ignored.contains(resource) || self.ignored_groups.iter().any(|g| &**g == group()))
    }

    fn parts<'a>(&'a self, cx: Cycle<'a>) -> Parts<'a> {
        Parts::resolve(&self.resources, cx, self.leaves_to_devices.then_some(&self.counter))
    }
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Pod, Action::DELETE | Action::POD_SCALE_DOWN),
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_ALLOCATABLE),
            EventPattern::new(Resource::DeviceClass, Action::ADD | Action::UPDATE),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        hints::hint(self, pod, event, cluster.objects)
    }

    /// By the spec alone, unless devices are counted: these may be anywhere.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let by_devices = |(name, _): &(Str, i64)| {
            cx.pod.resources.scored.get(name) != 0 && cx.objects.device_class_for(name).is_some()
        };
        if self.leaves_to_devices && self.resources.iter().any(by_devices) {
            likeness.ask_every_time();
        }
    }

    fn seats(&self) -> Option<Box<dyn Seats>> {
        Some(Box::new(FitSeats::new(self)))
    }
}

impl PreFilter for NodeResourcesFit {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        state.put(Arc::new(Needs::resolve(self, cx)));
        Ok(PreFilterVerdict::Pass(None))
    }
}

/// Why Filter fails when PreFilter is switched off.
const NOT_SUMMED: &str = "error reading \"PreFilterNodeResourcesFit\" from cycleState: not found";

impl Filter for NodeResourcesFit {
    fn filter(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        node: NodeView<'_>,
    ) -> Result<Verdict, PluginError> {
        Ok(state.get_or::<Arc<Needs>>(NOT_SUMMED)?.judge(node))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        state.get_or::<Arc<Needs>>(NOT_SUMMED)?.sift(cx.snapshot, nodes)
    }

    fn room<'a>(&self, cx: Cycle<'a>, state: &'a PluginState, node: Slot) -> Option<Room<'a>> {
        state.get_or::<Arc<Needs>>(NOT_SUMMED).ok()?.room(cx.snapshot.view(node))
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Node
    }
}

impl PreScore for NodeResourcesFit {
    fn pre_score(
        &self,
        _: Cycle<'_>,
        _: &mut PluginState,
        _: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        Ok(PreScoreVerdict::Score)
    }
}

impl Score for NodeResourcesFit {
    fn score(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        Ok(self.strategy.score(&self.parts(cx), node.slot()))
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        self.strategy.score_all(&self.parts(cx), nodes, scores);
        Ok(())
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Node
    }
}
