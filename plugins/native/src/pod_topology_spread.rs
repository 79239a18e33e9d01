//! PodTopologySpread: spreads the pods that a selector picks over the domains of a topology key.
//!
//! Rejects nodes where the pod would raise the skew of a `DoNotSchedule` constraint above `maxSkew`, and nodes without
//! the topology key; prefers nodes in domains with few matching pods for `ScheduleAnyway` constraints. A pod without
//! constraints of its own gets the profile's defaults when a Service or a controller selects it.
//!
//! Woken by pods of the same namespace that the constraints count (added, deleted, relabelled), by new tolerations of
//! the pod itself, and by nodes that join, leave or change a topology label or a taint.

mod args;
mod charged;
mod constraints;
mod counts;
mod default_selector;
mod filter;
mod hints;
mod score;
#[cfg(test)]
mod tests;

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource};
use longshore_framework::features::{Features, Rule};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{
    AlikeNodes, Census, Counted, Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter, PreScore,
    Recounted, Score,
};
use longshore_framework::pod::{Pod, SpreadConstraint, WhenUnsatisfiable};
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

pub use args::{Defaulting, PodTopologySpreadArgs};
use constraints::selects;
use default_selector::default_selector;
use filter::FilterState;
use score::ScoreState;

/// The plugin's name.
pub const NAME: &str = "PodTopologySpread";

/// The plugin.
#[derive(Debug)]
pub struct PodTopologySpread {
    /// Whether the defaults are the built-in ones, which do not ask that a node has every key.
    system_defaults: bool,
    /// Constraints of pods that have none, without selectors.
    defaults: Vec<SpreadConstraint>,
    /// A constraint whose selector is empty counts every pod of the namespace.
    empty_counts: bool,
}

/// Makes the plugin from its arguments.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let args = PodTopologySpreadArgs::read(args, problems);
    let shown = args.to_json();
    Instance::of(PodTopologySpread::new(args, context.features))
        .args(shown)
        .pre_filter()
        .filter()
        .pre_score()
        .score()
        .census()
        .build()
}

impl PodTopologySpread {
    /// The plugin with these arguments, for these rules.
    pub fn new(args: PodTopologySpreadArgs, features: Features) -> Self {
        let system_defaults = args.defaulting == Defaulting::System;
        let empty_counts = features.follow(Rule::EmptySpreadSelectorCounts);
        Self { system_defaults, defaults: args.into_defaults(), empty_counts }
    }

    /// The constraints of the pod with this answer to a violation: its own, or the defaults when it has none of any
    /// kind and something selects it.
    fn constraints(&self, pod: &Pod, when: WhenUnsatisfiable, objects: &Objects) -> Vec<SpreadConstraint> {
        let kept = |all: &[SpreadConstraint]| -> Vec<SpreadConstraint> {
            all.iter().filter(|c| c.when_unsatisfiable == when).cloned().collect()
        };
        if !pod.spec.spread.is_empty() {
            return kept(&pod.spec.spread);
        }
        let mut constraints = kept(&self.defaults);
        if constraints.is_empty() {
            return constraints;
        }
        let selector = default_selector(pod, objects);
        if selector.is_empty() {
            return Vec::new();
        }
        for constraint in &mut constraints {
            constraint.selector = Some(selector.clone());
        }
        constraints
    }

    /// The built-in defaults let a node without a zone label still be spread by hostname.
    fn requires_all_keys(&self, pod: &Pod) -> bool {
        !pod.spec.spread.is_empty() || !self.system_defaults
    }

    fn depends_on(&self, pod: &Pod, when: WhenUnsatisfiable) -> Dependence {
        let given = if pod.spec.spread.is_empty() { &self.defaults } else { &pod.spec.spread };
        match given.iter().any(|c| c.when_unsatisfiable == when) {
            true => Dependence::Domain,
            false => Dependence::Static,
        }
    }
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        let pod = Action::ADD | Action::POD_LABEL | Action::POD_TOLERATION | Action::DELETE;
        let node = Action::ADD | Action::DELETE | Action::NODE_LABEL | Action::NODE_TAINT;
        vec![EventPattern::new(Resource::Pod, pod), EventPattern::new(Resource::Node, node)]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        hints::hint(pod, event, || self.constraints(pod, WhenUnsatisfiable::DoNotSchedule, cluster.objects))
    }

    /// The pod's namespace where pods are counted, the selector where it is not the pod's own, and whether a hard constraint
    /// counts the pod itself.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let pod = cx.pod;
        if pod.spec.spread.is_empty() {
            let selector =
                if self.defaults.is_empty() { None } else { Some(default_selector(pod, cx.objects)) };
            let Some(selector) = selector.filter(|selector| !selector.is_empty()) else { return };
            likeness.add_numbers(&[u64::from(selector.matches(&pod.meta.labels))]);
            likeness.add_selector(selector);
        } else {
            let hard =
                pod.spec.spread.iter().filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
            let counted: Vec<u64> = hard.map(|c| u64::from(selects(c, &pod.meta.labels))).collect();
            likeness.add_numbers(&counted);
        }
        likeness.add_namespace(pod);
    }
}

