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
use super::units::{self, Unit};
use super::wholes::Wholes;
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

    /// All pods of a unit leave, or come back. Pods on other nodes matter as far as plugins look there.
    fn move_unit(&mut self, unit: &Unit, back: bool) -> Result<(), String> {
        for (slot, pod) in &unit.pods {
            match (*slot == Some(self.supposed.slot()), back) {
                (true, true) => self.add(pod)?,
                (true, false) => self.remove(pod)?,
                (false, _) => {
                    let Some(slot) = *slot else { continue };
                    self.evaluator.move_pod(&mut self.state, pod, slot, back)?;
                }
            }
        }
        Ok(())
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

/// The same on a node with pods that go together with others: a group goes or stays as one.
fn try_units(
    evaluator: &Evaluator<'_>,
    state: &CycleState,
    slot: Slot,
    wholes: &Wholes,
) -> Result<DryRun, String> {
    let mut potential = units::on_node(evaluator, slot, wholes);
    if potential.is_empty() {
        let rejection = Rejection::unresolvable(Reason::NoVictims);
        return Ok(DryRun::Rejected { plugin: None, rejection });
    }
    units::count_violations(evaluator.objects, evaluator.features, &mut potential);
    let supposed = Hypothesis::of(evaluator.snapshot, slot);
    let mut trial = Trial { evaluator, supposed, state: state.clone() };
    for unit in &potential {
        trial.move_unit(unit, false)?;
    }
    if let Some((plugin, rejection)) = trial.judge()? {
        return Ok(DryRun::Rejected { plugin: Some(plugin), rejection });
    }
    let (protected, others): (Vec<_>, Vec<_>) = potential.iter().partition(|unit| unit.violations > 0);
    let mut victims: Vec<&Unit> = Vec::new();
    for unit in protected.into_iter().chain(others) {
        trial.move_unit(unit, true)?;
        if !matches!(trial.judge(), Ok(None)) {
            trial.move_unit(unit, false)?;
            victims.push(unit);
        }
    }
    if victims.is_empty() {
        return Err(format!("no victims found on node {}", evaluator.snapshot.node(slot).name));
    }
    victims.sort_by(|a, b| a.importance(b));
    let violations = victims.iter().map(|unit| unit.violations).sum();
    let pods = victims.iter().flat_map(|unit| unit.pods.iter().map(|(_, pod)| Arc::clone(pod)));
    Ok(DryRun::Candidate(Candidate::new(slot, pods.collect(), violations)))
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
    (by_room, wholes): (Option<&ByRoom<'_>>, &Wholes),
) -> Result<DryRun, String> {
    if wholes.are_on(slot) {
        return try_units(evaluator, state, slot, wholes);
    }
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
