//! One class of pods and what is known of every node for it.

use std::sync::Arc;

use longshore_framework::plugin::Recounted;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::groups::Groups;
use super::plan::Plan;
use super::rejected_nodes::RejectedNodes;
use crate::cycle::state::CycleState;
use crate::cycle::{Evaluator, NodeStatus};
use crate::meter::Watch;

/// Different rejections of a class beyond which it is begun anew: reasons should be few.
const MAX_REJECTIONS: usize = 1024;

/// So many nodes are asked about one by one.
const FEW_NODES: usize = 8;

/// Which changes a class has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    lineage: u64,
    epoch: u64,
    anywhere: u64,
    /// Only where some answer depends on the images of all nodes.
    images: Option<u64>,
}

/// Why a filter rejected a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rejected {
    /// The filter's turn among all filters.
    pub(super) turn: usize,
    pub(super) plugin: PluginId,
    pub(super) rejection: Rejection,
}

/// What is known for a class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) plan: Plan,
    /// What all plugins remember: their counts, and what PreFilter and PreScore left. For whoever is asked about groups, and
    /// for evictions.
    pub(super) state: Option<CycleState>,
    /// What those remember who are asked about every node; the others are left out.
    local: Option<CycleState>,
    /// What those remember who have a say after the decision.
    pub(super) late: CycleState,
    pub(super) groups: Groups,
    pub(super) rejected_nodes: RejectedNodes,
    rejections: Vec<Rejected>,
    numbers: FxHashMap<Rejected, usize>,
    seen: Option<Seen>,
    /// What had been seen when it turned out that nothing can be kept for the class.
    refused: Option<Seen>,
    generation: u64,
    /// The key of the node that is being put into its group.
    key: Vec<i64>,
    /// The node that the pod of the last decision was promised: it was judged for that pod alone.
    pub(super) own: Option<Slot>,
}

impl Class {
    /// Takes in what changed since the class was last asked. `None` when the literal evaluator has to decide.
    pub(super) fn catch_up(&mut self, evaluator: &Evaluator<'_>, changed: &mut Vec<Slot>) -> Option<()> {
        let (snapshot, nominator, now) = (evaluator.snapshot, evaluator.nominator, self.now(evaluator));
        if self.refused == Some(now) {
            return None;
        }
        // Whatever breaks below leaves a class that has seen nothing.
        if self.seen.take() != Some(now) || self.rejections.len() > MAX_REJECTIONS {
            return self.begin(evaluator);
        }
        let Some(log) = snapshot.changed_since(self.generation) else { return self.begin(evaluator) };
        changed.clear();
        changed.extend(log);
        let promised = nominator.node_of(&evaluator.pod.meta.uid).and_then(|name| snapshot.slot(name));
        changed.extend(self.own.take().into_iter().chain(promised));
        self.own = promised;
        changed.sort_unstable();
        changed.dedup();
        if changed.len() > FEW_NODES.max(snapshot.len() / 2) {
            return self.begin(evaluator);
        }
        self.generation = snapshot.generation();
        let state = self.state.as_mut()?;
        for (id, census) in &self.plan.censuses {
            if census.recount(evaluator.cycle(), state.of_mut(*id), changed).ok()? == Recounted::Anew {
                return self.begin(evaluator);
            }
        }
        for slot in &*changed {
            let number = self.groups.of(*slot).map_or(0, |group| number_in(group.key()));
            self.rejected_nodes.remove(*slot, number);
            self.groups.remove(*slot);
        }
        changed.retain(|slot| snapshot.live().contains(slot.index()));
        self.evaluate(evaluator, changed)?;
        self.seen = Some(now);
        Some(())
    }

    fn now(&self, evaluator: &Evaluator<'_>) -> Seen {
        let snapshot = evaluator.snapshot;
        Seen {
            lineage: snapshot.lineage(),
            epoch: snapshot.epoch(),
            anywhere: evaluator.objects.anywhere_revision(),
            images: self.plan.cluster.then(|| snapshot.images_revision()),
        }
    }

