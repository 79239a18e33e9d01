//! A decision by groups: which are feasible, what they score, and one of the best nodes.

use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Verdict;

use super::Decided;
use super::ask::Asked;
use super::class::{Class, Rejected, raw_in};
use super::groups::{Group, Groups};
use super::scratch::Scratch;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, Stopped};
use crate::meter::{ExtensionPoint, Status};
use crate::path::Literal;
use crate::ranking::Ranked;

/// More groups than this, if they are no fewer than a quarter of the nodes, are no gain over the nodes themselves.
const FEW_GROUPS: usize = 256;

impl Scratch {
    /// The nodes among which chance decided last.
    pub(super) fn best(&self, class: &Class) -> Vec<Slot> {
        if !self.found.best.is_empty() {
            return self.found.best.clone();
        }
        best_rankings(&class.groups, &self.feasible, &self.totals).flat_map(Ranked::best_slots).collect()
    }

    /// The nodes that plugins rejected which were asked in the last decision.
    pub(super) fn turned_down(&self) -> &[Slot] {
        &self.found.rejected
    }
}

/// The nodes with the highest total: of each feasible group with the highest the best.
fn best_rankings<'g>(
    groups: &'g Groups,
    feasible: &'g [(Slot, usize)],
    totals: &'g [i64],
) -> impl Iterator<Item = Ranked<'g>> + Clone {
    let best = totals.iter().max();
    let in_best = feasible.iter().zip(totals).filter(move |(_, total)| Some(*total) == best);
    in_best.filter_map(|((slot, _), _)| Some(groups.ranked(groups.group_of(*slot)?)))
}

impl Class {
    /// A decision for `evaluator.pod`; an error when the literal evaluator has to decide. With `audits` nothing is told again
    /// that was told of another pod.
    pub(super) fn decide(
        &mut self,
        evaluator: &Evaluator<'_>,
        chooser: &mut Chooser,
        scratch: &mut Scratch,
        audits: bool,
    ) -> Result<Decided, Literal> {
        let began = evaluator.watch.start();
        self.catch_up(evaluator, &mut scratch.changes)?;
        if let (false, Some(known)) = (audits, self.known_failure(evaluator)) {
            evaluator.watch.point(ExtensionPoint::Filter, Status::Success, began);
            let nodes = evaluator.snapshot.len();
            let mut state = CycleState::default();
            state.evaluated = nodes;
            return Ok(Decided { outcome: Err(Stopped::Known(known)), searched: nodes, state, asks: false });
        }
        if let Some(decided) = self.by_promise(evaluator)? {
            return Ok(decided);
        }
        let (groups, nodes) = (self.groups.len(), evaluator.snapshot.len());
        if groups > FEW_GROUPS && groups > nodes / 4 {
            return Err(Literal::ManyGroups);
        }
        scratch.feasible.clear();
        scratch.found.clear();
        for group in self.groups.iter().filter(|group| Self::passed(group.key())) {
            if let (None, Some(slot)) = (self.first_word(evaluator, group)?, group.any()) {
                scratch.feasible.push((slot, group.len()));
            }
        }
        let feasible: usize = scratch.feasible.iter().map(|(_, count)| count).sum();
        let searched = evaluator.watch.point(ExtensionPoint::Filter, Status::Success, began);
        let Some((any, _)) = scratch.feasible.first().copied() else { return self.unfit(evaluator) };
        let asked = self
            .asks(evaluator)
            .map(|why| Ok::<_, Literal>((why, self.begin_asking(evaluator)?)))
            .transpose()?;
        let (Asked { slot, feasible, evaluated }, state) = match asked {
            Some((why, mut state)) if self.asks_about_nodes(evaluator, &state) => {
                let found = self.choose_asking(evaluator, chooser, scratch, &mut state)?;
                // Why the pod fits nowhere is the literal evaluator's to say.
                (found.ok_or(why)?, Some(state))
            }
            asked => {
                let slot = if feasible > 1 { self.choose(evaluator, chooser, scratch)? } else { any };
                (Asked { slot, feasible, evaluated: nodes }, asked.map(|(_, state)| state))
            }
        };
        if feasible > 1 {
            evaluator.watch.point(ExtensionPoint::Score, Status::Success, searched);
        }
        let mut decided = self.decided(evaluator, slot, (evaluated, feasible), nodes)?;
        decided.state.take_over(state.unwrap_or_default(), &self.plan.after);
        Ok(decided)
    }

    /// The decision where only one node is looked at: the one that PreFilter leaves, or the one that the pod is promised if
    /// it is feasible.
    fn by_promise(&self, evaluator: &Evaluator<'_>) -> Result<Option<Decided>, Literal> {
        let extended = evaluator.asks_extenders();
        if let Some((name, plugin)) = &self.plan.single_node {
            if extended {
                return Err(Literal::Extender);
            }
            if evaluator.nominator.node_of(&evaluator.pod.meta.uid).is_some() {
                return Err(Literal::Nominated);
            }
            // Why it does not fit anywhere else is the literal evaluator's to say.
            let slot = self.single_node(evaluator, name)?.ok_or(Literal::PreFilter(*plugin))?;
            return self.decided(evaluator, slot, (1, 1), 1).map(Some);
        }
        let Some((slot, group)) = self.promised.and_then(|slot| Some((slot, self.groups.group_of(slot)?)))
        else {
            return Ok(None);
        };
        if extended {
            return Err(Literal::Nominated);
        }
        if self.first_word_on(evaluator, group, slot)?.is_some() {
            return Ok(None);
        }
        let mut decided = self.decided(evaluator, slot, (1, 1), 0)?;
        if self.asks(evaluator).is_some() {
            let Some(state) = self.ask_about(evaluator, slot)? else { return Ok(None) };
            decided.state.take_over(state, &self.plan.after);
        }
        Ok(Some(decided))
    }

