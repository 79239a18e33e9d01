//! One class of pods and what is known of every node for it.

use std::sync::Arc;

use longshore_framework::plugin::{Plugin, Recounted};
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use rustc_hash::FxHashMap;

use super::changes::Changes;
use super::groups::{GroupNumber, Groups};
use super::kinds::Kinds;
use super::moment::Moment;
use super::plan::Plan;
use super::rejected_nodes::RejectedNodes;

use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;
use crate::known_failure::KnownFailure;
use crate::path::Literal;

/// Different rejections of a class beyond which it is begun anew: reasons should be few.
const MAX_REJECTIONS: usize = 1024;

/// So many nodes are asked about one by one.
pub(super) const FEW_NODES: usize = 2;

/// So many nodes may change, more than their pods, before all are looked at.
const FEW_CHANGES: usize = 8;

/// What a class has seen of all that is not told by the log of changed nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AsOf {
    lineage: u64,
    epoch: u64,
    anywhere: u64,
    /// Only where some answer depends on the images of all nodes.
    images: Option<u64>,
    /// What plugins see of objects that they declare.
    declared: u64,
}

/// Why a filter rejected a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rejected {
    /// The filter's turn among all filters.
    pub(super) turn: usize,
    pub(super) plugin: PluginId,
    pub(super) rejection: Rejection,
}

/// What plugins remember, by when they are asked.
#[derive(Debug, Default)]
pub(super) struct States {
    /// What all remember: their counts, and what PreFilter and PreScore left. For whoever is asked about groups, and for
    /// evictions.
    pub(super) all: CycleState,
    /// For those who are asked about every node; the others are left out.
    pub(super) by_node: CycleState,
    /// The same without the filters that only look at the node itself.
    pub(super) by_pods: CycleState,
    /// For those who have a say after the decision.
    pub(super) after: CycleState,
    /// For those who are asked every time: the others are left out.
    pub(super) asked: CycleState,
}

impl States {
    fn new(plan: &Plan, all: CycleState, profile: &Profile) -> Self {
        let mut by_node = all.clone();
        for (id, _) in &plan.censuses {
            by_node.of_mut(*id).clear();
            by_node.skip_filter(*id);
        }
        let mut by_pods = by_node.clone();
        for id in &plan.fixed_filters {
            by_pods.skip_filter(*id);
        }
        let mut asked = CycleState::default();
        for id in profile.stage(Stage::Filter).iter().filter(|id| !plan.is_asked(**id)) {
            asked.skip_filter(*id);
        }
        Self { after: all.only(&plan.after), all, by_node, by_pods, asked }
    }
}

/// What is known for a class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) plan: Plan,
    pub(super) states: States,
    /// Every node that filters which go by nodes were asked about.
    pub(super) groups: Groups,
    /// What of a node's score does not change with its pods, by slot; 0 beyond the end.
    pub(super) fixed_scores: Vec<i64>,
    pub(super) rejected_nodes: RejectedNodes,
    rejections: Vec<Rejected>,
    numbers: FxHashMap<Rejected, usize>,
    /// Plugins that give answers which stand for a failure.
    fallible: Vec<PluginId>,
    /// Plugins that read declared objects.
    readers: Vec<PluginId>,
    /// How many answers of theirs did so when the class was begun.
    failed_before: u64,
    /// Since when it is known how plugins are asked.
    prepared: Option<AsOf>,
    /// Since when it is known of every node what they say; `None` when that is not known.
    as_of: Option<AsOf>,
    /// Why nothing can be kept for the class, and as of when.
    refused: Option<(AsOf, Literal)>,
    generation: u64,
    /// What plugins see of images, and at which revision of these.
    images: (u64, Option<u64>),
    /// Why a pod of the class fitted nowhere, and as of when.
    pub(super) failure: Option<(Moment, Arc<KnownFailure>)>,
    /// The key of the node that is being put into its group.
    pub(super) key: Vec<i64>,
    /// The groups of the nodes that are being taken in.
    pub(super) numbers_of_changed: Vec<GroupNumber>,
    /// How many nodes had changed when the class was asked last.
    pub(super) behind: usize,
    /// It was found that the class cannot have a seat in a panel.
    pub(super) stands: bool,
    /// As of when the class took a seat in a panel.
    seated: Option<AsOf>,
    /// What it tells nodes apart by there.
    pub(super) kinds: Kinds,
    /// The raw scores that the nodes have in common on which pods fit, if the class has a seat in a panel.
    pub(super) seated_raw: Option<Vec<i64>>,
    /// The node that the pod of the last decision was promised: it was judged for that pod alone.
    pub(super) promised: Option<Slot>,
}

