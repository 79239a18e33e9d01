//! DefaultPreemption: when no node is feasible, chooses pods of lower priority whose eviction makes room.
//!
//! It keeps a pod out of the active queue while evictions for it are under way. No event changes its mind: whoever
//! rejected the pod knows what the evictions resolve. Its Pod deletion event stands for the bookkeeping only.
//!
//! Whether a node becomes feasible the engine tries out; which nodes to try and which victims to take is decided here.

mod choice;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource};
use longshore_framework::features::Rule;
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::plugin::{
    Candidate, DryRun, EnqueueContext, Nomination, Plugin, PostFilter, PostFilterContext, PostFilterOutcome,
    PreEnqueue, Tried,
};
use longshore_framework::pod::{Pod, PreemptionPolicy};
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, RejectCode, Rejection, Verdict};
use serde_json::{Value, json};

/// The plugin's name.
pub const NAME: &str = "DefaultPreemption";

/// The plugin, with its options.
#[derive(Clone, Copy, Debug)]
pub struct DefaultPreemption {
    /// `minCandidateNodesPercentage`: how many of the nodes to try have to be found to help, in percent. 10 by
    /// default.
    percentage: usize,
    /// `minCandidateNodesAbsolute`: the same as a number; the larger of both counts. 100 by default.
    absolute: usize,
    /// The failure says which node was found.
    tells: bool,
}

/// Makes the plugin from `DefaultPreemptionArgs`.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let mut fields = Fields::of_args(args, "DefaultPreemptionArgs", problems);
    let percentage = fields.int("minCandidateNodesPercentage", 0..=100, problems).unwrap_or(10);
    let absolute = fields.int("minCandidateNodesAbsolute", 0..=i64::from(i32::MAX), problems).unwrap_or(100);
    fields.finish(problems);
    if percentage == 0 && absolute == 0 {
        problems.report(
            "minCandidateNodesPercentage and minCandidateNodesAbsolute must not both be 0; raise one",
        );
    }
    let size = |n: i64| usize::try_from(n).unwrap_or_default();
    let plugin = DefaultPreemption {
        percentage: size(percentage),
        absolute: size(absolute),
        tells: context.features.follow(Rule::PreemptionIsTold),
    };
    let effective =
        json!({ "minCandidateNodesPercentage": percentage, "minCandidateNodesAbsolute": absolute });
    Instance::of(plugin).pre_enqueue().post_filter().args(effective).build()
}

impl Plugin for DefaultPreemption {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::new(Resource::Pod, Action::DELETE)]
    }

    fn hint(&self, _pod: &Pod, _event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        Hint::Skip
    }
}

impl PreEnqueue for DefaultPreemption {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        if cx.evicting {
            let text = "waiting for the preemption for this pod to be finished";
            return Verdict::unresolvable(Reason::Other(text.into()));
        }
        Verdict::Pass
    }
}

impl PostFilter for DefaultPreemption {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        _state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        if let Some(why) = ineligible(cx) {
            return Ok(PostFilterOutcome { rejected: Some(failure(why)), ..Default::default() });
        }
        let tried = self.try_nodes(cx).map_err(broken)?;
        let candidates: Vec<&Candidate> = tried.iter().filter_map(candidate).collect();
        if candidates.is_empty() {
            let rejected = Some(failure(&no_candidates(cx.snapshot.len(), &tried)));
            return Ok(PostFilterOutcome {
                rejected,
                nomination: Nomination::Clear,
                tried,
                ..Default::default()
            });
        }
        let left = cx.engine.ask_extenders(&candidates).map_err(broken)?;
        let candidates = left.as_ref().map_or(candidates, |left| left.iter().collect());
        let (acceptable, chosen) = choose(cx, candidates);
        let Some(Candidate { node, victims, .. }) = chosen else {
            let rejected = Some(failure("no candidate node for preemption"));
            return Ok(PostFilterOutcome { rejected, tried, ..Default::default() });
        };
        let name = &cx.snapshot.node(node).name;
        let told = || {
            let text = "found a potential placement for pod on node";
            prefixed(&format!("{text} {name}, preempting {} victims", victims.len()))
        };
        Ok(PostFilterOutcome {
            rejected: None,
            told: self.tells.then(told),
            nomination: Nomination::Node(Arc::clone(name)),
            victims,
            lapsed: cx.engine.lower_nominations(node),
            releases: Vec::new(),
            tried,
            acceptable,
        })
    }

    /// All nodes are tried before it finds nothing.
    fn repeats(&self, _pod: &Pod) -> bool {
        true
    }

    fn evicts_by_priority(&self) -> bool {
        true
    }
}

