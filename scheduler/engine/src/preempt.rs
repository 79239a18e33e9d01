//! Preemption, the engine's half: what would evicting pods of lower priority do for a node?

mod budgets;
mod by_room;
mod extend;
mod potential;
mod trial;
mod units;
mod wholes;

use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::{Candidate, DryRun, PreemptionEngine, Tried};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PluginError, RejectCode, Rejection};
use rayon::prelude::*;

use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator};
use crate::evictions::Evictions;
use crate::kept_runs::KeptRuns;
use by_room::ByRoom;
use potential::Potential;
use trial::{try_node, try_without};
pub(crate) use units::{Unit, count_violations, everywhere};
pub(crate) use wholes::Wholes;

/// What DefaultPreemption is given to work with.
pub(crate) struct Preemptor<'a> {
    evaluator: Evaluator<'a>,
    state: &'a CycleState,
    diagnosis: &'a Diagnosis,
    chooser: &'a mut Chooser,
    resolvable: Arc<BitSet>,
    /// What comes of trying nodes, as far as it is known.
    kept: Arc<KeptRuns>,
    /// Who waits for which victims.
    evictions: &'a Evictions,
    /// Groups on nodes whose pods go together.
    wholes: &'a Wholes,
    /// Nodes that are being emptied and promised to nobody, in order of slot.
    left_behind: Vec<Slot>,
    /// Whether every dry run that was kept is held against a new one.
    audits: bool,
}

impl<'a> Preemptor<'a> {
    /// Works for `evaluator.pod`, which `diagnosis` says fits nowhere. With `audits`, a dry run that was kept and is not
    /// what a new one would be is an error.
    pub(crate) fn new(
        evaluator: Evaluator<'a>,
        state: &'a CycleState,
        diagnosis: &'a Diagnosis,
        chooser: &'a mut Chooser,
        (evictions, wholes): (&'a Evictions, &'a Wholes),
        audits: bool,
    ) -> Self {
        let resolvable = diagnosis.resolvable(evaluator.snapshot);
        let slots = if resolvable.is_empty() { 0 } else { evaluator.snapshot.slots() };
        let anew = || Arc::new(KeptRuns::new(slots, evaluator.objects.budgets_revision()));
        // What a group on several nodes comes to is not told by one node.
        let kept = diagnosis.kept.clone().filter(|_| wholes.is_empty()).unwrap_or_else(anew);
        let left_behind = left_behind(&evaluator, evictions);
        Self {
            evaluator,
            state,
            diagnosis,
            chooser,
            resolvable,
            kept,
            evictions,
            wholes,
            left_behind,
            audits,
        }
    }

    /// Every node that evictions may help, in search order from the one with index `start` on and round to it again.
    fn from(&self, start: usize) -> impl Iterator<Item = Slot> + '_ {
        let order = self.evaluator.snapshot.order();
        let helps = |slot: &Slot| self.resolvable.contains(slot.index());
        let at = if self.resolvable.len() == order.len() {
            start
        } else {
            order.iter().enumerate().filter(|(_, slot)| helps(slot)).nth(start).map_or(0, |(at, _)| at)
        };
        let (before, after) = order.split_at(at.min(order.len()));
        after.iter().chain(before).copied().filter(helps)
    }

    /// Tries the nodes of which it is not known yet what comes of it, in parallel; the errors of those that broke.
    fn learn(&self, nodes: &[Slot]) -> Vec<String> {
        let unknown: Vec<Slot> =
            nodes.iter().copied().filter(|slot| self.kept.get(*slot).is_none()).collect();
        if unknown.is_empty() {
            return Vec::new();
        }
        let (evaluator, state, kept) = (self.evaluator, self.state, &*self.kept);
        let by_room = ByRoom::new(&evaluator, state);
        let unknown = self.learn_briefly(&by_room, unknown);
        let wholes = self.wholes;
        let learn = |slot: &Slot| match try_node(&evaluator, state, *slot, (Some(&by_room), wholes)) {
            Ok(run) => {
                kept.keep(*slot, run);
                None
            }
            Err(error) => Some(error),
        };
        if unknown.len() < FEW_NODES {
            return unknown.iter().filter_map(learn).collect();
        }
        evaluator.parallelism.run(|| unknown.par_iter().filter_map(learn).collect())
    }

    /// The nodes of which it is not known what comes of trying them from a few numbers of each pod: to ask other threads for that would
    /// take longer than to do it.
    fn learn_briefly(&self, by_room: &ByRoom<'_>, mut unknown: Vec<Slot>) -> Vec<Slot> {
        if self.wholes.is_empty() && self.evaluator.objects.disruption_budgets.is_empty() {
            unknown.retain(|slot| match by_room.try_briefly(*slot) {
                Some(run) => {
                    self.kept.keep(*slot, run);
                    false
                }
                None => true,
            });
        }
        unknown
    }

    /// How what is kept of the node differs from what comes of trying it anew, if it does.
    fn difference(&self, slot: Slot, kept: &DryRun) -> Option<String> {
        let new = try_node(&self.evaluator, self.state, slot, (None, self.wholes));
        let differs = !new.as_ref().is_ok_and(|new| same(kept, new));
        let node = &self.evaluator.snapshot.node(slot).name;
        differs.then(|| format!("audit: evictions from {node}: {kept:?}, not {new:?}"))
    }
}

