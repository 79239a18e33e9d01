//! Plugins whose answers are not kept, and extenders. They are asked at every decision, about the nodes that what is kept leaves
//! over, and spoil nothing of what others keep.

use longshore_framework::plugin::Score;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PreFilterVerdict, PreScoreVerdict};

use super::class::Class;
use super::groups::{GroupNumber, NO_GROUP};
use super::scratch::{Found, NO_PLACE, Scratch};
use crate::cycle::score::Scorer;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator};
use crate::path::Literal;

/// A decision for which plugins or extenders were asked.
pub(super) struct Asked {
    pub(super) slot: Slot,
    /// How many nodes passed.
    pub(super) feasible: usize,
    /// How many nodes it is known of what was said.
    pub(super) evaluated: usize,
}

impl Class {
    /// Because of whom something is asked, if it is: why the literal evaluator has to decide where asking does not do.
    pub(super) fn asks(&self, evaluator: &Evaluator<'_>) -> Option<Literal> {
        let plugin = self.plan.asked.first().map(|id| Literal::Uncacheable(*id));
        plugin.or_else(|| evaluator.asks_extenders().then_some(Literal::Extender))
    }

    /// Runs PreFilter of the plugins that are asked; the others are left out of the state.
    pub(super) fn begin_asking(&self, evaluator: &Evaluator<'_>) -> Result<CycleState, Literal> {
        let mut state = self.states.asked.clone();
        for (id, plugin) in evaluator.profile.at(Stage::PreFilter, |i| i.pre_filter.as_ref()) {
            if !self.plan.is_asked(id) {
                continue;
            }
            match plugin.pre_filter(evaluator.cycle(), state.of_mut(id))? {
                PreFilterVerdict::Pass(None) => {}
                PreFilterVerdict::Skip => state.skip_filter(id),
                PreFilterVerdict::Pass(Some(_)) | PreFilterVerdict::Reject(_) => {
                    return Err(Literal::PreFilter(id));
                }
            }
        }
        Ok(state)
    }

    /// Whether any of them has something to say about single nodes.
    pub(super) fn asks_about_nodes(&self, evaluator: &Evaluator<'_>, state: &CycleState) -> bool {
        let on = |stage: Stage, id: PluginId| evaluator.profile.stage(stage).contains(&id);
        let filters = |id: PluginId| on(Stage::Filter, id) && !state.skips_filter(id);
        // A score that is the same everywhere decides nothing.
        let is_even = |id: PluginId| {
            let score = evaluator.profile.plugin(id).score.as_ref();
            score.is_some_and(|score| score.even_score(evaluator.cycle(), state.of(id)).is_some())
        };
        let scores = |id: PluginId| on(Stage::PreScore, id) || (on(Stage::Score, id) && !is_even(id));
        evaluator.asks_extenders() || self.plan.asked.iter().any(|id| filters(*id) || scores(*id))
    }

    /// Whether the plugins that are asked pass this node as well; then with what they remember.
    pub(super) fn ask_about(
        &self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
    ) -> Result<Option<CycleState>, Literal> {
        let state = self.begin_asking(evaluator)?;
        Ok(evaluator.judge(&state, slot)?.is_none().then_some(state))
    }

    /// The best of the nodes that what is kept leaves over and that all plugins and extenders that are asked pass, each as
    /// likely. `None` when they pass none.
    pub(super) fn choose_asking(
        &mut self,
        evaluator: &Evaluator<'_>,
        chooser: &mut Chooser,
        scratch: &mut Scratch,
        state: &mut CycleState,
    ) -> Result<Option<Asked>, Literal> {
        self.find_left(evaluator, scratch);
        let filtered = evaluator.filter(state, std::mem::take(&mut scratch.found.slots))?;
        scratch.found.rejected.extend(filtered.rejected.iter().map(|status| status.slot));
        let without_reason = ask_extenders(evaluator, filtered.feasible, &mut scratch.found)?;
        let feasible = scratch.found.slots.len();
        let slot = match *scratch.found.slots {
            [] => return Ok(None),
            [only] => only,
            _ => {
                self.add_kept_scores(evaluator, scratch)?;
                self.add_asked_scores(evaluator, state, &mut scratch.found)?;
                let Found { slots, totals, .. } = &mut scratch.found;
                evaluator.add_extender_scores(slots, &mut Vec::new(), totals);
                choose(evaluator, chooser, &mut scratch.found)?
            }
        };
        Ok(Some(Asked { slot, feasible, evaluated: evaluator.snapshot.len() - without_reason }))
    }

    /// Finds the nodes of the feasible groups, in ascending order.
    fn find_left(&self, evaluator: &Evaluator<'_>, scratch: &mut Scratch) {
        let Scratch { feasible, found, places, .. } = scratch;
        let left: usize = feasible.iter().map(|(_, nodes)| nodes).sum();
        if left == evaluator.snapshot.len() {
            found.slots = evaluator.all_slots_in(std::mem::take(&mut found.slots));
            return;
        }
        places.clear();
        for number in feasible.iter().filter_map(|(slot, _)| self.groups.number_of(*slot)) {
            place_of(places, number).into_iter().for_each(|place| *place = 0);
        }
        let is_left = |slot: &Slot| {
            let number = self.groups.number_of(*slot).and_then(|number| places.get(number as usize));
            number.is_some_and(|place| *place != NO_PLACE)
        };
        found.slots.extend(evaluator.snapshot.live().iter().map(Slot::from).filter(is_left));
    }

