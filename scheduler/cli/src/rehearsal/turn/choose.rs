//! PreFilter, Filter, PostFilter, PreScore and Score.

use std::sync::Arc;

use longshore_framework::plugin::{
    Cycle, FilterSink, Nomination, PostFilterContext, PostFilterOutcome, PreemptionEngine, Score, Tried,
};
use longshore_framework::pod::Pod;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, RejectCode, Rejection};

use super::super::Scene;
use super::Asked;
use super::answer::{Judged, Kind, NodeAnswer};

/// Nodes that fit, and nodes that do not.
type Sorted = (Vec<Slot>, Vec<(Slot, Rejection)>);

impl Asked<'_> {
    /// The nodes that are left and whether Filter is asked; `None` after a failure.
    pub(super) fn pre_filter(
        &mut self,
        cx: Cycle<'_>,
        slots: &[Slot],
    ) -> Option<Result<(Vec<Slot>, bool), Rejection>> {
        let all = || slots.to_vec();
        let Some(plugin) = &self.instance.pre_filter else { return Some(Ok((all(), true))) };
        let answer = plugin.pre_filter(cx, &mut self.state);
        let (kind, next) = match answer {
            Err(error) => (Kind::failed(&error), None),
            Ok(PreFilterVerdict::Pass(None)) => (Kind::Pass, Some(Ok((all(), true)))),
            Ok(PreFilterVerdict::Skip) => (Kind::Skip, Some(Ok((all(), false)))),
            Ok(PreFilterVerdict::Reject(no)) => (Kind::Rejected(no.clone()), Some(Err(no))),
            Ok(PreFilterVerdict::Pass(Some(names))) => {
                let named = |slot: &&Slot| names.contains(&cx.snapshot.node(**slot).name);
                let left = slots.iter().filter(named).copied().collect();
                (Kind::Only(names.iter().map(ToString::to_string).collect()), Some(Ok((left, true))))
            }
        };
        self.say(Stage::PreFilter, kind);
        next
    }

    /// `None` after a failure.
    pub(super) fn filter(&mut self, cx: Cycle<'_>, mut candidates: Vec<Slot>) -> Option<Sorted> {
        let mut rejected = Vec::new();
        let Some(plugin) = &self.instance.filter else { return Some((candidates, rejected)) };
        let mut sink = FilterSink::new(&mut candidates, &mut rejected);
        match plugin.filter_range(cx, &self.state, &mut sink) {
            Ok(()) => {
                self.say(Stage::Filter, Kind::Pass);
                Some((candidates, rejected))
            }
            Err(error) => {
                self.say(Stage::Filter, Kind::failed(&error));
                None
            }
        }
    }

    pub(super) fn post_filter(&mut self, scene: &Scene, rejected: &[(Slot, Rejection)]) {
        let Some(plugin) = &self.instance.post_filter else { return };
        let mut engine = NoEngine(rejected.iter().map(|(slot, no)| (*slot, no.code)).collect());
        let mut cx = PostFilterContext {
            snapshot: &scene.snapshot,
            objects: &scene.objects,
            pod: self.pod,
            engine: &mut engine,
        };
        let kind = match plugin.post_filter(&mut cx, &self.state) {
            Err(error) => Kind::failed(&error),
            Ok(PostFilterOutcome { rejected: Some(no), .. }) => Kind::Rejected(no),
            Ok(outcome) => Kind::Nominated {
                node: match outcome.nomination {
                    Nomination::Node(node) => Some(node.to_string()),
                    _ => None,
                },
                victims: outcome.victims.iter().map(|pod| pod.key()).collect(),
            },
        };
        self.say(Stage::PostFilter, kind);
    }

    /// The node with the highest score, the first by name among equals; `None` after a failure.
    pub(super) fn best(&mut self, cx: Cycle<'_>, feasible: &[Slot]) -> Option<Slot> {
        let (raw, scores) = match self.scores(cx, feasible) {
            Ok(Some((raw, scores))) => (Some(raw), Some(scores)),
            Ok(None) => (None, None),
            Err((stage, error)) => {
                self.say(stage, Kind::failed(&error));
                self.fits(cx, feasible, None, None);
                return None;
            }
        };
        self.fits(cx, feasible, raw.as_deref(), scores.as_deref());
        let score = |at: usize| scores.as_ref().map_or(0, |scores| scores[at]);
        let rank = |at: &usize| (std::cmp::Reverse(score(*at)), &cx.snapshot.node(feasible[*at]).name);
        let best = (0..feasible.len()).min_by_key(rank).map(|at| feasible[at]);
        self.turn.chosen = best.map(|slot| cx.snapshot.node(slot).name.to_string());
        best
    }

    fn fits(&mut self, cx: Cycle<'_>, feasible: &[Slot], raw: Option<&[i64]>, scores: Option<&[i64]>) {
        for (at, slot) in feasible.iter().enumerate() {
            let judged = Judged::Fits { raw: raw.map(|raw| raw[at]), score: scores.map(|s| s[at]) };
            self.turn.nodes.push(NodeAnswer { node: cx.snapshot.node(*slot).name.to_string(), judged });
        }
    }

    /// Raw and normalised scores. The engine scores when there are two nodes to choose from.
    #[allow(clippy::type_complexity, reason = "two lists, or the stage that failed")]
    fn scores(
        &mut self,
        cx: Cycle<'_>,
        feasible: &[Slot],
    ) -> Result<Option<(Vec<i64>, Vec<i64>)>, (Stage, PluginError)> {
        if feasible.len() < 2 {
            return Ok(None);
        }
        if let Some(plugin) = &self.instance.pre_score {
            let verdict = plugin.pre_score(cx, &mut self.state, feasible);
            let skip = verdict.map_err(|e| (Stage::PreScore, e))? == PreScoreVerdict::Skip;
            self.say(Stage::PreScore, if skip { Kind::Skip } else { Kind::Pass });
            if skip {
                return Ok(None);
            }
        }
        let Some(plugin) = &self.instance.score else { return Ok(None) };
        let both = self.score(&**plugin, cx, feasible).map_err(|e| (Stage::Score, e))?;
        self.say(Stage::Score, Kind::Pass);
        Ok(Some(both))
    }

    fn score(
        &self,
        plugin: &dyn Score,
        cx: Cycle<'_>,
        feasible: &[Slot],
    ) -> Result<(Vec<i64>, Vec<i64>), PluginError> {
        let mut raw = vec![0; feasible.len()];
        plugin.score_range(cx, &self.state, feasible, &mut raw)?;
        let mut scores = raw.clone();
        plugin.normalise(cx, &self.state, feasible, &mut scores)?;
        Ok((raw, scores))
    }
}

/// There is no engine behind a plugin that is asked alone: nothing can be tried.
struct NoEngine(Vec<(Slot, RejectCode)>);

impl PreemptionEngine for NoEngine {
    fn rejection(&self, node: Slot) -> Option<RejectCode> {
        self.0.iter().find(|(slot, _)| *slot == node).map(|(_, code)| *code)
    }

    fn dry_run(&self, _start: usize, _enough: usize) -> Result<Vec<Tried>, PluginError> {
        Ok(Vec::new())
    }

    fn random(&mut self, _bound: usize) -> usize {
        0
    }

    fn lower_nominations(&self, _node: Slot) -> Vec<Arc<Pod>> {
        Vec::new()
    }
}
