//! A class that has a seat in a [panel](super::panel).

use longshore_framework::profile::PluginId;
use longshore_framework::snapshot::Slot;
use smallvec::SmallVec;

use super::Decided;
use super::class::Class;
use super::evaluate::{Asked, ask};
use super::groups::Group;
use super::panel::{MAX_TOTAL, NEVER, Panel};
use crate::cycle::Evaluator;
use crate::cycle::select::Chooser;
use crate::meter::{ExtensionPoint, Status};
use crate::path::Literal;

/// So many nodes changed, or more, since the class was last asked: other classes are asked in between.
const MANY_CHANGES: usize = 4;

impl Class {
    /// Whether the class may have a seat, as far as it is known without a panel.
    pub(super) fn may_sit(&self) -> bool {
        let plan = &self.plan;
        let most =
            plan.absolute.iter().fold(0, |sum: i64, s| sum.saturating_add(s.weight.saturating_mul(100)));
        !self.stands
            && plan.asked.is_empty()
            && plan.group_filters.is_empty()
            && plan.speaking.is_empty()
            && plan.single_node.is_none()
            && !self.is_fallible()
            && plan.relative.iter().all(|scorer| !scorer.by_pods && !scorer.by_group)
            && most <= MAX_TOTAL
    }

    /// Whether other classes were asked since this one was, so that it would gain by a seat.
    pub(super) fn is_behind(&self) -> bool {
        self.behind >= MANY_CHANGES
    }

    /// Takes a seat that is free; false when the class can have none. The panel and the class have to be up to date.
    pub(super) fn take_seat(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &mut Panel,
        seat: usize,
    ) -> Result<bool, Literal> {
        self.note_seat(evaluator, false);
        if !self.is_served_by(panel) {
            return Ok(false);
        }
        let Some(column) = self.column(evaluator)? else { return Ok(false) };
        let weight = |id: PluginId| {
            let scorer = self.plan.absolute.iter().find(|scorer| scorer.id == id && scorer.by_pods);
            scorer.map_or(0, |scorer| i16::try_from(scorer.weight).unwrap_or(0))
        };
        let is_taken = panel.take(seat, evaluator, &self.states.all, weight, &column)?;
        self.note_seat(evaluator, is_taken);
        Ok(is_taken)
    }

    /// Whether all that depends on the pods of a node is said by plugins of the panel.
    fn is_served_by(&self, panel: &Panel) -> bool {
        let plan = &self.plan;
        let filters: Vec<PluginId> =
            panel.plugins().filter(|(_, filters)| *filters).map(|(id, _)| id).collect();
        let scores = |id: PluginId| panel.plugins().any(|(other, _)| other == id);
        filters.len() == plan.filters_by_pods.len()
            && filters.iter().all(|id| plan.filters_by_pods.contains(id))
            && plan.absolute.iter().filter(|scorer| scorer.by_pods).all(|scorer| scores(scorer.id))
    }

    /// For each slot the fixed score and the cell; `None` when something tells nodes apart on which pods fit.
    fn column(&mut self, evaluator: &Evaluator<'_>) -> Result<Option<Vec<(i16, i16)>>, Literal> {
        match self.is_grouped(evaluator) {
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
        let passed = self.groups.iter().map(Group::key).filter(|key| Self::passed(key));
        let raws: SmallVec<[Vec<i64>; 2]> = passed.map(|key| key[1..].to_vec()).take(2).collect();
        if raws.len() > 1 {
            return Ok(None);
        }
        let mut column = vec![(NEVER, 0); evaluator.snapshot.slots()];
        let mut full = Vec::new();
        for slot in evaluator.snapshot.live().iter().map(Slot::from) {
            let Some(group) = self.groups.of(slot) else { return Ok(None) };
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
    fn fixed_of(
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
        let wanted =
            absolute.map(|scorer| scorer.id).chain(self.plan.relative.iter().map(|scorer| scorer.id));
        let plugin = |id| Some((id, evaluator.profile.plugin(id).score.as_ref()?));
        let scorers = wanted.filter_map(plugin).collect();
        let width = weights.len() + self.plan.relative.len();
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

    /// The decision as the panel has it; `None` when the class has to decide by itself. `best` gets the nodes among which chance
    /// decided, if they are asked for.
    pub(super) fn decide_seated(
        &mut self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&mut Panel, usize),
        chooser: &mut Chooser,
        best: Option<&mut Vec<Slot>>,
    ) -> Result<Option<Decided>, Literal> {
        let began = evaluator.watch.start();
        let unknown = panel.unknown(seat);
        if !unknown.is_empty() {
            match self.fixed_of(evaluator, unknown)? {
                Some(known) => panel.learn(evaluator.snapshot, seat, &known),
                None => return Ok(None),
            }
        }
        let (feasible, tied) = (panel.cells().feasible(seat), panel.cells().best(seat));
        let name = |slot: Slot| &evaluator.snapshot.node(slot).name;
        let searched = evaluator.watch.point(ExtensionPoint::Filter, Status::Success, began);
        let Some(slot) = chooser.choose_one(tied.count(), |at| tied.nth(at), || tied.slots(), name) else {
            return Ok(None);
        };
        if feasible > 1 {
            evaluator.watch.point(ExtensionPoint::Score, Status::Success, searched);
        }
        if let Some(best) = best {
            best.extend(tied.slots());
        }
        let nodes = evaluator.snapshot.len();
        self.decided(evaluator, slot, (nodes, feasible), nodes).map(Some)
    }
}

/// What fits, as was looked at before.
fn small(number: i64) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}
