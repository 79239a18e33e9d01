//! What the best nodes scored, for the record.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;

use super::room::Room;
use super::score::{ScoreColumn, Scorer, Scores};
use super::state::CycleState;
use super::{Diagnosis, Evaluator};
use crate::choice::{BestNode, best_places};
use crate::meter::Watch;
use crate::trace::PluginScore;

impl Evaluator<'_> {
    /// The best of `feasible`, with the one at the place `chosen` first. Raw scores are asked for once more, of these nodes only;
    /// nothing of it is measured. None when a plugin breaks over that.
    pub(super) fn best_nodes(
        &self,
        state: &CycleState,
        feasible: &[Slot],
        scores: &Scores,
        (chosen, most): (usize, usize),
    ) -> Vec<BestNode> {
        let evaluator = &Evaluator { watch: Watch::default(), ..*self };
        let places = best_places(&scores.totals, chosen, most);
        let mut slots: Vec<Slot> = places.iter().map(|at| feasible[*at]).collect();
        slots.sort_unstable();
        let scorers: Vec<Scorer<'_>> = self
            .profile
            .at(Stage::Score, |i| i.score.as_ref())
            .filter(|(id, _)| !state.skips_score(*id))
            .collect();
        let Ok(raw) = evaluator.raw_scores(state, &scorers, &slots) else { return Vec::new() };
        let names = self.scorer_names(scores);
        let describe = |at: usize| {
            let place = slots.binary_search(&feasible[at]).unwrap_or_default();
            let raw = |column: usize| raw.get(column).and_then(|column| column.get(place)).copied();
            let columns = scores.columns.iter().zip(&names).enumerate();
            let scored = columns.map(|(number, (column, name))| {
                // What an extender gave is not normalised.
                let score = column.score.at(at);
                plugin_score(column, name, (raw(number).unwrap_or(score), score))
            });
            BestNode {
                node: Arc::clone(&self.snapshot.node(feasible[at]).name),
                total: scores.totals[at],
                scores: scored.collect(),
            }
        };
        places.into_iter().map(describe).collect()
    }

    /// The names of those who scored.
    pub(super) fn scorer_names(&self, scores: &Scores) -> Vec<Str> {
        scores.columns.iter().map(|column| self.profile.name(column.plugin).into()).collect()
    }

    /// The best nodes as the literal evaluator scores them, where a class chose `chosen` among several; none when that one is not
    /// among the best, because then this would not be how it was chosen. Nothing of it is measured or decides anything.
    pub(crate) fn score_again(&self, chosen: Slot, most: usize, room: &mut Room) -> Vec<BestNode> {
        let evaluator = &Evaluator { watch: Watch::default(), ..*self };
        let (mut state, mut diagnosis) = (CycleState::default(), Diagnosis::default());
        let Ok(feasible) = evaluator.feasible(&mut state, &mut diagnosis, (&mut 0, room), None) else {
            return Vec::new();
        };
        let place = feasible.binary_search(&chosen).ok().filter(|_| feasible.len() > 1);
        let mut best = Vec::new();
        if let Some(place) = place
            && let Ok(scores) = evaluator.score(&mut state, &feasible, false, room)
        {
            if scores.best.contains(place) {
                best = evaluator.best_nodes(&state, &feasible, &scores, (place, most));
            }
            scores.give_back(room);
        }
        room.give_slots(feasible);
        best
    }
}

/// What each plugin gave to the node at this place. Raw scores have to be kept.
pub(super) fn plugin_scores(scores: &Scores, names: &[Str], at: usize) -> Vec<PluginScore> {
    let columns = scores.columns.iter().zip(names);
    columns
        .map(|(column, name)| plugin_score(column, name, (column.raw.at(at), column.score.at(at))))
        .collect()
}

fn plugin_score(column: &ScoreColumn, name: &Str, (raw, score): (i64, i64)) -> PluginScore {
    PluginScore { plugin: Arc::clone(name), raw, score, weight: column.weight }
}