    /// The choice, with what plugins remember of this pod that have a say later.
    pub(super) fn decided(
        &self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
        (evaluated, feasible): (usize, usize),
        searched: usize,
    ) -> Result<Decided, Literal> {
        let mut state = self.states.after.clone();
        (state.evaluated, state.feasible) = (evaluated, feasible);
        for (id, plugin) in &self.plan.renewed {
            plugin.renew(evaluator.cycle(), state.of_mut(*id))?;
        }
        Ok(Decided { outcome: Ok(slot), searched, state, asks: !self.plan.asked.is_empty() })
    }

    /// Whether the filters that go by groups pass a node.
    pub(super) fn passes_group_filters(
        &self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
    ) -> Result<bool, Literal> {
        Ok(self.rejected_by_group(evaluator, slot, usize::MAX)?.is_none())
    }

    /// The first of the filters that go by groups and whose turn is before `turn` that rejects the node.
    fn rejected_by_group(
        &self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
        turn: usize,
    ) -> Result<Option<Rejected>, Literal> {
        let node = evaluator.snapshot.view(slot);
        for filter in self.plan.group_filters.iter().filter(|filter| filter.turn < turn) {
            let state = self.states.all.of(filter.id);
            if let Verdict::Reject(rejection) = filter.plugin.filter(evaluator.cycle(), state, node)? {
                return Ok(Some(Rejected { turn: filter.turn, plugin: filter.id, rejection }));
            }
        }
        Ok(None)
    }

    /// One of the nodes with the highest total, each as likely.
    fn choose(
        &mut self,
        evaluator: &Evaluator<'_>,
        chooser: &mut Chooser,
        scratch: &mut Scratch,
    ) -> Result<Slot, Literal> {
        self.add_relative_scores(evaluator, scratch, true)?;
        for ((slot, _), total) in scratch.feasible.iter().zip(&mut scratch.totals) {
            let best = self.groups.group_of(*slot).map_or(0, Group::best);
            *total = total.saturating_add(best);
        }
        let rankings = best_rankings(&self.groups, &scratch.feasible, &scratch.totals);
        let chosen = chooser.choose_among(rankings, |slot| &evaluator.snapshot.node(slot).name);
        chosen.ok_or_else(|| Literal::Broken("no node is best".to_string()))
    }

    /// Sets the totals of the feasible groups to what is normalised over them; to 0 for only one: there it makes no
    /// difference. Without `by_nodes` raw scores that go by nodes are all the same, and make none either.
    pub(super) fn add_relative_scores(
        &mut self,
        evaluator: &Evaluator<'_>,
        scratch: &mut Scratch,
        by_nodes: bool,
    ) -> Result<(), Literal> {
        scratch.totals.clear();
        scratch.totals.resize(scratch.feasible.len(), 0);
        if scratch.feasible.len() < 2 {
            return Ok(());
        }
        let Scratch { feasible, slots, scores, totals, .. } = scratch;
        slots.clear();
        slots.extend(feasible.iter().map(|(slot, _)| *slot));
        let (cycle, state) = (evaluator.cycle(), &mut self.states.all);
        for (id, census) in &self.plan.censuses {
            census.weigh(cycle, state.of_mut(*id), feasible)?;
        }
        let mut by_node = 0;
        for scorer in &self.plan.relative {
            scores.clear();
            if scorer.by_group {
                scores.resize(slots.len(), 0);
                scorer.plugin.score_range(cycle, state.of(scorer.id), slots, scores)?;
            } else if !by_nodes {
                continue;
            } else {
                let raw = slots
                    .iter()
                    .map(|slot| self.groups.group_of(*slot).map_or(0, |g| raw_in(g.key(), by_node)));
                scores.extend(raw);
                by_node += 1;
            }
            scorer.plugin.normalise(cycle, state.of(scorer.id), slots, scores)?;
            if let Some(score) = scores.iter().find(|score| !(0..=MAX_SCORE).contains(*score)) {
                return Err(Literal::Broken(format!("a normalised score of {score}")));
            }
            for (total, score) in totals.iter_mut().zip(&*scores) {
                *total = total.saturating_add(scorer.weight.saturating_mul(*score));
            }
        }
        Ok(())
    }

    /// The first rejection of the group's nodes, whoever it is by.
    pub(super) fn first_word(
        &self,
        evaluator: &Evaluator<'_>,
        group: &Group,
    ) -> Result<Option<Rejected>, Literal> {
        let slot = group.any().ok_or_else(|| Literal::Broken("a group without nodes".to_string()))?;
        self.first_word_on(evaluator, group, slot)
    }

    /// The same of one node of the group.
    fn first_word_on(
        &self,
        evaluator: &Evaluator<'_>,
        group: &Group,
        slot: Slot,
    ) -> Result<Option<Rejected>, Literal> {
        if let Some(slot) = self.node_apart(group.key()) {
            return self.word_on_apart(evaluator, slot);
        }
        let by_node = self.rejected(group.key());
        let by_group = self.rejected_by_group(evaluator, slot, by_node.map_or(usize::MAX, |r| r.turn))?;
        Ok(by_group.or_else(|| by_node.cloned()))
    }

    /// What all filters say of a node where room is promised to pods that count: with these pods, then without them.
    fn word_on_apart(&self, evaluator: &Evaluator<'_>, slot: Slot) -> Result<Option<Rejected>, Literal> {
        let word = evaluator.judge(&self.states.all, slot)?;
        let turn = |plugin| Self::turn(evaluator, plugin);
        Ok(word.map(|(plugin, rejection)| Rejected { turn: turn(plugin), plugin, rejection }))
    }
}
