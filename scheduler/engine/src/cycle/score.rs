//! Score: how good is each feasible node?

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

/// Nodes that are looked at together for one of the best.
const BLOCK: usize = 64;

/// A plugin that scores in this cycle.
type Scorer<'a> = (PluginId, &'a Arc<dyn Score>);

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
        // The highest of each block: only where it is that of all, places have to be looked at one by one.
        let highest: Vec<i64> = self.totals.chunks(BLOCK).map(highest).collect();
        let Some(max) = highest.iter().max() else { return Vec::new() };
        let mut best = Vec::new();
        for (block, _) in highest.iter().enumerate().filter(|(_, highest)| *highest == max) {
            let from = block * BLOCK;
            let totals = &self.totals[from..self.totals.len().min(from + BLOCK)];
            let (mut places, mut count) = ([0; BLOCK], 0);
            for (at, total) in totals.iter().enumerate() {
                // Equals are often as many as others, so that a branch here would be mistaken half of the time.
                places[count] = from + at;
                count += usize::from(total == max);
            }
            best.extend_from_slice(&places[..count]);
        }
        best
    }
}

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
        let mut totals = self.add_up(&columns, feasible.len())?;
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
    fn raw_scores(
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

    /// The weighted sum of the columns for each of `count` nodes.
    fn add_up(&self, columns: &[ScoreColumn], count: usize) -> Result<Vec<i64>, String> {
        // The products of such weights fit into 39 bits.
        let light = columns.iter().all(|column| u32::try_from(column.weight).is_ok());
        // Of columns where all nodes score the same, as they often do, there is one number to add.
        let even = |column: &&ScoreColumn| light && is_even(&column.score);
        let (even, uneven): (Vec<_>, Vec<_>) = columns.iter().partition(even);
        let common = even.iter().map(|column| column.weight * column.score.first().unwrap_or(&0)).sum();
        let mut totals = vec![common; count];
        for column in uneven {
            if !add_weighted(&mut totals, &column.score, column.weight, light) {
                return Err(self.out_of_range(column.plugin, &column.score));
            }
        }
        Ok(totals)
    }

    fn out_of_range(&self, id: PluginId, scores: &[i64]) -> String {
        let score = scores.iter().find(|s| !(0..=MAX_SCORE).contains(*s)).copied().unwrap_or_default();
        format!(
            "plugin \"{}\" returns an invalid score {score}, it should in the range of [0, {MAX_SCORE}] after normalizing",
            self.profile.name(id)
        )
    }
}

/// Adds scores to the totals; false, and the totals are of no use, when a score is not from 0 to [`MAX_SCORE`]. When
/// all weights are `light`, they fit into 32 bits: then nothing can overflow, and the product is that of two small
/// numbers.
fn add_weighted(totals: &mut [i64], scores: &[i64], weight: i64, light: bool) -> bool {
    let low = |number: i64| number & i64::from(u32::MAX);
    // The signs of the scores and of what they lack to the highest, all together: no branch for each.
    let mut signs = 0;
    for (total, score) in totals.iter_mut().zip(scores) {
        signs |= score | MAX_SCORE.wrapping_sub(*score);
        *total = match light {
            true => total.wrapping_add(low(weight).wrapping_mul(low(*score))),
            false => total.saturating_add(weight.saturating_mul(*score)),
        };
    }
    signs >= 0
}

/// Whether all scores are the same and in range.
fn is_even(scores: &[i64]) -> bool {
    let Some(first @ 0..=MAX_SCORE) = scores.first() else { return false };
    scores.chunks(BLOCK).all(|block| block.iter().fold(0, |differ, score| differ | (score ^ first)) == 0)
}

/// The highest of some numbers, which are not none.
fn highest(numbers: &[i64]) -> i64 {
    // Nearly always all are small and not negative, and numbers of half the size are compared at twice the speed.
    let (mut bits, mut small) = (0, 0);
    for number in numbers {
        bits |= number;
        small = (*number as i32).max(small);
    }
    match i32::try_from(bits) {
        Ok(0..) => i64::from(small),
        _ => numbers.iter().copied().max().unwrap_or(i64::MIN),
    }
}
