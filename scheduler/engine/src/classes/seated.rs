//! A class that has a seat in a [panel](super::panel).

mod choose;
mod column;
mod kinds;
mod promised;

use std::time::Duration;

use longshore_framework::profile::PluginId;
use longshore_framework::snapshot::Slot;

use super::Decided;
use super::class::Class;
use super::kin::{Column, Told};
use super::panel::{MAX_TOTAL, Panel};
use super::scratch::Scratch;
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
            && plan.single_node.is_none()
            && !self.is_fallible()
            && plan.relative_by_node().all(|scorer| !scorer.by_pods)
            && most <= MAX_TOTAL
    }

    /// Whether other classes were asked since this one was, so that it would gain by a seat.
    pub(super) fn is_behind(&self) -> bool {
        self.behind >= MANY_CHANGES
    }

    /// Takes a seat that is free; false when the class can have none. The panel and the class have to be up to date. `told` is what
    /// kin knows of all nodes, if it does.
    pub(super) fn take_seat(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &mut Panel,
        seat: usize,
        told: Option<Told>,
    ) -> Result<bool, Literal> {
        // A panel knows nothing of promises, but groups may.
        let is_grouped = self.is_grouped(evaluator) && evaluator.nominator.is_empty();
        let evaluator = &evaluator.without_promises();
        self.note_seat(evaluator, None);
        if !self.is_served_by(panel) {
            return Ok(false);
        }
        let has_raw = self.plan.relative_by_node().next().is_some();
        let column = match told.filter(|told| told.raw.is_some() || !has_raw) {
            Some(told) => {
                self.seated_raw = told.raw;
                Some(told.column)
            }
            None => self.column(evaluator, is_grouped)?.map(Column::Nodes),
        };
        let Some(column) = column else { return Ok(false) };
        let Some((kinds, apart)) = self.kinds_of_all(evaluator, panel)? else { return Ok(false) };
        let weight = |id: PluginId| {
            let scorer = self.plan.absolute.iter().find(|scorer| scorer.id == id && scorer.by_pods);
            scorer.map_or(0, |scorer| i16::try_from(scorer.weight).unwrap_or(0))
        };
        let is_taken = panel.take(seat, evaluator, &self.states.all, weight, &column, &apart)?;
        self.note_seat(evaluator, is_taken.then_some(kinds));
        Ok(is_taken)
    }

    /// Whether all that depends on the pods of a node is said by plugins of the panel. Those of them that have nothing to say about
    /// the class say so at its seat.
    fn is_served_by(&self, panel: &Panel) -> bool {
        let plan = &self.plan;
        let filters: Vec<PluginId> =
            panel.plugins().filter(|(_, filters)| *filters).map(|(id, _)| id).collect();
        let scores = |id: PluginId| panel.plugins().any(|(other, _)| other == id);
        plan.filters_by_pods.iter().all(|id| filters.contains(id))
            && plan.absolute.iter().filter(|scorer| scorer.by_pods).all(|scorer| scores(scorer.id))
    }

    /// The decision as the panel has it; `None` when the class has to decide by itself. `best` gets the nodes among which chance
    /// decided, if they are asked for.
    pub(super) fn decide_seated(
        &mut self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&mut Panel, usize),
        chooser: &mut Chooser,
        scratch: &mut Scratch,
        best: Option<&mut Vec<Slot>>,
    ) -> Result<Option<Decided>, Literal> {
        let began = evaluator.watch.start();
        if !self.follow_kinds(evaluator, (panel, seat), &mut scratch.changes)? {
            self.leave_seat();
            return Ok(None);
        }
        let unknown = panel.unknown(seat);
        if !unknown.is_empty() {
            match self.fixed_of(&evaluator.without_promises(), unknown)? {
                Some(known) => panel.learn(evaluator, seat, &known),
                None => return Ok(None),
            }
        }
        if panel.is_broken(seat) {
            return Ok(None);
        }
        let barred = self.bar_promised(evaluator, (panel, seat))?;
        let decided = self.decide_by_panel(evaluator, (panel, seat), (chooser, scratch), began, best);
        promised::unbar(panel, seat, barred);
        decided
    }

    fn decide_by_panel(
        &mut self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&Panel, usize),
        (chooser, scratch): (&mut Chooser, &mut Scratch),
        began: Duration,
        best: Option<&mut Vec<Slot>>,
    ) -> Result<Option<Decided>, Literal> {
        let candidates = self.candidates(evaluator, (panel, seat))?;
        let feasible = candidates.iter().map(|candidate| candidate.feasible).sum();
        let searched = evaluator.watch.point(ExtensionPoint::Filter, Status::Success, began);
        let Some(slot) =
            self.choose_seated(evaluator, (panel, seat), candidates, (chooser, scratch), best)?
        else {
            return Ok(None);
        };
        if feasible > 1 {
            evaluator.watch.point(ExtensionPoint::Score, Status::Success, searched);
        }
        let nodes = evaluator.snapshot.len();
        self.decided(evaluator, slot, (nodes, feasible), nodes).map(Some)
    }
}
