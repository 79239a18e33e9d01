//! One node, tried: which pods of lower priority have to go for the pod to fit?

use std::sync::Arc;

use longshore_framework::plugin::{Candidate, DryRun};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use longshore_framework::view::Hypothesis;

use super::by_room::ByRoom;
use super::potential::Potential;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;

/// A node under trial: as supposed, with the state that goes with it.
struct Trial<'a> {
    evaluator: &'a Evaluator<'a>,
    supposed: Hypothesis,
    state: CycleState,
}

impl Trial<'_> {
    fn remove(&mut self, pod: &Pod) -> Result<(), String> {
        self.supposed.remove(pod);
        self.evaluator.move_pod(&mut self.state, pod, self.supposed.slot(), false)
    }

    fn add(&mut self, pod: &Arc<Pod>) -> Result<(), String> {
        self.supposed.add(Arc::clone(pod));
        self.evaluator.move_pod(&mut self.state, pod, self.supposed.slot(), true)
    }

    fn judge(&self) -> Result<Option<(PluginId, Rejection)>, String> {
        self.evaluator.judge_supposed(&self.state, &self.supposed)
    }

    /// Puts a pod back; whether it has to go after all, as it has when a filter breaks with it there.
    fn must_go(&mut self, pod: &Arc<Pod>) -> Result<bool, String> {
        self.add(pod)?;
        let fits = matches!(self.judge(), Ok(None));
        if !fits {
            self.remove(pod)?;
        }
        Ok(!fits)
    }
}

/// How the pod is rejected on a node without these pods; `None` when it fits.
pub(super) fn try_without(
    evaluator: &Evaluator<'_>,
    state: &CycleState,
    slot: Slot,
    without: &[Arc<Pod>],
) -> Result<Option<Rejection>, String> {
    let supposed = Hypothesis::of(evaluator.snapshot, slot);
    let mut trial = Trial { evaluator, supposed, state: state.clone() };
    for pod in without {
        trial.remove(pod)?;
    }
    Ok(trial.judge()?.map(|(_, rejection)| rejection))
}

/// Removes every pod of lower priority; if the pod then fits, puts back as many as it can, those that a
/// PodDisruptionBudget protects first, the more important before the less. Where counting tells what comes of it, `by_room`
/// does.
pub(super) fn try_node(
    evaluator: &Evaluator<'_>,
    state: &CycleState,
    slot: Slot,
    by_room: Option<&ByRoom<'_>>,
) -> Result<DryRun, String> {
    let Some(potential) = Potential::of(evaluator, slot) else {
        let rejection = Rejection::unresolvable(Reason::NoVictims);
        return Ok(DryRun::Rejected { plugin: None, rejection });
    };
    if let Some(run) = by_room.and_then(|by_room| by_room.try_node(&potential, slot)) {
        return Ok(run);
    }
    let supposed = Hypothesis::of(evaluator.snapshot, slot);
    let mut trial = Trial { evaluator, supposed, state: state.clone() };
    for pod in potential.protected.iter().chain(&potential.others) {
        trial.remove(pod)?;
    }
    if let Some((plugin, rejection)) = trial.judge()? {
        return Ok(DryRun::Rejected { plugin: Some(plugin), rejection });
    }
    let mut victims = Vec::new();
    for pod in &potential.protected {
        if trial.must_go(pod)? {
            victims.push(*pod);
        }
    }
    let violations = victims.len();
    for pod in &potential.others {
        if trial.must_go(pod)? {
            victims.push(*pod);
        }
    }
    if victims.is_empty() {
        return Err(format!("no victims found on node {}", evaluator.snapshot.node(slot).name));
    }
    Ok(DryRun::Candidate(Candidate::new(slot, potential.in_order(victims), violations)))
}
