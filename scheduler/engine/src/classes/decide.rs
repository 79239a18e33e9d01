//! A decision by groups: which are feasible, what they score, and one of the best nodes.

use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Verdict;

use super::Decided;
use super::class::{Class, Rejected, raw_in};
use super::groups::{Group, Groups};
use crate::cycle::Evaluator;
use crate::cycle::select::Chooser;
use crate::meter::{ExtensionPoint, Status};

/// More groups than this, if they are no fewer than a quarter of the nodes, are no gain over the nodes themselves.
const FEW_GROUPS: usize = 256;

/// Memory that decisions use one after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    changed: Vec<Slot>,
    /// The feasible groups: a node of each, and how many nodes there are.
    feasible: Vec<(Slot, usize)>,
    slots: Vec<Slot>,
    scores: Vec<i64>,
    totals: Vec<i64>,
}

impl Scratch {
    /// The nodes among which chance decided last.
    pub(super) fn best(&self, class: &Class) -> Vec<Slot> {
        let buckets = best_buckets(&class.groups, &self.feasible, &self.totals);
        buckets.flatten().copied().collect()
    }
}

/// The nodes with the highest total: of each feasible group with the highest the best.
fn best_buckets<'g>(
    groups: &'g Groups,
    feasible: &'g [(Slot, usize)],
    totals: &'g [i64],
) -> impl Iterator<Item = &'g [Slot]> + Clone {
    let best = totals.iter().max();
    let in_best = feasible.iter().zip(totals).filter(move |(_, total)| Some(*total) == best);
    in_best.filter_map(|((slot, _), _)| Some(groups.of(*slot)?.best().1))
}

impl Class {
    /// A decision for `evaluator.pod`; `None` when the literal evaluator has to decide.
    pub(super) fn decide(
        &mut self,
        evaluator: &Evaluator<'_>,
        chooser: &mut Chooser,
        scratch: &mut Scratch,
    ) -> Option<Decided> {
        let began = evaluator.watch.start();
        self.catch_up(evaluator, &mut scratch.changed)?;
        if self.plan.only.is_some() {
            if evaluator.nominator.node_of(&evaluator.pod.meta.uid).is_some() {
                return None;
            }
            // Why it does not fit anywhere else is the literal evaluator's to say.
            return self.decided(self.only_node(evaluator)?, (1, 1), 1);
        }
        if let Some(slot) = self.own
            && let Some(group) = self.groups.of(slot)
            && self.first_word_on(evaluator, group, slot)?.is_none()
        {
            return self.decided(slot, (1, 1), 0);
        }
        let (groups, nodes) = (self.groups.len(), evaluator.snapshot.len());
        if groups > FEW_GROUPS && groups > nodes / 4 {
            return None;
        }
        scratch.feasible.clear();
        for group in self.groups.iter().filter(|group| Self::passed(group.key())) {
            if self.first_word(evaluator, group)?.is_none() {
                scratch.feasible.push((*group.best().1.first()?, group.len()));
            }
        }
        let feasible: usize = scratch.feasible.iter().map(|(_, count)| count).sum();
        let searched = evaluator.watch.point(ExtensionPoint::Filter, Status::Success, began);
        let slot = match feasible {
            0 => return self.unfit(evaluator),
            1 => scratch.feasible.first()?.0,
            _ => self.choose(evaluator, chooser, scratch)?,
        };
        if feasible > 1 {
            evaluator.watch.point(ExtensionPoint::Score, Status::Success, searched);
        }
        self.decided(slot, (nodes, feasible), nodes)
    }

    /// The choice, with what plugins remember that have a say later.
    fn decided(&self, slot: Slot, (evaluated, feasible): (usize, usize), searched: usize) -> Option<Decided> {
        let mut state = self.late.clone();
        (state.evaluated, state.feasible) = (evaluated, feasible);
        Some(Decided { outcome: Ok(slot), searched, state })
    }

