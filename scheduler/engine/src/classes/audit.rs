//! Holds what classes keep against the literal evaluator.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::snapshot::Slot;
use rustc_hash::{FxHashMap, FxHashSet};

use super::class::Rejected;
use super::{Class, Decided};
use crate::cycle::room::Room;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator, Kept, Stopped};
use crate::options::TieBreak;
use crate::trace::{NodeTrace, Trace};

/// Among which nodes chance decided.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) best: &'a [Slot],
    /// The nodes that plugins rejected which were asked.
    pub(super) turned_down: &'a [Slot],
    /// The decision was made by the groups of the class, so these say why other nodes were not chosen.
    pub(super) by_groups: bool,
}

impl Class {
    /// Makes the decision an error if it differs from what the literal evaluator says of the same pod. `trace` gets what that one
    /// says.
    pub(super) fn audit(
        &self,
        evaluator: &Evaluator<'_>,
        decided: &mut Decided,
        chosen: Chosen<'_>,
        trace: &mut Trace,
    ) {
        if let Some(difference) = self.difference(evaluator, decided, chosen, trace) {
            decided.outcome = Err(Stopped::Broken(format!("audit: {difference}")));
        }
    }

    /// How they differ: in the verdict on some node, in the nodes among which chance decides, in the numbers of nodes.
    fn difference(
        &self,
        evaluator: &Evaluator<'_>,
        decided: &Decided,
        chosen: Chosen<'_>,
        trace: &mut Trace,
    ) -> Option<String> {
        let mut state = CycleState::default();
        let mut chooser = Chooser::new(0, TieBreak::First);
        let kept = Kept { trace: Some(trace), best: None };
        let literal = evaluator.decide(&mut state, &mut chooser, (&mut 0, &mut Room::default()), kept);
        let counts = |s: &CycleState| (s.evaluated, s.feasible);
        if counts(&state) != counts(&decided.state) {
            return Some(format!(
                "evaluated, feasible: {:?}, not {:?}",
                counts(&decided.state),
                counts(&state)
            ));
        }
        match (&decided.outcome, &literal) {
            // Where only one node is feasible, or only the promised one was looked at, nothing is left to chance.
            (Ok(ours), Ok(theirs)) if state.feasible == 1 => {
                (ours != theirs).then(|| format!("{ours:?}, not {theirs:?}"))
            }
            (Ok(_), Ok(_)) => self.audit_choice(evaluator, trace, chosen),
            (Err(Stopped::Unfit(ours)), Err(Stopped::Unfit(theirs))) => {
                let differs = ours.rejected_by != theirs.rejected_by || ours.pending_on != theirs.pending_on;
                differs
                    .then(|| format!("blamed: {:?}, not {:?}", ours.rejected_by, theirs.rejected_by))
                    .or_else(|| differing(evaluator, ours, theirs))
            }
            (ours, theirs) => Some(format!("{ours:?}, not {theirs:?}")),
        }
    }

    /// Whether the plugin or extender of this name is asked every time.
    fn is_asked(&self, evaluator: &Evaluator<'_>, name: &str) -> bool {
        let extenders = evaluator.extenders.interested(evaluator.profile, evaluator.pod).map(|(id, _)| id);
        self.plan.asked.iter().copied().chain(extenders).any(|id| evaluator.profile.name(id) == name)
    }

    fn audit_choice(
        &self,
        evaluator: &Evaluator<'_>,
        trace: &Trace,
        Chosen { best, turned_down, by_groups }: Chosen<'_>,
    ) -> Option<String> {
        let name = |slot: &Slot| Arc::clone(&evaluator.snapshot.node(*slot).name);
        let mut names: Vec<Str> = best.iter().map(name).collect();
        names.sort_unstable();
        if names != trace.best {
            return Some(format!("best: {names:?}, not {:?}", trace.best));
        }
        if !by_groups {
            return None;
        }
        let mut ours: FxHashMap<Str, Option<Rejected>> = FxHashMap::default();
        for group in self.groups.iter() {
            let verdict = match self.first_word(evaluator, group) {
                Ok(verdict) => verdict,
                Err(why) => return Some(format!("nothing said about a group: {why:?}")),
            };
            ours.extend(group.slots().iter().map(|slot| (name(slot), verdict.clone())));
        }
        let turned_down: FxHashSet<Str> = turned_down.iter().map(name).collect();
        for (node, verdict) in trace.nodes.iter().flatten() {
            let said =
                ours.get(node).map(|v| v.as_ref().map(|r| (evaluator.profile.name(r.plugin), &r.rejection)));
            let literal = match verdict {
                NodeTrace::Rejected { plugin, rejection } => Some((&**plugin, rejection)),
                NodeTrace::Feasible { .. } => None,
            };
            if let Some((plugin, _)) = literal
                && self.is_asked(evaluator, plugin)
            {
                // Who is asked is not asked about nodes that what is kept rejects.
                if turned_down.contains(node) || said.flatten().is_some() {
                    continue;
                }
            }
            if said != Some(literal) {
                return Some(format!("{node}: {said:?}, not {literal:?}"));
            }
        }
        None
    }
}

fn differing(evaluator: &Evaluator<'_>, ours: &Diagnosis, theirs: &Diagnosis) -> Option<String> {
    let (a, b) = (&ours.rejected, &theirs.rejected);
    if a.len() != b.len() {
        return Some(format!("{} rejected nodes, not {}", a.len(), b.len()));
    }
    for (slot, theirs) in b.nodes() {
        let said = a.find(slot).map(|ours| (ours.plugin, &ours.rejection));
        if said != Some((theirs.plugin, &theirs.rejection)) {
            let node = &evaluator.snapshot.node(slot).name;
            return Some(format!("{node}: {said:?}, not {:?}", theirs.rejection));
        }
    }
    let (a, b) = (ours.resolvable(evaluator.snapshot), theirs.resolvable(evaluator.snapshot));
    (!a.iter().eq(b.iter())).then(|| format!("evictions may help {} nodes, not {}", a.len(), b.len()))
}