impl Class {
    /// Takes in what changed since the class was last asked. An error when the literal evaluator has to decide.
    pub(super) fn catch_up(
        &mut self,
        evaluator: &Evaluator<'_>,
        changes: &mut Changes,
    ) -> Result<(), Literal> {
        self.look_at_images(evaluator);
        let (snapshot, now) = (evaluator.snapshot, self.now(evaluator));
        if let Some((as_of, why)) = &self.refused
            && *as_of == now
        {
            return Err(why.clone());
        }
        // Whatever breaks below leaves a class that knows nothing.
        if self.as_of.take() != Some(now)
            || self.rejections.len() > MAX_REJECTIONS
            || !changes.read(snapshot, self.generation)
        {
            return self.begin(evaluator);
        }
        let promised = promised_node(evaluator);
        changes.add(self.promised.take().into_iter().chain(promised));
        self.promised = promised;
        if changes.count_anything() > FEW_CHANGES.max(snapshot.len() / 2) {
            return self.begin(evaluator);
        }
        let recounts = self.recounts(evaluator, self.generation, changes);
        self.generation = snapshot.generation();
        self.behind = changes.slots.len();
        for (id, census) in &self.plan.censuses {
            let speaks = self.plan.speaking.iter().any(|(speaking, _)| speaking == id);
            let slots = recounts.as_ref().filter(|_| speaks).unwrap_or(&changes.slots);
            let state = self.states.all.of_mut(*id);
            if census.recount(evaluator.cycle(), state, slots)? == Recounted::Anew {
                return self.begin(evaluator);
            }
        }
        let failed = self.failed_answers(evaluator);
        self.take_in(evaluator, changes, recounts.as_deref())?;
        self.groups.settle();
        // An answer that stands for a failure serves this pod and no other.
        self.as_of = (failed == self.failed_answers(evaluator)).then_some(now);
        Ok(())
    }

    /// The nodes changed since this generation that censuses with something to say have to recount, in ascending order; `None` for all.
    pub(super) fn recounts(
        &self,
        evaluator: &Evaluator<'_>,
        since: u64,
        changes: &Changes,
    ) -> Option<Vec<Slot>> {
        let mut slots = self.recounts_by_pods(evaluator, since)?;
        slots.extend(changes.with_anything());
        slots.sort_unstable();
        slots.dedup();
        Some(slots)
    }

    /// Those of them that they have to recount because of pods that came or went, in any order and possibly repeated; `None` for
    /// all.
    pub(super) fn recounts_by_pods(&self, evaluator: &Evaluator<'_>, since: u64) -> Option<Vec<Slot>> {
        let mut slots = Vec::new();
        for (id, census) in &self.plan.speaking {
            slots.extend(census.recounts(evaluator.cycle(), self.states.all.of(*id), since)?);
        }
        Some(slots)
    }

    /// Whether what stands at the seat of the class in a panel is as of now. The class may have been begun anew since it took
    /// the seat, as of the same moment or of a later one.
    pub(super) fn is_seated(&self, evaluator: &Evaluator<'_>) -> bool {
        let now = Some(self.now(evaluator));
        self.prepared == now && self.seated == now
    }

