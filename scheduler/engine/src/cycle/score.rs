//! Score: how good is each feasible node?

mod totals;

use std::sync::Arc;

use longshore_framework::plugin::{MAX_SCORE, Score};
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::PreScoreVerdict;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::room::Room;
use super::state::CycleState;
use super::{Broken, Evaluator};
use crate::meter::{ExtensionPoint, Status};
pub(crate) use totals::{Column, ScoreColumn, Scores};
use totals::{add_up, places_of_highest};

/// A plugin that scores in this cycle.
pub(crate) type Scorer<'a> = (PluginId, &'a Arc<dyn Score>);

type Scorers<'a> = SmallVec<[Scorer<'a>; 8]>;

impl<'a> Evaluator<'a> {
    /// PreScore, Score, normalise, weigh and add up. `feasible` is in slot order and has two nodes or more. Raw scores
    /// are kept only when asked for.
    pub(crate) fn score(
        &self,
        state: &mut CycleState,
        feasible: &[Slot],
        keep_raw: bool,
        room: &mut Room,
    ) -> Result<Scores, String> {
        let began = self.watch.start();
        let ready = self.pre_score(state, feasible);
        self.watch.point(ExtensionPoint::PreScore, Status::of(&ready), began);
        ready?;
        let began = self.watch.start();
        let scores = self.all_scores(state, feasible, keep_raw, room);
        self.watch.point(ExtensionPoint::Score, Status::of(&scores), began);
        scores
    }

    fn all_scores(
        &self,
        state: &CycleState,
        feasible: &[Slot],
        keep_raw: bool,
        room: &mut Room,
    ) -> Result<Scores, String> {
        let scorers: Scorers<'a> = self
            .profile
            .at(Stage::Score, |i| i.score.as_ref())
            .filter(|(id, _)| !state.skips_score(*id))
            .collect();
        let raw = self.raw_columns(state, &scorers, feasible, room)?;
        let mut columns = Vec::with_capacity(scorers.len());
        for ((id, plugin), mut score) in scorers.into_iter().zip(raw) {
            let raw = if keep_raw { score.clone() } else { Column::Even(0) };
            let began = self.watch.start_plugin();
            // What becomes of a score does not depend on how many nodes have it.
            let (nodes, scores) = match &mut score {
                Column::Even(score) => (&feasible[..1], std::slice::from_mut(score)),
                Column::Each(scores) => (feasible, scores.as_mut_slice()),
            };
            let done = plugin.normalise(self.cycle(), state.of(id), nodes, scores);
            self.watch.plugin(id, ExtensionPoint::ScoreExtensionNormalize, Status::of(&done), began);
            done.map_err(|e| self.broken(Stage::Score, id, &e))?;
            columns.push(ScoreColumn { plugin: id, weight: self.profile.weight(id), raw, score });
        }
        let mut totals = room.take_column(feasible.len());
        let Some(mut best) = add_up(&columns, &mut totals) else {
            let mut wrong = columns.iter().filter_map(|c| self.check_range(c.plugin, c.score.each()).err());
            return Err(wrong.next().unwrap_or_default());
        };
        if self.profile.stage(Stage::Score).is_empty() && self.extenders.is_empty() {
            totals.fill(1);
        }
        if self.add_extender_scores(feasible, &mut columns, &mut totals) {
            best = places_of_highest(&totals);
        }
        Ok(Scores { columns, totals, best })
    }

    fn pre_score(&self, state: &mut CycleState, feasible: &[Slot]) -> Result<(), String> {
        for (id, plugin) in self.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            let began = self.watch.start_plugin();
            let verdict = state.change(id, |own| plugin.pre_score(self.cycle(), own, feasible));
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

    /// The raw scores of each scorer. Who gives all nodes the same is not asked about each.
    fn raw_columns(
        &self,
        state: &CycleState,
        scorers: &[Scorer<'a>],
        feasible: &[Slot],
        room: &mut Room,
    ) -> Result<Vec<Column>, String> {
        let even: SmallVec<[Option<i64>; 8]> =
            scorers.iter().map(|scorer| self.even_score(state, scorer, feasible.len())).collect();
        let asked = scorers.iter().zip(&even).filter(|(_, even)| even.is_none());
        let asked: Scorers<'a> = asked.map(|(scorer, _)| *scorer).collect();
        let mut each = self.raw_scores_in(state, &asked, feasible, room)?.into_iter();
        let column = |even| match even {
            Some(score) => Column::Even(score),
            None => Column::Each(each.next().unwrap_or_default()),
        };
        Ok(even.into_iter().map(column).collect())
    }

    /// What the scorer gives to each of so many nodes, if that is known without a look at them.
    fn even_score(&self, state: &CycleState, (id, plugin): &Scorer<'a>, nodes: usize) -> Option<i64> {
        let began = self.watch.start_plugin();
        let score = plugin.even_score(self.cycle(), state.of(*id))?;
        self.watch.evaluated(*id, Stage::Score, nodes);
        self.watch.plugin(*id, ExtensionPoint::Score, Status::Success, began);
        Some(score)
    }

    /// One list of scores for each scorer.
    pub(crate) fn raw_scores(
        &self,
        state: &CycleState,
        scorers: &[Scorer<'a>],
        feasible: &[Slot],
    ) -> Result<Vec<Vec<i64>>, String> {
        self.raw_scores_in(state, scorers, feasible, &mut Room::default())
    }

    /// The same with memory that was used before. Work is split once, by nodes: a piece is scored by every plugin.
    fn raw_scores_in(
        &self,
        state: &CycleState,
        scorers: &[Scorer<'a>],
        feasible: &[Slot],
        room: &mut Room,
    ) -> Result<Vec<Vec<i64>>, String> {
        if feasible.len() < self.parallelism.threshold {
            return self.score_piece(state, scorers, feasible, room).map_err(|broken| broken.message);
        }
        let pieces = self.parallelism.run(|| {
            let pieces = feasible.par_chunks(self.parallelism.chunk.max(1));
            let score = |piece| self.score_piece(state, scorers, piece, &mut Room::default());
            pieces.map(score).collect::<Vec<_>>()
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
        room: &mut Room,
    ) -> Result<Vec<Vec<i64>>, Broken> {
        let score = |(turn, (id, plugin)): (usize, &Scorer<'a>)| {
            let mut scores = room.take_column(nodes.len());
            self.watch.evaluated(*id, Stage::Score, nodes.len());
            let began = self.watch.start_plugin();
            let done = match plugin.even_score(self.cycle(), state.of(*id)) {
                Some(score) => {
                    scores.fill(score);
                    Ok(())
                }
                None => plugin.score_range(self.cycle(), state.of(*id), nodes, &mut scores),
            };
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