    /// What is kept of the scores of the nodes that passed. What is normalised is so over these alone.
    fn add_kept_scores(&mut self, evaluator: &Evaluator<'_>, scratch: &mut Scratch) -> Result<(), Literal> {
        let Scratch { feasible, found: Found { slots, totals: sums, .. }, places, .. } = &mut *scratch;
        feasible.clear();
        places.clear();
        // Neighbours are mostly of one group.
        let mut last = (NO_GROUP, NO_PLACE);
        sums.extend(slots.iter().map(|slot| {
            let (number, score) = self.groups.number_and_score(*slot);
            if number != last.0 {
                last = (number, NO_PLACE);
                if let Some(place) = place_of(places, number) {
                    if *place == NO_PLACE {
                        *place = feasible.len();
                        feasible.push((*slot, 0));
                    }
                    last.1 = *place;
                }
            }
            if let Some((_, count)) = feasible.get_mut(last.1) {
                *count += 1;
            }
            score
        }));
        self.add_relative_scores(evaluator, scratch, true)?;
        let Scratch { found: Found { slots, totals: sums, .. }, places, totals, .. } = &mut *scratch;
        if totals.len() < 2 {
            return Ok(());
        }
        for (slot, sum) in slots.iter().zip(sums) {
            let number = self.groups.number_and_score(*slot).0 as usize;
            let total = places.get(number).and_then(|place| totals.get(*place));
            *sum = sum.saturating_add(total.copied().unwrap_or(0));
        }
        Ok(())
    }

    fn add_asked_scores(
        &self,
        evaluator: &Evaluator<'_>,
        state: &mut CycleState,
        found: &mut Found,
    ) -> Result<(), Literal> {
        for (id, plugin) in evaluator.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            if self.plan.is_asked(id) {
                match plugin.pre_score(evaluator.cycle(), state.of_mut(id), &found.slots)? {
                    PreScoreVerdict::Score => {}
                    PreScoreVerdict::Skip => state.skip_score(id),
                }
            }
        }
        let scorers: Vec<Scorer<'_>> = evaluator
            .profile
            .at(Stage::Score, |i| i.score.as_ref())
            .filter(|(id, _)| self.plan.is_asked(*id) && !state.skips_score(*id))
            .collect();
        let columns = evaluator.raw_scores(state, &scorers, &found.slots)?;
        for ((id, plugin), mut scores) in scorers.into_iter().zip(columns) {
            Score::normalise(&**plugin, evaluator.cycle(), state.of(id), &found.slots, &mut scores)?;
            evaluator.check_range(id, &scores)?;
            let weight = evaluator.profile.weight(id);
            for (total, score) in found.totals.iter_mut().zip(scores) {
                *total = total.saturating_add(weight.saturating_mul(score));
            }
        }
        Ok(())
    }
}

/// Where the group with this number stands; at first at [`NO_PLACE`]. `None` where there is no group.
fn place_of(places: &mut Vec<usize>, number: GroupNumber) -> Option<&mut usize> {
    let at = number as usize;
    if number != NO_GROUP && places.len() <= at {
        places.resize(at + 1, NO_PLACE);
    }
    places.get_mut(at)
}

/// Leaves those of the nodes that passed which extenders keep. Of how many others no extender said why: these do not count as
/// evaluated.
fn ask_extenders(evaluator: &Evaluator<'_>, passed: Vec<Slot>, found: &mut Found) -> Result<usize, Literal> {
    if !evaluator.asks_extenders() {
        found.slots = passed;
        return Ok(0);
    }
    let mut diagnosis = Diagnosis::default();
    found.slots = evaluator.ask_extenders(passed.clone(), &mut diagnosis)?;
    let is_left = |slot: &Slot| found.slots.binary_search(slot).is_ok();
    found.rejected.extend(passed.iter().filter(|slot| !is_left(slot)));
    let is_explained = |slot: &Slot| is_left(slot) || diagnosis.rejected.find(*slot).is_some();
    Ok(passed.iter().filter(|slot| !is_explained(slot)).count())
}

fn choose(evaluator: &Evaluator<'_>, chooser: &mut Chooser, found: &mut Found) -> Result<Slot, Literal> {
    let best = found.totals.iter().max().copied();
    let tied = found.slots.iter().zip(&found.totals).filter(|(_, total)| Some(**total) == best);
    found.best.extend(tied.map(|(slot, _)| *slot));
    let name = |slot: Slot| &evaluator.snapshot.node(slot).name;
    let chosen = chooser.choose_one(
        found.best.len(),
        |at| found.best.get(at).copied(),
        || found.best.iter().copied(),
        name,
    );
    chosen.ok_or_else(|| Literal::Broken("no node is best".to_string()))
}
