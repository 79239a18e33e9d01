//! TaintToleration: rejects nodes with a taint that keeps the pod away, and prefers nodes with few taints that would
//! rather have it elsewhere.
//!
//! A node that is new or whose taints changed so that all are tolerated now changes its mind, and any change of the
//! pod's tolerations.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::features::Rule;
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{
    Cycle, Dependence, Filter, FilterSink, MAX_SCORE, Plugin, PreFilter, PreScore, Score, scale_to_max,
};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::taint::{Taint, TaintEffect, first_untolerated, tolerated};
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "TaintToleration";

/// The plugin.
#[derive(Debug, Default)]
pub struct TaintToleration;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    let instance = Instance::of(TaintToleration).filter().pre_score().score();
    match context.features.follow(Rule::TaintTolerationPreFilter) {
        true => instance.pre_filter().build(),
        false => instance.build(),
    }
}

impl Plugin for TaintToleration {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_TAINT),
            EventPattern::new(Resource::Pod, Action::POD_TOLERATION),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Node(old, Some(new)) => {
                let kept_away = old.as_ref().is_none_or(|o| repels(&o.taints, pod));
                Hint::queue_if(kept_away && !repels(&new.taints, pod))
            }
            Subject::Pod(_, Some(new)) => Hint::queue_if(same_pod(pod, new)),
            _ => Hint::Queue,
        }
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

/// It has nothing to prepare, and is there for profiles that name it.
impl PreFilter for TaintToleration {
    fn pre_filter(&self, _: Cycle<'_>, _: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        Ok(PreFilterVerdict::Pass(None))
    }
}