    /// The class took a seat where it tells nodes apart by these kinds; `None` when it cannot have one.
    pub(super) fn note_seat(&mut self, evaluator: &Evaluator<'_>, kinds: Option<Kinds>) {
        self.stands = kinds.is_none();
        self.seated = kinds.is_some().then(|| self.now(evaluator));
        self.kinds = kinds.unwrap_or_default();
    }

    /// What stands at the seat of the class does not count any more.
    pub(super) fn leave_seat(&mut self) {
        self.seated = None;
    }

    /// Forgets what is known of nodes; the answer brings it back.
    pub(super) fn forget_nodes(&mut self) -> Option<AsOf> {
        self.as_of.take()
    }

    /// What was known of nodes is still known.
    pub(super) fn recall_nodes(&mut self, as_of: Option<AsOf>) {
        self.as_of = as_of;
    }

    /// Whether nodes are told apart at its seat.
    pub(super) fn tells_apart(&self) -> bool {
        self.kinds.are_there()
    }

    /// Whether nothing was ever asked for the class.
    pub(super) fn is_new(&self) -> bool {
        self.prepared.is_none() && self.refused.is_none()
    }

    /// Whether every node is in a group, as of now.
    pub(super) fn is_grouped(&self, evaluator: &Evaluator<'_>) -> bool {
        self.as_of == Some(self.now(evaluator)) && self.generation == evaluator.snapshot.generation()
    }

    /// Whether some answers may stand for a failure.
    pub(super) fn is_fallible(&self) -> bool {
        !self.fallible.is_empty()
    }

    /// How many answers of all plugins stood for a failure.
    fn failed_answers(&self, evaluator: &Evaluator<'_>) -> u64 {
        let failed = |id: &PluginId| evaluator.profile.plugin(*id).plugin.failed_answers();
        self.fallible.iter().filter_map(failed).sum()
    }

    /// What plugins see of images. Nothing else of it while no node reports other images.
    fn images_seen(&self, evaluator: &Evaluator<'_>) -> Option<u64> {
        match self.images {
            (revision, seen) if revision == evaluator.snapshot.images_revision() => seen,
            _ => self.plan.images_seen(evaluator),
        }
    }

    /// Remembers what plugins see of images.
    pub(super) fn look_at_images(&mut self, evaluator: &Evaluator<'_>) {
        self.images = (evaluator.snapshot.images_revision(), self.images_seen(evaluator));
    }

    pub(super) fn now(&self, evaluator: &Evaluator<'_>) -> AsOf {
        let snapshot = evaluator.snapshot;
        AsOf {
            lineage: snapshot.lineage(),
            epoch: snapshot.epoch(),
            anywhere: evaluator.objects.anywhere_revision(),
            images: self.images_seen(evaluator),
            declared: self.declared_seen(evaluator),
        }
    }

    /// Rises when a declared object changes that an answer of some plugin about any node may depend on.
    fn declared_seen(&self, evaluator: &Evaluator<'_>) -> u64 {
        let seen = |id: &PluginId| evaluator.profile.plugin(*id).plugin.objects_seen(evaluator.objects);
        self.readers.iter().filter_map(seen).sum()
    }

    /// Looks at everything.
    fn begin(&mut self, evaluator: &Evaluator<'_>) -> Result<(), Literal> {
        self.prepare(evaluator)?;
        let failed = self.failed_before;
        let snapshot = evaluator.snapshot;
        self.promised = promised_node(evaluator);
        self.generation = snapshot.generation();
        self.groups.clear(snapshot.slots());
        self.evaluate(evaluator, &evaluator.all_slots())?;
        self.groups.settle();
        self.as_of = (failed == self.failed_answers(evaluator)).then(|| self.now(evaluator));
        Ok(())
    }