    /// Looks at everything.
    fn begin(&mut self, evaluator: &Evaluator<'_>) -> Option<()> {
        *self = Self::default();
        let mut state = CycleState::default();
        let Some(plan) = Plan::prepare(evaluator, &mut state) else {
            self.refused = Some(self.now(evaluator));
            return None;
        };
        self.plan = plan;
        let mut local = state.clone();
        for (id, _) in &self.plan.censuses {
            local.of_mut(*id).clear();
            local.skip_filter(*id);
        }
        self.late = state.only(&self.plan.late);
        (self.state, self.local) = (Some(state), Some(local));
        let snapshot = evaluator.snapshot;
        self.own = evaluator.nominator.node_of(&evaluator.pod.meta.uid).and_then(|n| snapshot.slot(n));
        self.generation = snapshot.generation();
        self.groups.clear(snapshot.slots());
        self.evaluate(evaluator, &evaluator.all_slots())?;
        self.seen = Some(self.now(evaluator));
        Some(())
    }

    /// Judges and scores nodes that are in no group, and puts each into its own. A few are asked about one by one, which
    /// needs no memory; many in columns.
    fn evaluate(&mut self, evaluator: &Evaluator<'_>, slots: &[Slot]) -> Option<()> {
        if self.plan.only.is_some() {
            return Some(());
        }
        if slots.len() > FEW_NODES {
            return self.evaluate_many(evaluator, slots);
        }
        // To count a dozen answers would take longer than to give them.
        let evaluator = &Evaluator { watch: Watch::default(), ..*evaluator };
        let scorers = self.plan.node_scorers(evaluator.profile);
        let mut raw = SmallVec::<[i64; 8]>::new();
        for slot in slots {
            let local = self.local.as_ref()?;
            if let Some((plugin, rejection)) = evaluator.judge(local, *slot).ok()? {
                self.reject(evaluator, NodeStatus { slot: *slot, plugin, rejection })?;
                continue;
            }
            let node = evaluator.snapshot.view(*slot);
            raw.clear();
            for (id, plugin) in &scorers {
                raw.push(plugin.score(evaluator.cycle(), local.of(*id), node).ok()?);
            }
            self.accept(evaluator, *slot, &raw)?;
        }
        Some(())
    }

    fn evaluate_many(&mut self, evaluator: &Evaluator<'_>, slots: &[Slot]) -> Option<()> {
        let local = self.local.as_ref()?;
        let filtered = evaluator.filter(local, slots.to_vec()).ok()?;
        let scorers = self.plan.node_scorers(evaluator.profile);
        let columns = evaluator.raw_scores(local, &scorers, &filtered.feasible).ok()?;
        let mut raw = SmallVec::<[i64; 8]>::new();
        for (at, slot) in filtered.feasible.iter().enumerate() {
            raw.clear();
            raw.extend(columns.iter().map(|column| column[at]));
            self.accept(evaluator, *slot, &raw)?;
        }
        filtered.rejected.into_iter().try_for_each(|status| self.reject(evaluator, status))
    }

    /// Groups a node that every filter passed which goes by nodes, given its raw scores.
    fn accept(&mut self, evaluator: &Evaluator<'_>, slot: Slot, raw: &[i64]) -> Option<()> {
        let (absolute, relative) = raw.split_at(self.plan.absolute.len());
        let mut score: i64 = 0;
        for (id, raw) in self.plan.absolute.iter().zip(absolute) {
            evaluator.check_range(*id, std::slice::from_ref(raw)).ok()?;
            score = score.saturating_add(evaluator.profile.weight(*id).saturating_mul(*raw));
        }
        self.key.clear();
        self.key.push(FEASIBLE);
        self.key.extend(relative);
        self.add_kinds(evaluator, slot)?;
        self.add_apart(evaluator, slot);
        self.groups.insert(slot, &self.key, score);
        Some(())
    }

