//! Preemption, the engine's half: what would evicting pods of lower priority do for a node?

mod budgets;
mod extend;

use std::cmp::Ordering;
use std::sync::Arc;

use longshore_framework::plugin::{Candidate, DryRun, PreemptionEngine};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PluginError, RejectCode, Rejection};
use longshore_framework::view::Hypothesis;
use rayon::prelude::*;

use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator};

/// What DefaultPreemption is given to work with.
pub(crate) struct Preemptor<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    pub(crate) state: &'a CycleState,
    pub(crate) diagnosis: &'a Diagnosis,
    pub(crate) chooser: &'a mut Chooser,
}

impl PreemptionEngine for Preemptor<'_> {
    fn rejection(&self, node: Slot) -> Option<RejectCode> {
        self.diagnosis.code(node)
    }

    /// Nodes are tried in pieces, each piece in parallel; the end is decided in the order of `nodes`, so that the answer
    /// is that of a search one by one.
    fn dry_run(&self, nodes: &[Slot], enough: usize) -> Result<Vec<(Slot, DryRun)>, PluginError> {
        let (evaluator, state) = (self.evaluator, self.state);
        let (mut clean, mut violating) = (0, 0);
        let (mut tried, mut broken) = (Vec::new(), Vec::new());
        for piece in nodes.chunks(enough.max(1)) {
            let results: Vec<Result<DryRun, String>> = evaluator
                .parallelism
                .run(|| piece.par_iter().map(|slot| try_node(&evaluator, state, *slot)).collect());
            for (slot, result) in piece.iter().zip(results) {
                let result = match result {
                    Ok(result) => result,
                    Err(error) => {
                        broken.push(error);
                        continue;
                    }
                };
                if let DryRun::Candidate(candidate) = &result {
                    *if candidate.violations == 0 { &mut clean } else { &mut violating } += 1;
                }
                tried.push((*slot, result));
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
fn try_node(evaluator: &Evaluator<'_>, state: &CycleState, slot: Slot) -> Result<DryRun, String> {
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
    let (protected, others) = budgets::split(evaluator.objects, potential);
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
    Ok(DryRun::Candidate(Candidate { node: slot, victims, violations }))
}

/// The more important first: the higher priority, then the earlier start. A pod that has not started counts as
/// starting now.
fn importance(a: &Pod, b: &Pod) -> Ordering {
    let start = |p: &Pod| p.meta.started.map_or(i64::MAX, |t| t.0);
    b.spec.priority.cmp(&a.spec.priority).then_with(|| start(a).cmp(&start(b)))
}
