//! One node, tried: which pods of lower priority have to go for the pod to fit?

use std::cmp::Ordering;
use std::sync::Arc;

use longshore_framework::plugin::{Candidate, DryRun};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;
use longshore_framework::view::Hypothesis;

use super::budgets;
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

/// Removes every pod of lower priority; if the pod then fits, puts back as many as it can, those that a
/// PodDisruptionBudget protects first, the more important before the less.
pub(super) fn try_node(evaluator: &Evaluator<'_>, state: &CycleState, slot: Slot) -> Result<DryRun, String> {
    let priority = evaluator.pod.spec.priority;
    let pods = evaluator.snapshot.pods(slot);
    let mut potential: Vec<Arc<Pod>> =
        pods.iter().filter(|p| p.spec.priority < priority).map(Arc::clone).collect();
    if potential.is_empty() {
        let rejection = Rejection::unresolvable(Reason::NoVictims);
        return Ok(DryRun::Rejected { plugin: None, rejection });
    }
    let supposed = Hypothesis::of(evaluator.snapshot, slot);
    let mut trial = Trial { evaluator, supposed, state: state.clone() };
    for pod in &potential {
        trial.remove(pod)?;
    }
    if let Some((plugin, rejection)) = trial.judge()? {
        return Ok(DryRun::Rejected { plugin: Some(plugin), rejection });
    }
    potential.sort_by(|a, b| importance(a, b));
    let (protected, others) = budgets::split(evaluator.objects, potential, evaluator.features);
    let both = !protected.is_empty() && !others.is_empty();
    let mut victims = Vec::new();
    for pod in protected {
        if trial.must_go(&pod)? {
            victims.push(pod);
        }
    }
    let violations = victims.len();
    for pod in others {
        if trial.must_go(&pod)? {
            victims.push(pod);
        }
    }
    if both {
        victims.sort_by(|a, b| importance(a, b));
    }
    if victims.is_empty() {
        return Err(format!("no victims found on node {}", evaluator.snapshot.node(slot).name));
    }
    Ok(DryRun::Candidate(Candidate::new(slot, victims, violations)))
}

/// The more important first: the higher priority, then the earlier start. A pod that has not started counts as
/// starting now.
fn importance(a: &Pod, b: &Pod) -> Ordering {
    let start = |p: &Pod| p.meta.started.map_or(i64::MAX, |t| t.0);
    b.spec.priority.cmp(&a.spec.priority).then_with(|| start(a).cmp(&start(b)))
}
