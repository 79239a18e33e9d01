//! How a class judges and scores nodes: all of a node when anything changed, and what depends on its pods when only they
//! did.

use longshore_framework::snapshot::Slot;
use smallvec::SmallVec;

use super::changes::Changes;
use super::class::{Class, FEASIBLE, FEW_NODES, Rejected, number_in};
use crate::cycle::score::Scorer;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, NodeStatus};
use crate::meter::Watch;
use crate::path::Literal;

/// Who is asked about nodes: what they remember, and the scorers among them.
pub(super) struct Asked<'a> {
    pub(super) state: &'a CycleState,
    pub(super) scorers: SmallVec<[Scorer<'a>; 8]>,
}

/// What was said of some nodes.
#[derive(Default)]
pub(super) struct Answers {
    passed: Vec<Slot>,
    /// For each of them the raw score of every scorer in turn.
    scores: Vec<i64>,
    pub(super) rejected: Vec<NodeStatus>,
}

impl Answers {
    /// The nodes that passed, with their raw scores by so many scorers.
    pub(super) fn passed(&self, scorers: usize) -> impl Iterator<Item = (Slot, &[i64])> {
        let scores = move |at: usize| &self.scores[at * scorers..(at + 1) * scorers];
        self.passed.iter().enumerate().map(move |(at, slot)| (*slot, scores(at)))
    }
}

impl Class {
    /// Takes in changes of nodes. Censuses recounted some of them, or all of them for `None`.
    pub(super) fn take_in(
        &mut self,
        evaluator: &Evaluator<'_>,
        changes: &Changes,
        recounted: Option<&[Slot]>,
    ) -> Result<(), Literal> {
        let live = evaluator.snapshot.live();
        let mut anew = SmallVec::<[Slot; FEW_NODES]>::new();
        let mut by_pods = Vec::with_capacity(changes.slots.len());
        let mut numbers = std::mem::take(&mut self.numbers_of_changed);
        self.groups.numbers_of(&changes.slots, &mut numbers);
        for (slot, number) in changes.slots.iter().zip(&numbers) {
            self.rejected_nodes.forget_run(*slot);
            match self.groups.numbered(*number) {
                _ if !live.contains(slot.index()) => self.remove(*slot),
                None => anew.push(*slot),
                Some(_) if changes.is_anything(*slot) => anew.push(*slot),
                Some(group) => match self.rejected(group.key()) {
                    Some(rejected) if self.plan.outlives_pods(rejected.turn) => {}
                    _ => by_pods.push(*slot),
                },
            }
        }
        self.numbers_of_changed = numbers;
        self.evaluate_pods(evaluator, by_pods, recounted, &mut anew)?;
        for slot in &anew {
            self.remove(*slot);
        }
        self.evaluate(evaluator, &anew)
    }

    fn remove(&mut self, slot: Slot) {
        let number = self.groups.group_of(slot).map_or(0, |group| number_in(group.key()));
        self.rejected_nodes.remove(slot, number);
        self.groups.remove(slot);
    }

    /// Judges and scores nodes that are in no group, and puts each into its own. `slots` are in ascending order.
    pub(super) fn evaluate(&mut self, evaluator: &Evaluator<'_>, slots: &[Slot]) -> Result<(), Literal> {
        if self.plan.single_node.is_some() || slots.is_empty() {
            return Ok(());
        }
        let scorers = self.plan.node_scorers(evaluator.profile, false);
        let width = scorers.len();
        let answers = ask(evaluator, &Asked { state: &self.states.by_node, scorers }, slots.to_vec())?;
        for (slot, raw) in answers.passed(width) {
            self.accept(evaluator, slot, raw)?;
        }
        answers.rejected.into_iter().try_for_each(|status| self.reject(evaluator, status))
    }

