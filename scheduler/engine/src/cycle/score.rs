//! Score: how good is each feasible node?

use std::sync::Arc;

use longshore_framework::plugin::{MAX_SCORE, Score};
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::PreScoreVerdict;
use rayon::prelude::*;

use super::Evaluator;
use super::state::CycleState;

/// The scores of one plugin, one for each feasible node.
#[derive(Debug)]
pub(crate) struct ScoreColumn {
    pub(crate) plugin: PluginId,
    pub(crate) weight: i64,
    pub(crate) raw: Vec<i64>,
    pub(crate) score: Vec<i64>,
}

/// The scores of all plugins.
#[derive(Debug)]
pub(crate) struct Scores {
    pub(crate) columns: Vec<ScoreColumn>,
    pub(crate) totals: Vec<i64>,
}

impl Scores {
    /// The places of the highest total.
    pub(crate) fn best(&self) -> Vec<usize> {
        let Some(max) = self.totals.iter().max() else { return Vec::new() };
        self.totals.iter().enumerate().filter(|(_, t)| *t == max).map(|(at, _)| at).collect()
    }
}

impl<'a> Evaluator<'a> {
    /// PreScore, Score, normalise, weigh and add up. `feasible` is in slot order and has two nodes or more.
    pub(crate) fn score(&self, state: &mut CycleState, feasible: &[Slot]) -> Result<Scores, String> {
        self.pre_score(state, feasible)?;
        let scorers: Vec<(PluginId, &Arc<dyn Score>)> = self
            .profile
            .at(Stage::Score, |i| i.score.as_ref())
            .filter(|(id, _)| !state.skips_score(*id))
            .collect();
        let mut totals = vec![0; feasible.len()];
        if self.profile.stage(Stage::Score).is_empty() {
            totals.fill(1);
        }
        let mut columns = Vec::with_capacity(scorers.len());
        for (id, plugin) in scorers {
            let raw = self.raw_scores(state, id, plugin, feasible)?;
            let mut score = raw.clone();
            plugin
                .normalise(self.cycle(), state.of(id), feasible, &mut score)
                .map_err(|e| self.broken(Stage::Score, id, &e))?;
            let weight = self.profile.weight(id);
            self.check_range(id, &score)?;
            for (total, score) in totals.iter_mut().zip(&score) {
                *total += weight * score;
            }
            columns.push(ScoreColumn { plugin: id, weight, raw, score });
        }
        Ok(Scores { columns, totals })
    }

    fn pre_score(&self, state: &mut CycleState, feasible: &[Slot]) -> Result<(), String> {
        for (id, plugin) in self.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            let verdict = plugin
                .pre_score(self.cycle(), state.of_mut(id), feasible)
                .map_err(|e| self.broken(Stage::PreScore, id, &e))?;
            if verdict == PreScoreVerdict::Skip {
                state.skip_score(id);
            }
        }
        Ok(())
    }

    fn raw_scores(
        &self,
        state: &CycleState,
        id: PluginId,
        plugin: &Arc<dyn Score>,
        feasible: &[Slot],
    ) -> Result<Vec<i64>, String> {
        let mut scores = vec![0; feasible.len()];
        let run =
            |(nodes, out): (&[Slot], &mut [i64])| plugin.score_range(self.cycle(), state.of(id), nodes, out);
        let result = if feasible.len() < self.parallelism.threshold {
            run((feasible, &mut scores))
        } else {
            let chunk = self.parallelism.chunk.max(1);
            let mut work = || {
                let pieces = feasible.par_chunks(chunk).zip(scores.par_chunks_mut(chunk));
                let results: Vec<_> = pieces.map(run).collect();
                results.into_iter().find(Result::is_err).unwrap_or(Ok(()))
            };
            match &self.parallelism.pool {
                Some(pool) => pool.install(work),
                None => work(),
            }
        };
        result.map_err(|e| self.broken(Stage::Score, id, &e))?;
        Ok(scores)
    }

    fn check_range(&self, id: PluginId, scores: &[i64]) -> Result<(), String> {
        match scores.iter().find(|s| !(0..=MAX_SCORE).contains(*s)) {
            None => Ok(()),
            Some(score) => Err(format!(
                "plugin \"{}\" returns an invalid score {score}, it should in the range of [0, {MAX_SCORE}] after normalizing",
                self.profile.name(id)
            )),
        }
    }
}
