//! What a panel is told of all nodes when a class takes a seat.

use longshore_framework::snapshot::Slot;

use crate::classes::class::Class;
use crate::classes::evaluate::{Asked, ask};
use crate::classes::groups::Group;
use crate::classes::panel::NEVER;
use crate::cycle::Evaluator;
use crate::path::Literal;

impl Class {
    /// For each slot the fixed score and the cell; `None` when something tells nodes apart on which pods fit.
    /// `is_grouped` says that it is known from the groups of the class.
    pub(super) fn column(
        &mut self,
        evaluator: &Evaluator<'_>,
        is_grouped: bool,
    ) -> Result<Option<Vec<(i16, i16)>>, Literal> {
        match is_grouped {
            true => self.column_of_groups(evaluator),
            false => self.column_anew(evaluator),
        }
    }

    /// By asking about every node.
    fn column_anew(&mut self, evaluator: &Evaluator<'_>) -> Result<Option<Vec<(i16, i16)>>, Literal> {
        let mut column = vec![(NEVER, 0); evaluator.snapshot.slots()];
        let Some(fixed) = self.fixed_of(evaluator, evaluator.all_slots())? else { return Ok(None) };
        for (slot, fixed) in fixed {
            column[slot.index()].0 = fixed;
        }
        let slots = (0..).zip(&column).filter(|(_, (fixed, _))| *fixed != NEVER).map(|(at, _)| Slot(at));
        let slots: Vec<Slot> = slots.collect();
        let scoring: Vec<_> = self.plan.absolute.iter().filter(|scorer| scorer.by_pods).collect();
        let plugin = |id| Some((id, evaluator.profile.plugin(id).score.as_ref()?));
        let scorers = scoring.iter().filter_map(|scorer| plugin(scorer.id)).collect();
        let answers = ask(evaluator, &Asked { state: &self.states.by_pods, scorers }, slots)?;
        for (slot, raw) in answers.passed(scoring.len()) {
            let by_pods = scoring.iter().zip(raw).fold(0, |sum, (scorer, raw)| sum + scorer.weight * raw);
            let (fixed, cell) = &mut column[slot.index()];
            *cell = small(i64::from(*fixed) + by_pods + 1);
        }
        Ok(Some(column))
    }

    /// By what is known of every node.
    fn column_of_groups(&mut self, evaluator: &Evaluator<'_>) -> Result<Option<Vec<(i16, i16)>>, Literal> {
        // What stands behind the raw scores in a key is what censuses tell nodes apart by.
        let raws = 1..1 + self.plan.relative_by_node().count();
        let passed = self.groups.iter().map(Group::key).filter(|key| Self::passed(key));
        let mut raws: Vec<Vec<i64>> = passed.map(|key| key[raws.clone()].to_vec()).collect();
        raws.sort_unstable();
        raws.dedup();
        if raws.len() > 1 {
            return Ok(None);
        }
        let mut column = vec![(NEVER, 0); evaluator.snapshot.slots()];
        let mut full = Vec::new();
        for slot in evaluator.snapshot.live().iter().map(Slot::from) {
            let Some(group) = self.groups.group_of(slot) else { return Ok(None) };
            match self.rejected(group.key()) {
                None => {
                    let fixed = self.fixed_scores.get(slot.index()).copied().unwrap_or(0);
                    let cell = self.groups.score_of(slot) + 1;
                    column[slot.index()] = (small(fixed), small(cell));
                }
                Some(rejected) if self.plan.filters_by_pods.contains(&rejected.plugin) => full.push(slot),
                Some(_) => {}
            }
        }
        self.seated_raw = raws.into_iter().next();
        let Some(fixed) = self.fixed_of(evaluator, full)? else { return Ok(None) };
        for (slot, fixed) in fixed {
            column[slot.index()].0 = fixed;
        }
        Ok(Some(column))
    }

    /// The scores that do not change with the pods of some nodes, [`NEVER`] where a filter that does not either rejects the
    /// node; `None` when the class cannot keep its seat.
    pub(super) fn fixed_of(
        &mut self,
        evaluator: &Evaluator<'_>,
        slots: Vec<Slot>,
    ) -> Result<Option<Vec<(Slot, i16)>>, Literal> {
        if slots.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut state = self.states.by_node.clone();
        self.plan.filters_by_pods.iter().for_each(|id| state.skip_filter(*id));
        let absolute = self.plan.absolute.iter().filter(|scorer| !scorer.by_pods);
        let weights: Vec<i64> = absolute.clone().map(|scorer| scorer.weight).collect();
        let wanted = absolute.map(|scorer| scorer.id);
        let wanted = wanted.chain(self.plan.relative_by_node().map(|scorer| scorer.id));
        let plugin = |id| Some((id, evaluator.profile.plugin(id).score.as_ref()?));
        let scorers = wanted.filter_map(plugin).collect();
        let width = weights.len() + self.plan.relative_by_node().count();
        let answers = ask(evaluator, &Asked { state: &state, scorers }, slots)?;
        let mut known: Vec<(Slot, i16)> =
            answers.rejected.iter().map(|status| (status.slot, NEVER)).collect();
        for (slot, raw) in answers.passed(width) {
            let (absolute, relative) = raw.split_at(weights.len());
            if *self.seated_raw.get_or_insert_with(|| relative.to_vec()) != *relative {
                return Ok(None);
            }
            let fixed = weights.iter().zip(absolute).fold(0, |sum, (weight, raw)| sum + weight * raw);
            known.push((slot, small(fixed)));
        }
        Ok(Some(known))
    }
}

/// What fits, as was looked at before.
fn small(number: i64) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}