    /// The first of the filters that go by groups and whose turn is before `turn` that rejects the node.
    #[expect(clippy::option_option, reason = "no word at all, no rejection, a rejection")]
    fn rejected_by_group(
        &self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
        turn: usize,
    ) -> Option<Option<Rejected>> {
        let state = self.state.as_ref()?;
        let node = evaluator.snapshot.view(slot);
        for filter in self.plan.group_filters.iter().filter(|filter| filter.turn < turn) {
            let verdict = filter.plugin.filter(evaluator.cycle(), state.of(filter.id), node).ok()?;
            if let Verdict::Reject(rejection) = verdict {
                return Some(Some(Rejected { turn: filter.turn, plugin: filter.id, rejection }));
            }
        }
        Some(None)
    }

    /// One of the nodes with the highest total, each as likely.
    fn choose(
        &mut self,
        evaluator: &Evaluator<'_>,
        chooser: &mut Chooser,
        scratch: &mut Scratch,
    ) -> Option<Slot> {
        scratch.totals.clear();
        scratch.totals.resize(scratch.feasible.len(), 0);
        if scratch.feasible.len() > 1 {
            self.add_relative_scores(evaluator, scratch)?;
        }
        for ((slot, _), total) in scratch.feasible.iter().zip(&mut scratch.totals) {
            *total = total.saturating_add(self.groups.of(*slot)?.best().0);
        }
        let buckets = best_buckets(&self.groups, &scratch.feasible, &scratch.totals);
        chooser.choose_among(buckets, |slot| &evaluator.snapshot.node(slot).name)
    }

    fn add_relative_scores(&mut self, evaluator: &Evaluator<'_>, scratch: &mut Scratch) -> Option<()> {
        let Scratch { feasible, slots, scores, totals, .. } = scratch;
        slots.clear();
        slots.extend(feasible.iter().map(|(slot, _)| *slot));
        let (cycle, state) = (evaluator.cycle(), self.state.as_mut()?);
        for (id, census) in &self.plan.censuses {
            census.weigh(cycle, state.of_mut(*id), feasible).ok()?;
        }
        let mut by_node = 0;
        for scorer in &self.plan.relative {
            scores.clear();
            if scorer.by_group {
                scores.resize(slots.len(), 0);
                scorer.plugin.score_range(cycle, state.of(scorer.id), slots, scores).ok()?;
            } else {
                let raw =
                    slots.iter().map(|slot| self.groups.of(*slot).map_or(0, |g| raw_in(g.key(), by_node)));
                scores.extend(raw);
                by_node += 1;
            }
            scorer.plugin.normalise(cycle, state.of(scorer.id), slots, scores).ok()?;
            if scores.iter().any(|score| !(0..=MAX_SCORE).contains(score)) {
                return None;
            }
            for (total, score) in totals.iter_mut().zip(&*scores) {
                *total = total.saturating_add(scorer.weight.saturating_mul(*score));
            }
        }
        Some(())
    }

    /// The first rejection of the group's nodes, whoever it is by.
    #[expect(clippy::option_option, reason = "no word at all, no rejection, a rejection")]
    pub(super) fn first_word(&self, evaluator: &Evaluator<'_>, group: &Group) -> Option<Option<Rejected>> {
        self.first_word_on(evaluator, group, *group.best().1.first()?)
    }

    /// The same of one node of the group.
    #[expect(clippy::option_option, reason = "no word at all, no rejection, a rejection")]
    fn first_word_on(
        &self,
        evaluator: &Evaluator<'_>,
        group: &Group,
        slot: Slot,
    ) -> Option<Option<Rejected>> {
        if let Some(slot) = self.node_apart(group.key()) {
            return self.word_on_apart(evaluator, slot);
        }
        let own = self.rejected(group.key());
        let by_group = self.rejected_by_group(evaluator, slot, own.map_or(usize::MAX, |r| r.turn))?;
        Some(by_group.or_else(|| own.cloned()))
    }

    /// What all filters say of a node where room is promised to pods that count: with these pods, then without them.
    #[expect(clippy::option_option, reason = "no word at all, no rejection, a rejection")]
    fn word_on_apart(&self, evaluator: &Evaluator<'_>, slot: Slot) -> Option<Option<Rejected>> {
        let Some((plugin, rejection)) = evaluator.judge(self.state.as_ref()?, slot).ok()? else {
            return Some(None);
        };
        let turn = evaluator.profile.stage(Stage::Filter).iter().position(|id| *id == plugin)?;
        Some(Some(Rejected { turn, plugin, rejection }))
    }
}