    /// Groups a node that a filter rejected which goes by nodes.
    fn reject(&mut self, evaluator: &Evaluator<'_>, status: NodeStatus) -> Option<()> {
        let turn = evaluator.profile.stage(Stage::Filter).iter().position(|id| *id == status.plugin)?;
        let (code, slot) = (status.rejection.code, status.slot);
        let number = self.number(Rejected { turn, plugin: status.plugin, rejection: status.rejection });
        self.rejected_nodes.insert(slot, number, code);
        self.key.clear();
        self.key.push(i64::try_from(number).ok()?);
        // Where a filter that goes by groups has the first word, its groups have to be told apart here as well.
        if self.plan.group_filters.first().is_some_and(|first| first.turn < turn) {
            self.add_kinds(evaluator, status.slot)?;
        }
        self.add_apart(evaluator, slot);
        self.groups.insert(status.slot, &self.key, 0);
        Some(())
    }

    fn add_kinds(&mut self, evaluator: &Evaluator<'_>, slot: Slot) -> Option<()> {
        let state = self.state.as_ref()?;
        for (id, census) in &self.plan.censuses {
            census.kind(evaluator.cycle(), state.of(*id), slot, &mut self.key).ok()?;
        }
        Some(())
    }

    /// Where filters go by groups, a node is a group of its own if room on it is promised to a pod that they count.
    fn add_apart(&mut self, evaluator: &Evaluator<'_>, slot: Slot) {
        if !self.plan.group_filters.is_empty() {
            self.key.push(if self.is_apart(evaluator, slot) { i64::from(slot.0) } else { NOT_APART });
        }
    }

    fn is_apart(&self, evaluator: &Evaluator<'_>, slot: Slot) -> bool {
        let Some(state) = &self.state else { return false };
        let counts = |other: &Arc<Pod>| {
            let asked = self.plan.censuses.iter().filter(|(id, _)| !state.skips_filter(*id));
            asked.into_iter().any(|(id, census)| census.counts(evaluator.cycle(), state.of(*id), other, slot))
        };
        evaluator.promised_to(slot).any(counts)
    }

    /// The node of a group that is one node's own because of a promise, by the group's key.
    pub(super) fn node_apart(&self, key: &[i64]) -> Option<Slot> {
        if self.plan.group_filters.is_empty() {
            return None;
        }
        key.last().and_then(|slot| u32::try_from(*slot).ok()).map(Slot)
    }

    /// The only node that PreFilter leaves, if it is feasible.
    pub(super) fn only_node(&self, evaluator: &Evaluator<'_>) -> Option<Slot> {
        let slot = evaluator.snapshot.slot(self.plan.only.as_ref()?)?;
        let verdict = evaluator.judge(self.local.as_ref()?, slot).ok()?;
        verdict.is_none().then_some(slot)
    }

    fn number(&mut self, rejected: Rejected) -> usize {
        if let Some(number) = self.numbers.get(&rejected) {
            return *number;
        }
        self.rejections.push(rejected.clone());
        self.numbers.insert(rejected, self.rejections.len());
        self.rejections.len()
    }

    /// Whether the key is that of nodes that passed every filter that goes by nodes.
    pub(super) fn passed(key: &[i64]) -> bool {
        key.first() == Some(&FEASIBLE)
    }

    /// How a group's nodes were rejected by filters that go by nodes, as its key says; `None` when they passed.
    pub(super) fn rejected(&self, key: &[i64]) -> Option<&Rejected> {
        self.rejection(number_in(key))
    }

    /// The rejection with this number, if it is one.
    pub(super) fn rejection(&self, number: usize) -> Option<&Rejected> {
        self.rejections.get(number.checked_sub(1)?)
    }
}

/// In place of the number of a rejection, in front of a key.
pub(super) const FEASIBLE: i64 = 0;

/// In place of a slot, at the end of a key.
const NOT_APART: i64 = -1;

/// The number of the rejection that a key begins with; 0 when there is none.
fn number_in(key: &[i64]) -> usize {
    key.first().and_then(|number| usize::try_from(*number).ok()).unwrap_or(0)
}

/// The raw score of a relative scorer that goes by nodes, as a group's key has it.
pub(super) fn raw_in(key: &[i64], at: usize) -> i64 {
    key.get(at + 1).copied().unwrap_or(0)
}
