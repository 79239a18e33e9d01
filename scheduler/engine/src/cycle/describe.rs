//! What the best nodes scored, for the record.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::snapshot::Slot;

use super::room::Room;
use super::score::Scores;
use super::state::CycleState;
use super::{Diagnosis, Evaluator};
use crate::choice::{BestNode, best_places};
use crate::meter::Watch;
use crate::trace::PluginScore;

impl Evaluator<'_> {
    /// The best of `feasible`, with the one at the place `chosen` first. Raw scores have to be kept.
    pub(super) fn best_nodes(
        &self,
        feasible: &[Slot],
        scores: &Scores,
        chosen: usize,
        most: usize,
    ) -> Vec<BestNode> {
        let names = self.scorer_names(scores);
        let describe = |at: usize| BestNode {
            node: Arc::clone(&self.snapshot.node(feasible[at]).name),
            total: scores.totals[at],
            scores: plugin_scores(scores, &names, at),
        };
        best_places(&scores.totals, chosen, most).into_iter().map(describe).collect()
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
            && let Ok(scores) = evaluator.score(&mut state, &feasible, true, room)
        {
            if scores.best.contains(place) {
                best = evaluator.best_nodes(&feasible, &scores, place, most);
            }
            scores.give_back(room);
        }
        room.give_slots(feasible);
        best
    }
}

/// What each plugin gave to the node at this place.
pub(super) fn plugin_scores(scores: &Scores, names: &[Str], at: usize) -> Vec<PluginScore> {
    let of = |(column, name): (&super::score::ScoreColumn, &Str)| PluginScore {
        plugin: Arc::clone(name),
        raw: column.raw.at(at),
        score: column.score.at(at),
        weight: column.weight,
    };
    scores.columns.iter().zip(names).map(of).collect()
}
