//! NodeAffinity: rejects nodes that do not match the pod's node selector and required node affinity, or the profile's
//! added affinity, and prefers nodes that match preferred terms.
//!
//! A node that matches now and did not before, or is new, changes its mind.

mod args;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::node::Node;
use longshore_framework::node_selector::{
    NodeAffinity as Affinity, NodeOperator, NodeSelector, PreferredTerm,
};
use longshore_framework::plugin::{
    Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter, PreScore, Score, scale_to_max,
};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Rejection, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "NodeAffinity";

/// The plugin.
#[derive(Debug, Default)]
pub struct NodeAffinity {
    /// `addedAffinity`: holds for every pod beside its own. None by default.
    added: Affinity,
}

/// Makes the plugin from `NodeAffinityArgs`.
pub fn build(args: &Value, _context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let (added, effective) = args::read(args, problems);
    Instance::of(NodeAffinity { added }).pre_filter().filter().pre_score().score().args(effective).build()
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::new(Resource::Node, Action::ADD | Action::NODE_LABEL)]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        let Subject::Node(old, Some(new)) = &event.subject else { return Hint::Queue };
        if self.added.required.as_ref().is_some_and(|added| !added.matches(new)) {
            return Hint::Skip;
        }
        Hint::queue_if(matches(pod, new) && old.as_ref().is_none_or(|old| !matches(pod, old)))
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

impl PreFilter for NodeAffinity {
    fn pre_filter(&self, cx: Cycle<'_>, _: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let spec = &cx.pod.spec;
        let Some(required) = &spec.node_affinity.required else {
            let nothing = self.added.required.is_none() && spec.node_selector.is_empty();
            return Ok(if nothing { PreFilterVerdict::Skip } else { PreFilterVerdict::Pass(None) });
        };
        Ok(match named_nodes(required) {
            Some(names) if names.is_empty() => {
                PreFilterVerdict::Reject(Rejection::unresolvable(Reason::ConflictingAffinityTerms))
            }
            names => PreFilterVerdict::Pass(names.map(|n| n.into_iter().cloned().collect())),
        })
    }
}

impl NodeAffinity {
    fn judge(&self, pod: &Pod, node: &Node) -> Verdict {
        if self.added.required.as_ref().is_some_and(|added| !added.matches(node)) {
            return Verdict::unresolvable(Reason::EnforcedNodeAffinity);
        }
        if matches(pod, node) { Verdict::Pass } else { Verdict::unresolvable(Reason::NodeAffinity) }
    }

    fn weigh(&self, pod: &Pod, node: &Node) -> i64 {
        let terms = self.added.preferred.iter().chain(&pod.spec.node_affinity.preferred);
        terms.filter(|t| t.term.matches(node)).map(|t| t.weight).sum()
    }
}

impl Filter for NodeAffinity {
    fn filter(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        Ok(self.judge(cx.pod, node.node()))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        nodes.retain(|slot| Ok(self.judge(cx.pod, cx.snapshot.node(slot))))
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

/// That the pod's preferred terms are well formed.
#[derive(Clone)]
struct WellFormed;

impl PreScore for NodeAffinity {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        _: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        let preferred = &cx.pod.spec.node_affinity.preferred;
        if let Some(problem) = malformed(preferred) {
            return Err(PluginError::new(problem));
        }
        state.put(WellFormed);
        let nothing = preferred.is_empty() && self.added.preferred.is_empty();
        Ok(if nothing { PreScoreVerdict::Skip } else { PreScoreVerdict::Score })
    }
}

/// Fails for malformed terms when PreScore, which looks at them, is switched off in the profile.
fn check_terms(pod: &Pod, state: &PluginState) -> Result<(), PluginError> {
    if state.get::<WellFormed>().is_ok() {
        return Ok(());
    }
    malformed(&pod.spec.node_affinity.preferred).map_or(Ok(()), |problem| Err(PluginError::new(problem)))
}

impl Score for NodeAffinity {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        check_terms(cx.pod, state)?;
        Ok(self.weigh(cx.pod, node.node()))
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        check_terms(cx.pod, state)?;
        for (slot, score) in nodes.iter().zip(scores) {
            *score = self.weigh(cx.pod, cx.snapshot.node(*slot));
        }
        Ok(())
    }

    fn normalise(
        &self,
        _: Cycle<'_>,
        _: &PluginState,
        _: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        scale_to_max(scores, false);
        Ok(())
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

/// Whether the node meets the pod's node selector and its required node affinity.
fn matches(pod: &Pod, node: &Node) -> bool {
    pod.spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value))
        && pod.spec.node_affinity.required.as_ref().is_none_or(|required| required.matches(node))
}

/// The nodes that the terms name between them, when every term names some: within a term the names that all its
/// conditions share, over the terms their union. `None` when some term leaves the name open.
fn named_nodes(required: &NodeSelector) -> Option<BTreeSet<&Str>> {
    let mut all: Option<BTreeSet<&Str>> = None;
    for term in &required.terms {
        let names = term
            .fields
            .iter()
            .filter(|r| &*r.key == "metadata.name" && r.operator == NodeOperator::In)
            .map(|r| r.values.iter().collect::<BTreeSet<_>>())
            .reduce(|shared, more| shared.intersection(&more).copied().collect())?;
        all.get_or_insert_default().extend(names);
    }
    all
}

/// What is malformed in the preferred terms that count, in the API's words; several problems stand in brackets.
fn malformed(preferred: &[PreferredTerm]) -> Option<String> {
    let counting = preferred.iter().enumerate().filter(|(_, t)| t.weight != 0);
    let mut found: Vec<String> = counting.flat_map(|(at, t)| t.term.problems(at)).collect();
    match found.len() {
        0 => None,
        1 => found.pop(),
        _ => Some(format!("[{}]", found.join(", "))),
    }
}