impl DefaultPreemption {
    /// Tries the nodes that evictions can help at all, beginning with one that is being emptied in vain, or else somewhere,
    /// until enough candidates are found.
    fn try_nodes(&self, cx: &mut PostFilterContext<'_>) -> Result<Vec<Tried>, PluginError> {
        let nodes = cx.engine.resolvable();
        if nodes == 0 {
            return Ok(Vec::new());
        }
        let start = cx.engine.first_left_behind().unwrap_or_else(|| cx.engine.random(nodes) % nodes);
        cx.engine.dry_run(start, self.wanted(nodes))
    }

    /// How many candidates are enough among `nodes` nodes.
    fn wanted(&self, nodes: usize) -> usize {
        (nodes.saturating_mul(self.percentage) / 100).max(self.absolute).min(nodes)
    }
}

/// Why the pod may not preempt, in kube-scheduler's words.
fn ineligible(cx: &PostFilterContext<'_>) -> Option<&'static str> {
    if cx.pod.spec.preemption_policy == PreemptionPolicy::Never {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let slot = cx.engine.nominated()?;
    if cx.engine.rejection(slot) == Some(RejectCode::UnschedulableAndUnresolvable) {
        return None;
    }
    let leaving = |p: &Arc<Pod>| {
        p.spec.priority < cx.pod.spec.priority
            && (p.meta.terminating && p.meta.preempted || cx.engine.waits_for(p))
    };
    let waits = cx.snapshot.pods(slot).iter().any(leaving);
    waits.then_some("not eligible due to a terminating pod on the nominated node.")
}

fn candidate((_, run): &Tried) -> Option<&Candidate> {
    match &**run {
        DryRun::Candidate(candidate) => Some(candidate),
        DryRun::Rejected { .. } => None,
    }
}

/// The nodes that are equally good, and one candidate of them: one that is being emptied in vain if there is any, so that
/// nobody else has to go. Chance draws its place in the order of names.
fn choose(cx: &mut PostFilterContext<'_>, candidates: Vec<&Candidate>) -> (Vec<Slot>, Option<Candidate>) {
    let mut best = choice::best(candidates.into_iter());
    let acceptable = best.iter().map(|c| c.node).collect();
    if best.iter().any(|c| cx.engine.is_left_behind(c.node)) {
        best.retain(|c| cx.engine.is_left_behind(c.node));
    }
    let at = if best.len() > 1 { cx.engine.random(best.len()) } else { 0 };
    if at < best.len() {
        let ranks = cx.snapshot.name_ranks();
        best.select_nth_unstable_by_key(at, |candidate| ranks[candidate.node.index()]);
    }
    (acceptable, best.get(at).map(|c| (*c).clone()))
}

/// With the prefix that every message of this plugin has.
fn prefixed(text: &str) -> String {
    format!("preemption: {text}")
}

fn failure(text: &str) -> Rejection {
    Rejection::unschedulable(prefixed(text))
}

fn broken(error: PluginError) -> PluginError {
    PluginError::new(prefixed(&error.to_string()))
}

/// Why no node can be helped: how often each reason was given, in the order of the written lines.
fn no_candidates(nodes: usize, tried: &[Tried]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, run) in tried {
        if let DryRun::Rejected { rejection, .. } = &**run {
            for reason in &rejection.reasons {
                *counts.entry(reason.to_string()).or_default() += 1;
            }
        }
    }
    let untried = nodes.saturating_sub(tried.len());
    if untried > 0 {
        *counts.entry(Reason::PreemptionNotHelpful.to_string()).or_default() += untried;
    }
    let mut lines: Vec<String> =
        counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    lines.sort();
    let joined = if lines.is_empty() { String::new() } else { format!(" {}.", lines.join(", ")) };
    format!("0/{nodes} nodes are available:{joined}")
}