/// Nodes that are being emptied for pods which went elsewhere, and that nobody is promised.
pub(crate) fn left_behind(evaluator: &Evaluator<'_>, evictions: &Evictions) -> Vec<Slot> {
    let free = evictions.left_behind().filter(|node| evaluator.nominator.on(node).is_empty());
    let mut slots: Vec<Slot> = free.filter_map(|node| evaluator.snapshot.slot(node)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Fewer nodes than this are tried one by one: to wake other threads would take longer.
const FEW_NODES: usize = 8;

fn same(a: &DryRun, b: &DryRun) -> bool {
    match (a, b) {
        (DryRun::Candidate(a), DryRun::Candidate(b)) => {
            let of = |c: &Candidate| (c.node, c.violations, c.loss);
            // A kept run may know an older version of a pod that was confirmed since.
            let same = |(a, b): (&Arc<Pod>, &Arc<Pod>)| a.meta.uid == b.meta.uid && a.counts_as(b);
            of(a) == of(b) && a.victims.len() == b.victims.len() && a.victims.iter().zip(&b.victims).all(same)
        }
        (DryRun::Rejected { plugin: p, rejection: a }, DryRun::Rejected { plugin: q, rejection: b }) => {
            (p, a) == (q, b)
        }
        _ => false,
    }
}

impl PreemptionEngine for Preemptor<'_> {
    fn rejection(&self, node: Slot) -> Option<RejectCode> {
        Some(self.diagnosis.code(node))
    }

    fn resolvable(&self) -> usize {
        self.resolvable.len()
    }

    fn nominated(&self) -> Option<Slot> {
        let name = self.evaluator.nominator.node_of(&self.evaluator.pod.meta.uid)?;
        self.evaluator.snapshot.slot(name)
    }

    fn waits_for(&self, victim: &Pod) -> bool {
        self.evictions.waits_for(&self.evaluator.pod.meta.uid, &victim.meta.uid)
    }

    fn is_left_behind(&self, node: Slot) -> bool {
        self.left_behind.binary_search(&node).is_ok()
    }

    fn first_left_behind(&self) -> Option<usize> {
        if self.left_behind.is_empty() {
            return None;
        }
        self.from(0).position(|node| self.is_left_behind(node))
    }

    /// Nodes are tried in pieces; the end is decided in their order, so that the answer is that of a search one by one.
    fn dry_run(&self, start: usize, enough: usize) -> Result<Vec<Tried>, PluginError> {
        let (mut clean, mut violating) = (0, 0);
        let (mut tried, mut broken) = (Vec::with_capacity(enough), Vec::new());
        let (mut nodes, mut piece) = (self.from(start), Vec::with_capacity(enough));
        loop {
            piece.clear();
            piece.extend(nodes.by_ref().take(enough.max(1)));
            if piece.is_empty() {
                break;
            }
            broken.extend(self.learn(&piece));
            for slot in &piece {
                let Some(run) = self.kept.get(*slot) else { continue };
                if self.audits
                    && let Some(difference) = self.difference(*slot, run)
                {
                    return Err(PluginError::new(difference));
                }
                if let DryRun::Candidate(candidate) = &**run {
                    *if candidate.violations == 0 { &mut clean } else { &mut violating } += 1;
                }
                tried.push((*slot, Arc::clone(run)));
                if clean > 0 && clean + violating >= enough {
                    return Ok(tried);
                }
            }
        }
        match one_error(broken) {
            Some(error) if clean + violating == 0 => Err(PluginError::new(error)),
            _ => Ok(tried),
        }
    }

    fn would_fit(&self, node: Slot, without: &[Arc<Pod>]) -> Result<Option<Rejection>, PluginError> {
        try_without(&self.evaluator, self.state, node, without).map_err(PluginError::new)
    }

    fn keep_first(&self, pods: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
        let Potential { protected, others } = Potential::of_pods(&self.evaluator, pods);
        protected.into_iter().chain(others).cloned().collect()
    }

    fn ask_extenders(&self, candidates: &[&Candidate]) -> Result<Option<Vec<Candidate>>, PluginError> {
        extend::ask(&self.evaluator, candidates)
    }

    fn random(&mut self, bound: usize) -> usize {
        self.chooser.below(bound)
    }

    fn lower_nominations(&self, node: Slot) -> Vec<Arc<Pod>> {
        let name = &self.evaluator.snapshot.node(node).name;
        let priority = self.evaluator.pod.spec.priority;
        let promised = self.evaluator.nominator.on(name).iter();
        promised.filter(|p| p.spec.priority < priority).cloned().collect()
    }
}

/// Several errors as one, each of them once; in brackets when they differ, as the API's aggregates are.
fn one_error(mut errors: Vec<String>) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    errors.retain(|e| seen.insert(e.clone()));
    if errors.len() > 1 { Some(format!("[{}]", errors.join(", "))) } else { errors.pop() }
}
