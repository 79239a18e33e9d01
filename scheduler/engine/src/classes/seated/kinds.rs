//! How a class with a seat tells nodes apart by what censuses count.
//!
//! Nodes of a part of the cluster are of one kind to it, mostly. Those that are of another, because pods are there that are counted,
//! are told apart one by one.

use longshore_framework::node::ZONE;
use longshore_framework::plugin::Recounted;
use longshore_framework::snapshot::Slot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::classes::changes::Changes;
use crate::classes::class::Class;
use crate::classes::groups::GroupKey;
use crate::classes::kinds::Kinds;
use crate::classes::panel::Panel;
use crate::cycle::Evaluator;
use crate::path::Literal;

/// Nodes that are told apart at the most: each is looked at in every decision.
const MAX_APART: usize = 2048;

/// Kinds that there ever were, at the most.
const MAX_KINDS: usize = 4096;

/// Where one node of so many may be of another kind than the others of its part, or more, all are looked at.
const FEW: usize = 4;

/// Nodes that are told apart, each with the number of its kind.
type NodesApart = Vec<(Slot, u32)>;

/// The kinds that were found, and how many nodes each has.
#[derive(Default)]
struct Found {
    /// By number, with the part.
    kinds: Vec<(u32, GroupKey, usize)>,
    numbers: FxHashMap<(u32, GroupKey), usize>,
    /// By part, the kind of the node that was added last: mostly the next one is of the same.
    last: Vec<Option<usize>>,
    nodes: Vec<(Slot, usize)>,
}

impl Found {
    fn add(&mut self, part: u32, slot: Slot, kind: &[i64]) {
        if self.last.len() <= part as usize {
            self.last.resize(part as usize + 1, None);
        }
        let last = self.last[part as usize].filter(|last| self.kinds[*last].1.as_slice() == kind);
        let number = last.unwrap_or_else(|| {
            let next = self.kinds.len();
            let number = *self.numbers.entry((part, kind.into())).or_insert(next);
            if number == next {
                self.kinds.push((part, kind.into(), 0));
            }
            number
        });
        self.last[part as usize] = Some(number);
        self.kinds[number].2 += 1;
        self.nodes.push((slot, number));
    }

    /// Tells `kinds` of them, for each part the one of most nodes first: that is the one in common. The nodes of others, with their
    /// kinds.
    fn number(self, kinds: &mut Kinds) -> NodesApart {
        let mut order: Vec<usize> = (0..self.kinds.len()).collect();
        order.sort_by_key(|number| std::cmp::Reverse(self.kinds[*number].2));
        let mut numbers = vec![None; self.kinds.len()];
        for at in order {
            let (part, kind, _) = &self.kinds[at];
            numbers[at] = kinds.number(*part, kind);
        }
        let number = |(slot, at): (Slot, usize)| Some((slot, numbers[at]?));
        self.nodes.into_iter().filter_map(number).collect()
    }
}

impl Class {
    /// The kinds of all nodes, and which nodes are told apart by that; `None` when they are too many. Censuses are up to date.
    pub(super) fn kinds_of_all(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &Panel,
    ) -> Result<Option<(Kinds, NodesApart)>, Literal> {
        let snapshot = evaluator.snapshot;
        let mut kinds = Kinds::as_of(snapshot.generation());
        if self.plan.speaking.is_empty() {
            return Ok(Some((kinds, Vec::new())));
        }
        if let Some(found) = self.kinds_of_few(evaluator, panel)? {
            return Ok(Some(found));
        }
        let nodes: Vec<Slot> = snapshot.live().iter().map(Slot::from).collect();
        let mut by_census = Vec::new();
        for (id, census) in &self.plan.speaking {
            let mut numbers = Vec::with_capacity(4 * nodes.len());
            census.kinds(evaluator.cycle(), self.states.all.of(*id), &nodes, &mut numbers)?;
            by_census.push((numbers.len() / nodes.len().max(1), numbers));
        }
        let mut found = Found::default();
        for (at, slot) in nodes.into_iter().enumerate() {
            self.key.clear();
            for (width, numbers) in &by_census {
                self.key.extend_from_slice(&numbers[at * width..(at + 1) * width]);
            }
            found.add(panel.part(slot), slot, &self.key);
            if found.kinds.len() > MAX_KINDS {
                return Ok(None);
            }
        }
        let apart = found.number(&mut kinds);
        Ok((apart.len() <= MAX_APART).then_some((kinds, apart)))
    }

    /// The same where censuses know that the nodes of a part are alike but for some, and say which; `None` where they do not, or where
    /// these are many.
    fn kinds_of_few(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &Panel,
    ) -> Result<Option<(Kinds, NodesApart)>, Literal> {
        let snapshot = evaluator.snapshot;
        let Some(except) = self.except_in_parts(evaluator).filter(|few| FEW * few.len() <= snapshot.len())
        else {
            return Ok(None);
        };
        let mut kinds = Kinds::as_of(snapshot.generation());
        for part in 0..panel.part_count() {
            let is_like_most = |slot: &Slot| except.binary_search(slot).is_err();
            if let Some(slot) = panel.members(part).find(is_like_most) {
                let kind = self.kind_of(evaluator, slot)?;
                kinds.number(part, &kind);
            }
        }
        let mut apart = NodesApart::new();
        for slot in except {
            let kind = self.kind_of(evaluator, slot)?;
            apart.extend(kinds.number(panel.part(slot), &kind).map(|number| (slot, number)));
        }
        debug_assert_eq!(
            self.told_wrong(evaluator, panel, (&mut kinds, &apart)),
            Ok(None),
            "{:?}",
            self.plan
        );
        Ok((apart.len() <= MAX_APART && kinds.len() <= MAX_KINDS).then_some((kinds, apart)))
    }