    /// Asks about nodes that are in a group whoever depends on their pods. `anew` gets those of which more has to be
    /// asked.
    fn evaluate_pods(
        &mut self,
        evaluator: &Evaluator<'_>,
        slots: Vec<Slot>,
        recounted: Option<&[Slot]>,
        anew: &mut SmallVec<[Slot; FEW_NODES]>,
    ) -> Result<(), Literal> {
        if slots.is_empty() {
            return Ok(());
        }
        let scorers = self.plan.node_scorers(evaluator.profile, true);
        let width = scorers.len();
        let answers = ask(evaluator, &Asked { state: &self.states.by_pods, scorers }, slots)?;
        let before = anew.len();
        for (slot, raw) in answers.passed(width) {
            match self.groups.group_of(slot) {
                Some(group) if Self::passed(group.key()) => {
                    let is_recounted = recounted.is_none_or(|slots| slots.binary_search(&slot).is_ok());
                    self.accept_again(evaluator, slot, raw, is_recounted)?;
                }
                _ => anew.push(slot),
            }
        }
        for status in answers.rejected {
            let slot = status.slot;
            match self.first_word_again(evaluator, status) {
                Some(first) => self.reject(evaluator, first)?,
                None => anew.push(slot),
            }
        }
        if anew.len() > before {
            anew.sort_unstable();
        }
        Ok(())
    }

    /// The first word on a node, now that this filter rejects it; `None` when it is not known. Filters that do not depend on its
    /// pods were not asked again.
    fn first_word_again(&self, evaluator: &Evaluator<'_>, status: NodeStatus) -> Option<NodeStatus> {
        let known = self.groups.group_of(status.slot).and_then(|group| self.rejected(group.key()));
        let turn = Self::turn(evaluator, status.plugin);
        match known {
            // Between the two may be one that was not asked.
            Some(known) if known.turn < turn && !self.plan.fixed_filters.contains(&known.plugin) => None,
            Some(known) if known.turn < turn => {
                Some(NodeStatus { plugin: known.plugin, rejection: known.rejection.clone(), ..status })
            }
            _ => Some(status),
        }
    }

    /// Groups a node that every filter passed which goes by nodes, given its raw scores.
    fn accept(&mut self, evaluator: &Evaluator<'_>, slot: Slot, raw: &[i64]) -> Result<(), Literal> {
        let (absolute, relative) = raw.split_at(self.plan.absolute.len());
        let (mut fixed, mut by_pods) = (0_i64, 0_i64);
        for (scorer, raw) in self.plan.absolute.iter().zip(absolute) {
            evaluator.check_range(scorer.id, std::slice::from_ref(raw))?;
            let part = if scorer.by_pods { &mut by_pods } else { &mut fixed };
            *part = part.saturating_add(scorer.weight.saturating_mul(*raw));
        }
        self.keep_fixed(slot, fixed);
        self.key.clear();
        self.key.push(FEASIBLE);
        self.key.extend(relative);
        self.add_kinds(evaluator, slot)?;
        self.add_apart(evaluator, slot);
        self.groups.put(slot, &self.key, fixed.saturating_add(by_pods));
        Ok(())
    }

    /// Most pods have no score that is fixed and not 0: for them nothing is kept.
    fn keep_fixed(&mut self, slot: Slot, score: i64) {
        if self.fixed_scores.len() <= slot.index() {
            if score == 0 {
                return;
            }
            self.fixed_scores.resize(slot.index() + 1, 0);
        }
        self.fixed_scores[slot.index()] = score;
    }

    /// The same for a node that was among those before, given the raw scores that its pods may have changed. What censuses know
    /// of it is as it was unless they recounted it.
    fn accept_again(
        &mut self,
        evaluator: &Evaluator<'_>,
        slot: Slot,
        raw: &[i64],
        is_recounted: bool,
    ) -> Result<(), Literal> {
        let mut score = self.fixed_scores.get(slot.index()).copied().unwrap_or(0);
        let mut raw = raw.iter();
        for scorer in self.plan.absolute.iter().filter(|scorer| scorer.by_pods) {
            let raw = raw.next().copied().unwrap_or(0);
            evaluator.check_range(scorer.id, &[raw])?;
            score = score.saturating_add(scorer.weight.saturating_mul(raw));
        }
        if !self.plan.groups_follow_pods(is_recounted) {
            self.groups.set_score(slot, score);
            return Ok(());
        }
        self.key.clear();
        self.key.push(FEASIBLE);
        let known = self.groups.group_of(slot).map_or(&[][..], |group| group.key());
        for (at, scorer) in self.plan.relative_by_node().enumerate() {
            let kept = known.get(at + 1).copied();
            self.key.extend(if scorer.by_pods { raw.next().copied() } else { kept });
        }
        self.add_kinds(evaluator, slot)?;
        self.add_apart(evaluator, slot);
        self.groups.put(slot, &self.key, score);
        Ok(())
    }

