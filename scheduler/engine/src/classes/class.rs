//! One class of pods and what is known of every node for it.

use longshore_framework::plugin::Recounted;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use rustc_hash::FxHashMap;

use super::groups::Groups;
use super::plan::Plan;
use super::unfit::RejectedNodes;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;

/// Different rejections of a class beyond which it is begun anew: reasons should be few.
const MAX_REJECTIONS: usize = 1024;

/// Which changes a class has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    lineage: u64,
    epoch: u64,
    selecting: u64,
    /// Only where some answer depends on all node objects.
    nodes: Option<u64>,
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
    /// What plugins remember: their counts, and what PreFilter and PreScore left.
    pub(super) state: Option<CycleState>,
    /// The same for the filters that are asked about every node alone.
    local: Option<CycleState>,
    pub(super) groups: Groups,
    pub(super) rejected_nodes: RejectedNodes,
    rejections: Vec<Rejected>,
    numbers: FxHashMap<Rejected, usize>,
    seen: Option<Seen>,
    generation: u64,
    /// The node that the pod of the last decision was promised: it was judged for that pod alone.
    pub(super) own: Option<Slot>,
}

impl Class {
    /// Takes in what changed since the class was last asked. `None` when the literal evaluator has to decide.
    pub(super) fn catch_up(&mut self, evaluator: &Evaluator<'_>, changed: &mut Vec<Slot>) -> Option<()> {
        let (snapshot, nominator) = (evaluator.snapshot, evaluator.nominator);
        if self.seen != Some(self.now(evaluator)) || self.rejections.len() > MAX_REJECTIONS {
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
        if changed.len() > snapshot.len() / 2 {
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
        self.evaluate(evaluator, changed.clone())
    }

    fn now(&self, evaluator: &Evaluator<'_>) -> Seen {
        let snapshot = evaluator.snapshot;
        Seen {
            lineage: snapshot.lineage(),
            epoch: snapshot.epoch(),
            selecting: evaluator.objects.selecting_revision(),
            nodes: self.plan.cluster.then(|| snapshot.nodes_revision()),
        }
    }

    /// Looks at everything.
    fn begin(&mut self, evaluator: &Evaluator<'_>) -> Option<()> {
        *self = Self::default();
        let mut state = CycleState::new(evaluator.profile);
        self.plan = Plan::prepare(evaluator, &mut state)?;
        let mut local = state.clone();
        for (id, _) in &self.plan.censuses {
            local.of_mut(*id).clear();
            local.skip_filter(*id);
        }
        (self.state, self.local) = (Some(state), Some(local));
        let snapshot = evaluator.snapshot;
        self.own = evaluator.nominator.node_of(&evaluator.pod.meta.uid).and_then(|n| snapshot.slot(n));
        self.generation = snapshot.generation();
        self.groups.clear(snapshot.slots());
        self.evaluate(evaluator, evaluator.all_slots())?;
        self.seen = Some(self.now(evaluator));
        Some(())
    }

    /// Judges and scores nodes that are in no group, and puts each into its own.
    fn evaluate(&mut self, evaluator: &Evaluator<'_>, slots: Vec<Slot>) -> Option<()> {
        let local = self.local.as_ref()?;
        let filtered = evaluator.filter(local, slots).ok()?;
        let scorers = self.plan.node_scorers(evaluator);
        let raw = evaluator.raw_scores(local, &scorers, &filtered.feasible).ok()?;
        let (absolute, relative) = raw.split_at(self.plan.absolute.len());
        let mut key = Vec::new();
        for (at, slot) in filtered.feasible.iter().enumerate() {
            let mut score: i64 = 0;
            for (id, scores) in self.plan.absolute.iter().zip(absolute) {
                evaluator.check_range(*id, &scores[at..=at]).ok()?;
                score = score.saturating_add(evaluator.profile.weight(*id).saturating_mul(scores[at]));
            }
            key.clear();
            key.push(FEASIBLE);
            key.extend(relative.iter().map(|scores| scores[at]));
            self.add_kinds(evaluator, *slot, &mut key)?;
            self.groups.insert(*slot, &key, score);
        }
        for status in filtered.rejected {
            let turn = evaluator.profile.stage(Stage::Filter).iter().position(|id| *id == status.plugin)?;
            let (code, slot) = (status.rejection.code, status.slot);
            let rejected = Rejected { turn, plugin: status.plugin, rejection: status.rejection };
            let number = self.number(rejected);
            self.rejected_nodes.insert(slot, number, code);
            key.clear();
            let later = self.plan.group_filters.first().is_some_and(|first| first.turn < turn);
            key.push(i64::try_from(number).ok()?);
            // Where a filter that goes by groups has the first word, its groups have to be told apart here as well.
            if later {
                self.add_kinds(evaluator, status.slot, &mut key)?;
            }
            self.groups.insert(status.slot, &key, 0);
        }
        Some(())
    }

    fn add_kinds(&self, evaluator: &Evaluator<'_>, slot: Slot, key: &mut Vec<i64>) -> Option<()> {
        let state = self.state.as_ref()?;
        for (id, census) in &self.plan.censuses {
            census.kind(evaluator.cycle(), state.of(*id), slot, key).ok()?;
        }
        Some(())
    }

    fn number(&mut self, rejected: Rejected) -> usize {
        if let Some(number) = self.numbers.get(&rejected) {
            return *number;
        }
        self.rejections.push(rejected.clone());
        self.numbers.insert(rejected, self.rejections.len());
        self.rejections.len()
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

/// The number of the rejection that a key begins with; 0 when there is none.
fn number_in(key: &[i64]) -> usize {
    key.first().and_then(|number| usize::try_from(*number).ok()).unwrap_or(0)
}

/// The raw score of a relative scorer that goes by nodes, as a group's key has it.
pub(super) fn raw_in(key: &[i64], at: usize) -> i64 {
    key.get(at + 1).copied().unwrap_or(0)
}