    /// A node that is of another kind than these say, found by a look at all.
    fn told_wrong(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &Panel,
        (kinds, apart): (&mut Kinds, &NodesApart),
    ) -> Result<Option<Slot>, Literal> {
        for slot in evaluator.snapshot.live().iter().map(Slot::from) {
            let kind = self.kind_of(evaluator, slot)?;
            let told = apart.iter().find(|(other, _)| *other == slot).map(|(_, number)| *number);
            if kinds.number(panel.part(slot), &kind) != told {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// The nodes that may be of another kind than the others of their part, in ascending order; `None` when that is not known.
    fn except_in_parts(&self, evaluator: &Evaluator<'_>) -> Option<Vec<Slot>> {
        let snapshot = evaluator.snapshot;
        let mut except = Vec::new();
        for (id, census) in &self.plan.speaking {
            let alike = census.alike(evaluator.cycle(), self.states.all.of(*id))?;
            if alike.keys.iter().any(|key| **key != *ZONE) {
                return None;
            }
            except.extend(alike.except);
        }
        Panel::has_zone_by_part(snapshot).then_some(())?;
        except.retain(|slot| snapshot.live().contains(slot.index()));
        except.sort_unstable();
        except.dedup();
        Some(except)
    }

    fn kind_of(&mut self, evaluator: &Evaluator<'_>, slot: Slot) -> Result<GroupKey, Literal> {
        self.key.clear();
        self.add_kinds(evaluator, slot)?;
        Ok(self.key.as_slice().into())
    }

    /// Counts what changed, and tells the panel which nodes are of another kind now. False when the class cannot keep its seat.
    pub(super) fn follow_kinds(
        &mut self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&mut Panel, usize),
        changes: &mut Changes,
    ) -> Result<bool, Literal> {
        let now = evaluator.snapshot.generation();
        let Some(since) = self.kinds_as_of().filter(|since| *since != now) else { return Ok(true) };
        let Some(slots) = self.to_recount(evaluator, since, changes) else { return Ok(false) };
        // A census that has to count anew, or that breaks, may say so but once: then nothing is known any more.
        let as_of = self.forget_nodes();
        for (id, census) in &self.plan.speaking {
            let state = self.states.all.of_mut(*id);
            if census.recount(evaluator.cycle(), state, &slots)? == Recounted::Anew {
                return Ok(false);
            }
        }
        self.recall_nodes(as_of);
        let mut found = SmallVec::<[(Slot, GroupKey); 4]>::new();
        for slot in slots.into_iter().filter(|slot| evaluator.snapshot.live().contains(slot.index())) {
            found.push((slot, self.kind_of(evaluator, slot)?));
        }
        for (slot, kind) in found {
            let kind = self.kinds.number(panel.part(slot), &kind);
            panel.tell_apart(seat, slot, kind);
        }
        panel.settle();
        self.kinds.generation = now;
        Ok(panel.apart(seat).len() <= MAX_APART && self.kinds.len() <= MAX_KINDS)
    }

    /// The generation that the kinds are as of; `None` when nodes are not told apart.
    fn kinds_as_of(&self) -> Option<u64> {
        self.kinds.are_there().then_some(self.kinds.generation)
    }

    /// The nodes that censuses have to recount, in ascending order; `None` when that is not known.
    fn to_recount(&self, evaluator: &Evaluator<'_>, since: u64, changes: &mut Changes) -> Option<Vec<Slot>> {
        let snapshot = evaluator.snapshot;
        if snapshot.anything_changed_at() <= since
            && let Some(mut slots) = self.recounts_by_pods(evaluator, since)
        {
            slots.sort_unstable();
            slots.dedup();
            return Some(slots);
        }
        changes.read(snapshot, since).then_some(())?;
        Some(self.recounts(evaluator, since, changes).unwrap_or_else(|| changes.slots.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes by part and kind, those that are told apart.
    #[track_caller]
    fn check(nodes: &[(u32, i64)], want: &[(u32, u32)]) {
        let mut found = Found::default();
        for (slot, (part, kind)) in (0..).zip(nodes) {
            found.add(*part, Slot(slot), &[*kind]);
        }
        let apart = found.number(&mut Kinds::default());
        assert_eq!(apart, want.iter().map(|(slot, kind)| (Slot(*slot), *kind)).collect::<Vec<_>>());
    }

    #[test]
    fn what_most_nodes_of_a_part_are_is_not_told_apart() {
        check(&[(0, 7), (0, 7), (0, 7)], &[]);
        check(&[(0, 8), (0, 7), (0, 7)], &[(0, 0)]);
        check(&[(0, 7), (0, 7), (0, 8), (2, 8), (2, 8), (2, 7)], &[(2, 0), (5, 1)]);
        check(&[(1, 7), (1, 8), (1, 9), (1, 8), (1, 9), (1, 9)], &[(0, 1), (1, 0), (3, 0)]);
    }
}