impl Filter for TaintToleration {
    fn filter(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        Ok(verdict(&node.node().taints, cx.pod))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let judge = |slot| Ok(verdict(&cx.snapshot.node(slot).taints, cx.pod));
        nodes.retain_among(cx.snapshot.tainted(), judge)
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

/// That PreScore ran in this cycle. Score fails without it, as upstream.
#[derive(Clone)]
struct PreScored;

const NOT_PRESCORED: &str = "failed to read \"PreScoreTaintToleration\" from cycleState: not found";

impl PreScore for TaintToleration {
    fn pre_score(
        &self,
        _: Cycle<'_>,
        state: &mut PluginState,
        _: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        state.put(PreScored);
        Ok(PreScoreVerdict::Score)
    }
}

impl Score for TaintToleration {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        state.get_or::<PreScored>(NOT_PRESCORED)?;
        Ok(reluctance(&node.node().taints, cx.pod))
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        state.get_or::<PreScored>(NOT_PRESCORED)?;
        let tainted = cx.snapshot.tainted();
        for (slot, score) in nodes.iter().zip(scores) {
            *score = match tainted.contains(slot.index()) {
                true => reluctance(&cx.snapshot.node(*slot).taints, cx.pod),
                false => 0,
            };
        }
        Ok(())
    }

    fn even_score(&self, cx: Cycle<'_>, state: &PluginState) -> Option<i64> {
        (cx.snapshot.tainted().is_empty() && state.get::<PreScored>().is_ok()).then_some(0)
    }

    fn normalise(
        &self,
        _: Cycle<'_>,
        _: &PluginState,
        _: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        if scores.iter().fold(0, |any, score| any | score) == 0 {
            // What the scale makes of a cluster without such taints, as nearly all are, with less work.
            scores.fill(MAX_SCORE);
        } else {
            scale_to_max(scores, true);
        }
        Ok(())
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

fn repels(taints: &[Taint], pod: &Pod) -> bool {
    first_untolerated(taints, &pod.spec.tolerations).is_some()
}

fn verdict(taints: &[Taint], pod: &Pod) -> Verdict {
    if repels(taints, pod) { Verdict::unresolvable(Reason::UntoleratedTaint) } else { Verdict::Pass }
}

/// How many of the taints would rather have the pod elsewhere.
fn reluctance(taints: &[Taint], pod: &Pod) -> i64 {
    let prefers_not = |t: &&Taint| t.effect == TaintEffect::PreferNoSchedule;
    taints.iter().filter(prefers_not).filter(|t| !tolerated(t, &pod.spec.tolerations)).count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;
    use longshore_framework::taint::{Toleration, TolerationOperator};

    fn exists(key: &str, effect: Option<TaintEffect>) -> Toleration {
        Toleration { key: key.into(), operator: TolerationOperator::Exists, effect, ..Default::default() }
    }

    /// Nodes with taints `soft-1`, `soft-2`, ... up to the given count.
    #[track_caller]
    fn check_scores(pod: &Pod, counts: &[usize], want: &[i64]) {
        let mut snapshot = Snapshot::default();
        let mut slots = Vec::new();
        for (at, count) in counts.iter().enumerate() {
            let mut builder = node(&format!("n{at}"));
            for i in 1..=*count {
                builder = builder.taint(&format!("soft-{i}"), "", TaintEffect::PreferNoSchedule);
            }
            slots.push(snapshot.set_node(builder.build()));
        }
        let (objects, mut state) = (Objects::default(), PluginState::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
        let mut scores = vec![-1; slots.len()];
        let unasked = TaintToleration.score_range(cx, &state, &slots, &mut scores);
        assert_eq!(unasked, Err(PluginError::new(NOT_PRESCORED)), "without PreScore");
        assert_eq!(TaintToleration.even_score(cx, &state), None, "without PreScore");
        assert_eq!(TaintToleration.pre_score(cx, &mut state, &slots), Ok(PreScoreVerdict::Score));
        TaintToleration.score_range(cx, &state, &slots, &mut scores).unwrap();
        for (slot, score) in slots.iter().zip(&scores) {
            assert_eq!(TaintToleration.score(cx, &state, snapshot.view(*slot)), Ok(*score));
        }
        let even = TaintToleration.even_score(cx, &state);
        assert_eq!(even, counts.iter().all(|count| *count == 0).then_some(0));
        TaintToleration.normalise(cx, &state, &slots, &mut scores).unwrap();
        assert_eq!(scores, want);
    }

    #[test]
    fn the_node_with_most_untolerated_preferences_scores_nothing() {
        check_scores(&pod("p").build(), &[0, 1, 3], &[100, 67, 0]);
        check_scores(&pod("p").build(), &[0, 0], &[100, 100]);
        check_scores(&pod("p").tolerate(exists("soft-1", None)).build(), &[0, 1, 3], &[100, 100, 0]);
        let hard_only = pod("p").tolerate(exists("soft-1", Some(TaintEffect::NoSchedule))).build();
        check_scores(&hard_only, &[0, 1], &[100, 0]);
    }

    #[track_caller]
    fn check_filter(pod: &Pod, effect: TaintEffect, want: Verdict) {
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").taint("k", "v", effect).build());
        let objects = Objects::default();
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod };
        let state = PluginState::default();
        assert_eq!(TaintToleration.filter(cx, &state, snapshot.view(slot)), Ok(want.clone()));
        let (mut left, mut rejected) = (vec![slot], Vec::new());
        TaintToleration.filter_range(cx, &state, &mut FilterSink::new(&mut left, &mut rejected)).unwrap();
        let ranged = rejected.pop().map_or(Verdict::Pass, |(_, rejection)| Verdict::Reject(rejection));
        assert_eq!(ranged, want);
    }

    #[test]
    fn taints_that_forbid_must_be_tolerated() {
        let refused = Verdict::unresolvable(Reason::UntoleratedTaint);
        check_filter(&pod("p").build(), TaintEffect::NoSchedule, refused.clone());
        check_filter(&pod("p").build(), TaintEffect::NoExecute, refused);
        check_filter(&pod("p").build(), TaintEffect::PreferNoSchedule, Verdict::Pass);
        check_filter(&pod("p").tolerate(exists("k", None)).build(), TaintEffect::NoExecute, Verdict::Pass);
    }

    #[test]
    fn a_node_that_stops_repelling_wakes_the_pod() {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let cluster = HintContext { snapshot: &snapshot, objects: &objects };
        let mine = pod("p").build();
        let bare = || Some(node("n").build());
        let tainted = || Some(node("n").taint("k", "", TaintEffect::NoSchedule).build());
        for (old, new, want) in [
            (None, bare(), Hint::Queue),
            (None, tainted(), Hint::Skip),
            (tainted(), bare(), Hint::Queue),
            (bare(), bare(), Hint::Skip),
        ] {
            let event = ClusterEvent::new(Resource::Node, Action::NODE_TAINT, Subject::Node(old, new));
            assert_eq!(TaintToleration.hint(&mine, &event, cluster), want);
        }
    }
}