    /// Groups a node that a filter rejected which goes by nodes.
    fn reject(&mut self, evaluator: &Evaluator<'_>, status: NodeStatus) -> Result<(), Literal> {
        let turn = Self::turn(evaluator, status.plugin);
        let (code, slot) = (status.rejection.code, status.slot);
        let before = self.groups.group_of(slot).map_or(0, |group| number_in(group.key()));
        let is_same = |r: &Rejected| r.plugin == status.plugin && r.rejection == status.rejection;
        let number = match self.rejection(before) {
            Some(known) if is_same(known) => before,
            _ => self.number(Rejected { turn, plugin: status.plugin, rejection: status.rejection }),
        };
        if number != before {
            self.rejected_nodes.remove(slot, before);
            self.rejected_nodes.insert(slot, number, code);
        }
        self.key.clear();
        self.key.push(i64::try_from(number).unwrap_or(i64::MAX));
        // Where a filter that goes by groups has the first word, its groups have to be told apart here as well.
        if self.plan.asks_groups_before(turn) {
            self.add_kinds(evaluator, slot)?;
        }
        self.add_apart(evaluator, slot);
        self.groups.put(slot, &self.key, 0);
        Ok(())
    }

    /// The node of this name, the only one that PreFilter leaves, if it is feasible.
    pub(super) fn single_node(&self, evaluator: &Evaluator<'_>, name: &str) -> Result<Option<Slot>, Literal> {
        let Some(slot) = evaluator.snapshot.slot(name) else { return Ok(None) };
        Ok(evaluator.judge(&self.states.by_node, slot)?.is_none().then_some(slot))
    }
}

/// Asks about nodes, in ascending order: about a few one by one, which needs no memory, about many in columns.
pub(super) fn ask(
    evaluator: &Evaluator<'_>,
    asked: &Asked<'_>,
    slots: Vec<Slot>,
) -> Result<Answers, Literal> {
    match slots.len() {
        0..=FEW_NODES => ask_each(evaluator, asked, &slots),
        _ => ask_all(evaluator, asked, slots),
    }
}

fn ask_each(evaluator: &Evaluator<'_>, asked: &Asked<'_>, slots: &[Slot]) -> Result<Answers, Literal> {
    // To count a dozen answers would take longer than to give them.
    let evaluator = &Evaluator { watch: Watch::default(), ..*evaluator };
    let mut answers = Answers::default();
    for slot in slots {
        if let Some((plugin, rejection)) = evaluator.judge(asked.state, *slot)? {
            answers.rejected.push(NodeStatus { slot: *slot, plugin, rejection });
            continue;
        }
        let node = evaluator.snapshot.view(*slot);
        for (id, plugin) in &asked.scorers {
            answers.scores.push(plugin.score(evaluator.cycle(), asked.state.of(*id), node)?);
        }
        answers.passed.push(*slot);
    }
    Ok(answers)
}

fn ask_all(evaluator: &Evaluator<'_>, asked: &Asked<'_>, slots: Vec<Slot>) -> Result<Answers, Literal> {
    let filtered = evaluator.filter(asked.state, slots)?;
    let columns = evaluator.raw_scores(asked.state, &asked.scorers, &filtered.feasible)?;
    let mut scores = Vec::with_capacity(columns.len() * filtered.feasible.len());
    for at in 0..filtered.feasible.len() {
        scores.extend(columns.iter().map(|column| column[at]));
    }
    Ok(Answers { passed: filtered.feasible, scores, rejected: filtered.rejected })
}