impl PreFilter for PodTopologySpread {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let constraints = self.constraints(cx.pod, WhenUnsatisfiable::DoNotSchedule, cx.objects);
        if constraints.is_empty() {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(FilterState::count(cx, constraints, self.empty_counts));
        Ok(PreFilterVerdict::Pass(None))
    }

    fn add_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        added: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        state.get_mut::<FilterState>()?.change(cx, added, node, 1);
        Ok(())
    }

    fn remove_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        removed: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        state.get_mut::<FilterState>()?.change(cx, removed, node, -1);
        Ok(())
    }
}

/// Why Filter fails when PreFilter is switched off.
const NOT_COUNTED: &str = "reading \"PreFilterPodTopologySpread\" from cycleState: not found";

impl Filter for PodTopologySpread {
    fn filter(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        node: NodeView<'_>,
    ) -> Result<Verdict, PluginError> {
        let state = state.get_or::<FilterState>(NOT_COUNTED)?;
        Ok(state.judge(&state.ceilings(), node.slot()))
    }

    fn filter_range(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let state = state.get_or::<FilterState>(NOT_COUNTED)?;
        let ceilings = state.ceilings();
        nodes.retain(|slot| Ok(state.judge(&ceilings, slot)))
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        self.depends_on(pod, WhenUnsatisfiable::DoNotSchedule)
    }
}

impl PreScore for PodTopologySpread {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        let constraints = self.constraints(cx.pod, WhenUnsatisfiable::ScheduleAnyway, cx.objects);
        if constraints.is_empty() {
            return Ok(PreScoreVerdict::Skip);
        }
        let mut scores =
            ScoreState::count(cx, constraints, self.requires_all_keys(cx.pod), self.empty_counts);
        scores.weigh(feasible.iter().map(|slot| (*slot, 1)));
        state.put(scores);
        Ok(PreScoreVerdict::Score)
    }
}

impl Score for PodTopologySpread {
    fn score(&self, _cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        Ok(state.get::<ScoreState>()?.raw(node.slot()))
    }

    fn score_range(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let state = state.get::<ScoreState>()?;
        for (slot, score) in nodes.iter().zip(scores) {
            *score = state.raw(*slot);
        }
        Ok(())
    }

    fn normalise(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        state.get::<ScoreState>()?.normalise(nodes, scores);
        Ok(())
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        self.depends_on(pod, WhenUnsatisfiable::ScheduleAnyway)
    }
}

impl Census for PodTopologySpread {
    fn count(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<Counted, PluginError> {
        let hard = self.constraints(cx.pod, WhenUnsatisfiable::DoNotSchedule, cx.objects);
        let soft = self.constraints(cx.pod, WhenUnsatisfiable::ScheduleAnyway, cx.objects);
        let counted = Counted { filters: !hard.is_empty(), scores: !soft.is_empty(), later: false };
        if counted.filters {
            state.put(FilterState::count(cx, hard, self.empty_counts));
        }
        if counted.scores {
            state.put(ScoreState::count(cx, soft, self.requires_all_keys(cx.pod), self.empty_counts));
        }
        Ok(counted)
    }

    fn recount(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        changed: &[Slot],
    ) -> Result<Recounted, PluginError> {
        let nodes = || changed.iter().copied();
        if let Some(filter) = state.find_mut::<FilterState>() {
            filter.recount(cx, nodes());
        }
        let anew = state.find_mut::<ScoreState>().is_some_and(|scores| scores.recount(cx, nodes()));
        Ok(if anew { Recounted::Anew } else { Recounted::Done })
    }

    /// Those where pods came or went that a constraint counts.
    fn recounts(&self, cx: Cycle<'_>, state: &PluginState, since: u64) -> Option<Vec<Slot>> {
        if state.find::<FilterState>().is_some() {
            return None;
        }
        state.find::<ScoreState>().map_or(Some(Vec::new()), |scores| scores.recounts(cx, since))
    }

    fn alike(&self, cx: Cycle<'_>, state: &PluginState) -> Option<AlikeNodes> {
        match (state.find::<FilterState>(), state.find::<ScoreState>()) {
            (None, Some(scores)) => scores.alike(cx.snapshot),
            (None, None) => Some(AlikeNodes::default()),
            (Some(_), _) => None,
        }
    }

    fn kind(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        node: Slot,
        kind: &mut Vec<i64>,
    ) -> Result<(), PluginError> {
        self.kinds(cx, state, &[node], kind)
    }

    fn kinds(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        kinds: &mut Vec<i64>,
    ) -> Result<(), PluginError> {
        let (filter, scores) = (state.find::<FilterState>(), state.find::<ScoreState>());
        for node in nodes {
            if let Some(filter) = filter {
                filter.kind(*node, kinds);
            }
            if let Some(scores) = scores {
                scores.kind(*node, kinds);
            }
        }
        Ok(())
    }

    fn weigh(
        &self,
        _cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[(Slot, usize)],
    ) -> Result<(), PluginError> {
        if let Some(scores) = state.find_mut::<ScoreState>() {
            scores.weigh(feasible.iter().copied());
        }
        Ok(())
    }
    fn counts(&self, cx: Cycle<'_>, state: &PluginState, other: &Pod, _node: Slot) -> bool {
        state.find::<FilterState>().is_some_and(|state| state.counts(cx, other))
    }
}
