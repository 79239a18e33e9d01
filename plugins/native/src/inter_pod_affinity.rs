//! InterPodAffinity: places pods near to, or far from, other pods.
//!
//! Rejects nodes whose topology domains lack the pods that the pod's required affinity asks for, hold pods that its
//! required anti-affinity rules out, or hold pods whose own required anti-affinity rules it out; prefers by the weights of
//! preferred terms, the pod's and those of the pods already there. Pods that are being deleted count.
//!
//! Woken by placed pods that come to match the affinity, or cease to match the anti-affinity, by the deletion of pods
//! whose anti-affinity matched, by a change of the pod's own labels, and by nodes that join or change a topology label.

mod args;
mod filter;
mod hints;
mod score;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource};
use longshore_framework::features::Rule;
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{
    Census, Counted, Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter, PreScore, Recounted, Score,
};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

pub use args::InterPodAffinityArgs;
use filter::FilterState;
use score::ScoreState;
use terms::{OwnTerm, matches_all};

/// The plugin's name.
pub const NAME: &str = "InterPodAffinity";

/// The plugin.
#[derive(Debug, Default)]
pub struct InterPodAffinity {
    args: InterPodAffinityArgs,
    /// Of several anti-affinity terms one is enough to wake a pod.
    any_term_wakes: bool,
}

/// Makes the plugin from its arguments.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let args = InterPodAffinityArgs::read(args, problems);
    let shown = args.to_json();
    let any_term_wakes = context.features.follow(Rule::AntiAffinityHintsAnyTerm);
    Instance::of(InterPodAffinity { args, any_term_wakes })
        .args(shown)
        .pre_filter()
        .filter()
        .pre_score()
        .score()
        .census()
        .build()
}

impl InterPodAffinity {
    /// Whether the preferred and required terms of pods already there play no part in scoring the pod.
    fn ignores_others(&self, pod: &Pod) -> bool {
        self.args.ignore_preferred_terms_of_existing_pods && !has_preferences(pod)
    }
}

/// Whether the pod has preferred terms of its own.
fn has_preferences(pod: &Pod) -> bool {
    !pod.spec.pod_affinity.preferred.is_empty() || !pod.spec.pod_anti_affinity.preferred.is_empty()
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        let pod = Action::ADD | Action::POD_LABEL | Action::DELETE;
        let node = Action::ADD | Action::NODE_LABEL;
        vec![EventPattern::new(Resource::Pod, pod), EventPattern::new(Resource::Node, node)]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        hints::hint(pod, event, cluster.objects, self.any_term_wakes)
    }

    /// Which terms of pods on nodes speak of the pod, and whether its own do.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        let labels = cx.objects.namespace_labels(&cx.pod.meta.namespace);
        likeness.add_numbers(&cx.snapshot.terms().speaking_of(cx.pod, &labels));
        let own = &cx.pod.spec.pod_affinity.required;
        if !own.is_empty() {
            let own: Vec<OwnTerm> = own.iter().map(|term| OwnTerm::new(term, cx.objects)).collect();
            likeness.add_numbers(&[u64::from(matches_all(&own, cx.pod))]);
        }
    }
}

impl PreFilter for InterPodAffinity {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let counted = FilterState::count(cx);
        if counted.is_idle() {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(counted);
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
const NOT_COUNTED: &str = "error reading \"PreFilterInterPodAffinity\" from cycleState: not found";

impl Filter for InterPodAffinity {
    fn filter(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        node: NodeView<'_>,
    ) -> Result<Verdict, PluginError> {
        Ok(state.get_or::<FilterState>(NOT_COUNTED)?.judge(node.slot()))
    }

    fn filter_range(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let state = state.get_or::<FilterState>(NOT_COUNTED)?;
        nodes.retain(|slot| Ok(state.judge(slot)))
    }

    /// Also for a pod without terms: the anti-affinity of others may concern it.
    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Domain
    }
}

impl PreScore for InterPodAffinity {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        _feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        if self.ignores_others(cx.pod) {
            return Ok(PreScoreVerdict::Skip);
        }
        let scores = ScoreState::count(cx, self.args.hard_pod_affinity_weight);
        if scores.is_idle() {
            return Ok(PreScoreVerdict::Skip);
        }
        state.put(scores);
        Ok(PreScoreVerdict::Score)
    }
}

impl Score for InterPodAffinity {
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
        _state: &PluginState,
        _nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        score::normalise(scores);
        Ok(())
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        if self.ignores_others(pod) { Dependence::Static } else { Dependence::Domain }
    }
}

impl Census for InterPodAffinity {
    /// Pods that [other terms speak of](Plugin::tell_apart) are not alike: who is spoken of by none stays so.
    fn count(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<Counted, PluginError> {
        let filter = FilterState::count(cx);
        let scores = has_preferences(cx.pod) || (filter.is_spoken_of() && !self.ignores_others(cx.pod));
        let counted = Counted { filters: !filter.is_idle(), scores, later: filter.is_spoken_of() };
        state.put(filter);
        if counted.scores {
            state.put(ScoreState::count(cx, self.args.hard_pod_affinity_weight));
        }
        Ok(counted)
    }

    /// Anew when there is a topology key that nodes were not told apart by, and when there is something to filter by and was
    /// not, or the other way round: without that not even promised pods count. It is said once.
    fn recount(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        changed: &[Slot],
    ) -> Result<Recounted, PluginError> {
        let nodes = || changed.iter().copied();
        let filter = state.get_mut::<FilterState>()?;
        let was_idle = filter.is_idle();
        let mut anew = filter.recount(cx, nodes()) || was_idle != filter.is_idle();
        if let Some(scores) = state.find_mut::<ScoreState>() {
            anew |= scores.recount(cx, nodes());
        }
        Ok(if anew { Recounted::Anew } else { Recounted::Done })
    }

    fn kind(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        node: Slot,
        kind: &mut Vec<i64>,
    ) -> Result<(), PluginError> {
        state.get::<FilterState>()?.kind(node, kind);
        if let Some(scores) = state.find::<ScoreState>() {
            scores.kind(node, kind);
        }
        Ok(())
    }
    fn counts(&self, cx: Cycle<'_>, state: &PluginState, other: &Pod, _node: Slot) -> bool {
        state.find::<FilterState>().is_some_and(|state| state.counts(cx, other))
    }
}
