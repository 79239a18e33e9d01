//! PreScore, Score and NormalizeScore: how good is each node?

use std::sync::Arc;

use longshore_framework::plugin::{Cycle, Dependence, MAX_SCORE, PreScore, Score};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreScoreVerdict};
use longshore_framework::view::NodeView;

use super::super::bindings::exports::longshore::scheduler::pre_score;
use super::super::live::Live;
use super::super::plugin::{Absent, ComponentPlugin, Piece, shared_of};
use super::super::pure::FEW;
use super::super::verdicts;
use super::{Staged, bounded};
use crate::failure::Failure;

/// What PreScore left, which takes the place of what PreFilter left.
#[derive(Clone, Debug)]
struct ScoreCarried(Arc<Vec<u8>>);

fn score_shared(state: &PluginState) -> Arc<Vec<u8>> {
    state.get::<ScoreCarried>().map_or_else(|_| shared_of(state), |s| Arc::clone(&s.0))
}

impl PreScore for Staged {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        let (pod, shared) = (self.0.loaded.pod(cx.pod), shared_of(state));
        let count = u32::try_from(feasible.len()).unwrap_or(u32::MAX);
        let answer = self.0.control(("PreScore", Some(cx.pod)), cx.into(), true, |live| {
            let said = live.ask("PreScore", |exports, store| match &exports.pre_score {
                Some(stage) => stage.call_pre_score(store, &pod, &shared, count),
                None => Ok(Ok(pre_score::Outcome::Score(shared.to_vec()))),
            })?;
            match said {
                pre_score::Outcome::Skip => Ok(None),
                pre_score::Outcome::Score(shared) => bounded("PreScore", shared).map(Some),
            }
        });
        match self.0.excused(answer, None)? {
            None => Ok(PreScoreVerdict::Skip),
            Some(shared) => {
                state.put(ScoreCarried(shared));
                Ok(PreScoreVerdict::Score)
            }
        }
    }
}

impl Score for Staged {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        let mut score = [0];
        self.score_range(cx, state, &[node.slot()], &mut score)?;
        Ok(score[0])
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let shared = score_shared(state);
        if state.get::<Absent>().is_ok() {
            scores.fill(0);
            return Ok(());
        }
        let answer = self.0.scored(cx, &shared, nodes, scores);
        if answer.is_err() {
            scores.fill(0);
        }
        Ok(self.0.excused(answer, ())?)
    }

    fn normalise(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        _nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        if !self.0.loaded.indices.normalizes() {
            return Ok(());
        }
        let shared = score_shared(state);
        let answer = self.0.control(("NormalizeScore", Some(cx.pod)), cx.into(), true, |live| {
            let given: &[i64] = scores;
            let said = live.ask("NormalizeScore", |exports, store| match &exports.normalize_score {
                Some(stage) => stage.call_normalize(store, &shared, given),
                None => Ok(Ok(given.to_vec())),
            })?;
            in_range("NormalizeScore", &said, given.len())?;
            Ok(said)
        });
        let zeros = vec![0; scores.len()];
        scores.copy_from_slice(&self.0.excused(answer, zeros)?);
        Ok(())
    }

    fn is_absolute(&self) -> bool {
        !self.0.loaded.indices.normalizes()
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        self.score_dependence()
    }
}

impl ComponentPlugin {
    fn scored(
        &self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        slots: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), Failure> {
        self.measured("Score", cx.objects)?;
        let mut done = 0;
        for piece in self.pieces(slots) {
            let out = &mut scores[done..done + piece.slots.len()];
            done += piece.slots.len();
            self.scored_piece(cx, shared, piece, out)?;
        }
        Ok(())
    }

    fn scored_piece(
        &self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        piece: Piece<'_>,
        scores: &mut [i64],
    ) -> Result<(), Failure> {
        self.piece(piece, "Score", cx, |kept, way| {
            if !self.loaded.pure || piece.slots.len() <= FEW {
                return way(&mut |live| {
                    scores.copy_from_slice(&self.ask_score(live, cx, shared, piece.base, piece.slots)?);
                    Ok(())
                });
            }
            let mut known =
                kept.class(cx, shared, self.loaded.objects_seen(cx.objects), (piece.base, self.loaded.rows));
            let unknown = known.unscored(piece.slots);
            if !unknown.is_empty() {
                let mut new = Vec::new();
                way(&mut |live| {
                    new = self.ask_score(live, cx, shared, piece.base, &unknown)?;
                    Ok(())
                })?;
                known.scored(&unknown, &new);
            }
            known.scores(piece.slots, scores);
            Ok(())
        })
    }

    fn ask_score(
        &self,
        live: &mut Live,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        base: usize,
        slots: &[Slot],
    ) -> Result<Vec<i64>, Failure> {
        live.begin(&self.loaded, cx, shared)?;
        let asked = verdicts::row_set(slots, base, cx.snapshot);
        let mut score = || {
            let scores = live.ask("Score", |exports, store| match &exports.score {
                Some(stage) => stage.call_score(store, &asked),
                None => Err(wasmtime::Error::msg("there is no Score")),
            })?;
            match self.loaded.indices.normalizes() {
                true => right_length("Score", &scores, slots.len())?,
                false => in_range("Score", &scores, slots.len())?,
            }
            Ok::<_, Failure>(scores)
        };
        let scores = score()?;
        if self.samples() && score()? != scores {
            self.unsteady("Score", cx.pod);
        }
        Ok(scores)
    }
}

fn right_length(stage: &'static str, scores: &[i64], wanted: usize) -> Result<(), Failure> {
    if scores.len() == wanted {
        return Ok(());
    }
    Err(Failure::answer(stage, format!("it gave {} scores for {wanted} nodes", scores.len())))
}

fn in_range(stage: &'static str, scores: &[i64], wanted: usize) -> Result<(), Failure> {
    right_length(stage, scores, wanted)?;
    match scores.iter().find(|score| !(0..=MAX_SCORE).contains(*score)) {
        None => Ok(()),
        Some(score) => Err(Failure::answer(
            stage,
            format!("it gave a score of {score}, which is not in 0 to {MAX_SCORE}"),
        )),
    }
}
