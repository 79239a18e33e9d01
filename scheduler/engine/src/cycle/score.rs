//! Score: how good is each feasible node?

mod totals;

use std::sync::Arc;

use longshore_framework::plugin::{MAX_SCORE, Score};
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::PreScoreVerdict;
use rayon::prelude::*;

use super::state::CycleState;
use super::{Broken, Evaluator};
use crate::meter::{ExtensionPoint, Status};
use totals::add_up;
pub(crate) use totals::{ScoreColumn, Scores};

/// A plugin that scores in this cycle.
pub(crate) type Scorer<'a> = (PluginId, &'a Arc<dyn Score>);

impl<'a> Evaluator<'a> {
    /// PreScore, Score, normalise, weigh and add up. `feasible` is in slot order and has two nodes or more. Raw scores
    /// are kept only when asked for.
    pub(crate) fn score(
        &self,
        state: &mut CycleState,
        feasible: &[Slot],
        keep_raw: bool,
    ) -> Result<Scores, String> {
        let began = self.watch.start();
        let ready = self.pre_score(state, feasible);
        self.watch.point(ExtensionPoint::PreScore, Status::of(&ready), began);
        ready?;
        let began = self.watch.start();
        let scores = self.all_scores(state, feasible, keep_raw);
        self.watch.point(ExtensionPoint::Score, Status::of(&scores), began);
        scores
    }

    fn all_scores(&self, state: &CycleState, feasible: &[Slot], keep_raw: bool) -> Result<Scores, String> {
        let scorers: Vec<Scorer<'a>> = self
            .profile
            .at(Stage::Score, |i| i.score.as_ref())
            .filter(|(id, _)| !state.skips_score(*id))
            .collect();
        let raw = self.raw_scores(state, &scorers, feasible)?;
        let mut columns = Vec::with_capacity(scorers.len());
        for ((id, plugin), mut score) in scorers.into_iter().zip(raw) {
            let raw = if keep_raw { score.clone() } else { Vec::new() };
            let began = self.watch.start_plugin();
            let done = plugin.normalise(self.cycle(), state.of(id), feasible, &mut score);
            self.watch.plugin(id, ExtensionPoint::ScoreExtensionNormalize, Status::of(&done), began);
            done.map_err(|e| self.broken(Stage::Score, id, &e))?;
            columns.push(ScoreColumn { plugin: id, weight: self.profile.weight(id), raw, score });
        }
        let Some(mut totals) = add_up(&columns, feasible.len()) else {
            let mut wrong = columns.iter().filter_map(|c| self.check_range(c.plugin, &c.score).err());
            return Err(wrong.next().unwrap_or_default());
        };
        if self.profile.stage(Stage::Score).is_empty() && self.extenders.is_empty() {
            totals.fill(1);
        }
        self.add_extender_scores(feasible, &mut columns, &mut totals);
        Ok(Scores { columns, totals })
    }

    fn pre_score(&self, state: &mut CycleState, feasible: &[Slot]) -> Result<(), String> {
        for (id, plugin) in self.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            let began = self.watch.start_plugin();
            let verdict = plugin.pre_score(self.cycle(), state.of_mut(id), feasible);
            let status = match &verdict {
                Ok(PreScoreVerdict::Skip) => Status::Skip,
                other => Status::of(other),
            };
            self.watch.plugin(id, ExtensionPoint::PreScore, status, began);
            match verdict.map_err(|e| self.broken(Stage::PreScore, id, &e))? {
                PreScoreVerdict::Skip => state.skip_score(id),
                PreScoreVerdict::Score => self.watch.evaluated(id, Stage::PreScore, 1),
            }
        }
        Ok(())
    }

    /// One list of scores for each scorer. Work is split once, by nodes: a piece is scored by every plugin.
    pub(crate) fn raw_scores(
        &self,
        state: &CycleState,
        scorers: &[Scorer<'a>],
        feasible: &[Slot],
    ) -> Result<Vec<Vec<i64>>, String> {
        if feasible.len() < self.parallelism.threshold {
            return self.score_piece(state, scorers, feasible).map_err(|broken| broken.message);
        }
        let pieces = self.parallelism.run(|| {
            let pieces = feasible.par_chunks(self.parallelism.chunk.max(1));
            pieces.map(|piece| self.score_piece(state, scorers, piece)).collect::<Vec<_>>()
        });
        let mut all = vec![Vec::with_capacity(feasible.len()); scorers.len()];
        for piece in super::all_or_first_broken(pieces)? {
            for (column, part) in all.iter_mut().zip(piece) {
                column.extend(part);
            }
        }
        Ok(all)
    }

    fn score_piece(
        &self,
        state: &CycleState,
        scorers: &[Scorer<'a>],
        nodes: &[Slot],
    ) -> Result<Vec<Vec<i64>>, Broken> {
        let score = |(turn, (id, plugin)): (usize, &Scorer<'a>)| {
            let mut scores = vec![0; nodes.len()];
            self.watch.evaluated(*id, Stage::Score, nodes.len());
            let began = self.watch.start_plugin();
            let done = plugin.score_range(self.cycle(), state.of(*id), nodes, &mut scores);
            self.watch.plugin(*id, ExtensionPoint::Score, Status::of(&done), began);
            done.map_err(|e| Broken { turn, message: self.broken(Stage::Score, *id, &e) })?;
            Ok(scores)
        };
        scorers.iter().enumerate().map(score).collect()
    }

    pub(crate) fn check_range(&self, id: PluginId, scores: &[i64]) -> Result<(), String> {
        match scores.iter().find(|s| !(0..=MAX_SCORE).contains(*s)) {
            None => Ok(()),
            Some(score) => Err(format!(
                "plugin \"{}\" returns an invalid score {score}, it should in the range of [0, {MAX_SCORE}] after normalizing",
                self.profile.name(id)
            )),
        }
    }
}
