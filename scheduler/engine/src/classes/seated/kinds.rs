//! How a class with a seat tells nodes apart by what censuses count.
//!
//! Nodes of a part of the cluster are of one kind to it, mostly. Those that are of another, because pods are there that are counted,
//! are told apart one by one.

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
const MAX_APART: usize = 512;

/// Kinds that there ever were, at the most.
const MAX_KINDS: usize = 4096;

impl Class {
    /// The kinds of all nodes, and which nodes are told apart by that; `None` when they are too many. Censuses are up to date.
    pub(super) fn kinds_of_all(
        &mut self,
        evaluator: &Evaluator<'_>,
        panel: &Panel,
    ) -> Result<Option<(Kinds, Vec<(Slot, u32)>)>, Literal> {
        let snapshot = evaluator.snapshot;
        let mut kinds = Kinds::as_of(snapshot.generation());
        if self.plan.speaking.is_empty() {
            return Ok(Some((kinds, Vec::new())));
        }
        let mut counted: FxHashMap<(u32, GroupKey), u32> = FxHashMap::default();
        let mut all = Vec::with_capacity(snapshot.len());
        for slot in snapshot.live().iter().map(Slot::from) {
            let kind = (panel.part(slot), self.kind_of(evaluator, slot)?);
            *counted.entry(kind.clone()).or_default() += 1;
            all.push((slot, kind));
            if counted.len() > MAX_KINDS {
                return Ok(None);
            }
        }
        let mut most: Vec<((u32, GroupKey), u32)> = counted.into_iter().collect();
        most.sort_unstable_by(|(a, many_a), (b, many_b)| (many_b, a).cmp(&(many_a, b)));
        for ((part, kind), _) in &most {
            kinds.number(*part, kind);
        }
        let number = |(slot, (part, kind)): (Slot, (u32, GroupKey))| Some((slot, kinds.number(part, &kind)?));
        let apart: Vec<(Slot, u32)> = all.into_iter().filter_map(number).collect();
        Ok((apart.len() <= MAX_APART).then_some((kinds, apart)))
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
        for (id, census) in &self.plan.speaking {
            let state = self.states.all.of_mut(*id);
            if census.recount(evaluator.cycle(), state, &slots)? == Recounted::Anew {
                return Ok(false);
            }
        }
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
        let by_pods = self.recounts_by_pods(evaluator, since);
        let only_pods = snapshot.anything_changed_at() <= since;
        let mut slots = match by_pods {
            Some(slots) if only_pods => slots,
            by_pods => {
                changes.read(snapshot, since).then_some(())?;
                match by_pods {
                    Some(slots) => slots.into_iter().chain(changes.with_anything()).collect(),
                    None => changes.slots.clone(),
                }
            }
        };
        slots.sort_unstable();
        slots.dedup();
        Some(slots)
    }
}