    /// Finds out how plugins are asked, and looks at no node yet.
    pub(super) fn prepare(&mut self, evaluator: &Evaluator<'_>) -> Result<(), Literal> {
        // A seat in a panel outlives what is known of nodes, but not what censuses know.
        let seated = self.seated.filter(|_| !self.tells_apart());
        *self = Self { seated, seated_raw: self.seated_raw.take(), ..Self::default() };
        self.fallible = fallible(evaluator);
        self.readers = readers(evaluator);
        self.failed_before = self.failed_answers(evaluator);
        let mut state = CycleState::default();
        self.plan = match Plan::prepare(evaluator, &mut state) {
            Ok(plan) => plan,
            Err(why) => {
                self.refused = Some((self.now(evaluator), why.clone()));
                return Err(why);
            }
        };
        self.images = (evaluator.snapshot.images_revision(), self.plan.images_seen(evaluator));
        self.states = States::new(&self.plan, state, evaluator.profile);
        self.prepared = Some(self.now(evaluator));
        Ok(())
    }

    /// Puts what is known of a node into `key`, behind the number of its rejection and its raw scores.
    pub(super) fn add_kinds(&mut self, evaluator: &Evaluator<'_>, slot: Slot) -> Result<(), Literal> {
        for (id, census) in &self.plan.speaking {
            census.kind(evaluator.cycle(), self.states.all.of(*id), slot, &mut self.key)?;
        }
        Ok(())
    }

    /// Where filters go by groups, a node is a group of its own if room on it is promised to a pod that they count.
    pub(super) fn add_apart(&mut self, evaluator: &Evaluator<'_>, slot: Slot) {
        if !self.plan.group_filters.is_empty() {
            self.key.push(if self.is_apart(evaluator, slot) { i64::from(slot.0) } else { NOT_APART });
        }
    }

    fn is_apart(&self, evaluator: &Evaluator<'_>, slot: Slot) -> bool {
        let state = &self.states.all;
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

    /// The number of a rejection.
    pub(super) fn number(&mut self, rejected: Rejected) -> usize {
        if let Some(number) = self.numbers.get(&rejected) {
            return *number;
        }
        self.rejections.push(rejected.clone());
        self.numbers.insert(rejected, self.rejections.len());
        self.rejections.len()
    }

    /// The turn of a filter among all filters.
    pub(super) fn turn(evaluator: &Evaluator<'_>, plugin: PluginId) -> usize {
        let stage = evaluator.profile.stage(Stage::Filter);
        stage.iter().position(|id| *id == plugin).unwrap_or(usize::MAX)
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

/// The plugins that give answers which stand for a failure.
fn fallible(evaluator: &Evaluator<'_>) -> Vec<PluginId> {
    those(evaluator, |plugin| plugin.failed_answers().is_some())
}

/// Plugins that read declared objects.
fn readers(evaluator: &Evaluator<'_>) -> Vec<PluginId> {
    those(evaluator, |plugin| plugin.objects_seen(evaluator.objects).is_some())
}

fn those(evaluator: &Evaluator<'_>, which: impl Fn(&dyn Plugin) -> bool) -> Vec<PluginId> {
    let profile = evaluator.profile;
    let ids = (0..).map(PluginId).take(profile.plugins().len());
    ids.filter(|id| which(&*profile.plugin(*id).plugin)).collect()
}

fn promised_node(evaluator: &Evaluator<'_>) -> Option<Slot> {
    let node = evaluator.nominator.node_of(&evaluator.pod.meta.uid)?;
    evaluator.snapshot.slot(node)
}

/// In place of the number of a rejection, in front of a key.
pub(super) const FEASIBLE: i64 = 0;

/// In place of a slot, at the end of a key.
const NOT_APART: i64 = -1;

/// The number of the rejection that a key begins with; 0 when there is none.
pub(super) fn number_in(key: &[i64]) -> usize {
    key.first().and_then(|number| usize::try_from(*number).ok()).unwrap_or(0)
}

/// The raw score of a relative scorer that goes by nodes, as a group's key has it.
pub(super) fn raw_in(key: &[i64], at: usize) -> i64 {
    key.get(at + 1).copied().unwrap_or(0)
}
