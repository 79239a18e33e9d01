//! PostFilter: what can be done for a pod without a feasible node.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::{Candidate, DryRun, Nomination, PostFilterContext, PostFilterOutcome};
use longshore_framework::pod::Pod;
use longshore_framework::port::ReleasedClaim;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::verdict::{PluginError, RejectCode};

use super::Engine;
use crate::cycle::select::Chooser;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Evaluator};
use crate::meter::{ExtensionPoint, Status};
use crate::options::Evaluation;
use crate::pods::QueuedPod;
use crate::preempt::Preemptor;
use crate::trace::{PostFilterTrace, Trace};
use crate::weighing::Weighing;

/// What the stage came to.
#[derive(Debug, Default)]
pub(crate) struct PostFiltered {
    /// For the pod's message; mostly empty on success.
    pub(crate) message: String,
    pub(crate) nomination: Nomination,
    /// The plugin that succeeded.
    pub(crate) plugin: Str,
    pub(crate) victims: Vec<Arc<Pod>>,
    pub(crate) lapsed: Vec<Arc<Pod>>,
    /// What is taken back of claims for devices.
    pub(crate) releases: Vec<ReleasedClaim>,
    /// A plugin broke.
    pub(crate) broke: bool,
    /// What was weighed, when a node was chosen and it is kept.
    pub(crate) weighing: Option<Box<Weighing>>,
}

impl Engine {
    /// Asks the plugins in order until one succeeds or says that nothing helps. `None` when there is none to ask.
    pub(crate) fn post_filter(
        &mut self,
        queued: &QueuedPod,
        diagnosis: &Diagnosis,
        state: &CycleState,
        trace: Option<&mut Trace>,
    ) -> Option<PostFiltered> {
        let mut chooser = std::mem::replace(&mut self.chooser, Chooser::new(0, self.options.tie_break));
        let watch = self.meter.watch(queued.profile, state.sampled);
        let evaluator = Evaluator { watch, ..self.evaluator(queued.profile, &queued.pod) };
        let began = watch.start();
        let who = evaluator.asking.post_filters;
        let evicts = |id: &PluginId| {
            let plugin = evaluator.profile.plugin(*id).post_filter.as_ref();
            plugin.is_some_and(|plugin| plugin.evicts_by_priority())
        };
        let asked = evaluator.profile.stage(Stage::PostFilter).iter().any(|id| who.ask(evicts(id)));
        let audits = self.options.evaluation == Evaluation::Audited;
        let wholes = self.wholes();
        let known = (&self.evictions, &wholes);
        let mut preemptor = Preemptor::new(evaluator, state, diagnosis, &mut chooser, known, audits);
        let keeps = Keeps { trace: trace.is_some(), weighing: self.options.example_nodes.is_some() };
        let (done, record) = run(evaluator, state, &mut preemptor, keeps);
        watch.point(ExtensionPoint::PostFilter, status_of(record.code), began);
        self.chooser = chooser;
        if let (Some(trace), true) = (trace, asked) {
            trace.post_filter = Some(record);
        }
        asked.then_some(done)
    }
}

/// What is kept beside what is done.
#[derive(Clone, Copy)]
struct Keeps {
    trace: bool,
    weighing: bool,
}

fn run(
    evaluator: Evaluator<'_>,
    state: &CycleState,
    engine: &mut Preemptor<'_>,
    keeps: Keeps,
) -> (PostFiltered, PostFilterTrace) {
    let mut done = PostFiltered::default();
    let mut record = PostFilterTrace { code: RejectCode::Unschedulable.as_str(), ..Default::default() };
    let mut said = Vec::new();
    for (id, plugin) in evaluator.profile.at(Stage::PostFilter, |i| i.post_filter.as_ref()) {
        if !evaluator.asking.post_filters.ask(plugin.evicts_by_priority()) {
            continue;
        }
        let mut cx = PostFilterContext {
            snapshot: evaluator.snapshot,
            objects: evaluator.objects,
            pod: evaluator.pod,
            engine,
        };
        evaluator.watch.post_filter_asked(id);
        let began = evaluator.watch.start_plugin();
        let outcome = plugin.post_filter(&mut cx, state.of(id));
        evaluator.watch.plugin(id, ExtensionPoint::PostFilter, outcome_of(&outcome), began);
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                record.code = "Error";
                said = vec![error.to_string()];
                done.nomination = Nomination::Keep;
                done.broke = true;
                break;
            }
        };
        if keeps.trace {
            describe(&evaluator, &outcome, &mut record);
        }
        done.releases.append(&mut outcome.releases);
        if outcome.rejected.is_none() && (keeps.trace || keeps.weighing) {
            done.weighing = weighing(&evaluator, &outcome);
        }
        if outcome.nomination != Nomination::Keep {
            done.nomination = outcome.nomination;
        }
        let Some(rejection) = outcome.rejected else {
            record.code = "Success";
            done.plugin = evaluator.profile.name(id).into();
            (done.victims, done.lapsed) = (outcome.victims, outcome.lapsed);
            said = outcome.told.into_iter().collect();
            break;
        };
        let last = rejection.code == RejectCode::UnschedulableAndUnresolvable;
        if last {
            record.code = rejection.code.as_str();
            said.clear();
        }
        said.extend(rejection.reasons.iter().map(ToString::to_string));
        if last {
            break;
        }
    }
    done.message = said.join(", ");
    record.message.clone_from(&done.message);
    if let Nomination::Node(node) = &done.nomination {
        record.nominated = Some(Arc::clone(node));
    }
    (done, record)
}

/// The node that was chosen, and what it was weighed against.
fn weighing(evaluator: &Evaluator<'_>, outcome: &PostFilterOutcome) -> Option<Box<Weighing>> {
    let Nomination::Node(node) = &outcome.nomination else { return None };
    Weighing::of(evaluator.snapshot, outcome, evaluator.snapshot.slot(node))
}

fn outcome_of(outcome: &Result<PostFilterOutcome, PluginError>) -> Status {
    match outcome.as_ref().map(|o| o.rejected.as_ref()) {
        Ok(None) => Status::Success,
        Ok(Some(rejection)) => rejection.code.into(),
        Err(_) => Status::Error,
    }
}

/// The status with this name.
fn status_of(code: &str) -> Status {
    Status::ALL.into_iter().find(|s| s.as_str() == code).unwrap_or(Status::Unschedulable)
}

/// Adds to the record what a plugin tried.
fn describe(evaluator: &Evaluator<'_>, outcome: &PostFilterOutcome, record: &mut PostFilterTrace) {
    let name = |slot| Arc::clone(&evaluator.snapshot.node(slot).name);
    let keys = |pods: &[Arc<Pod>]| pods.iter().map(|p| p.key()).collect::<Vec<_>>();
    for (slot, tried) in &outcome.tried {
        match &**tried {
            DryRun::Candidate(Candidate { victims, violations, .. }) => {
                record.candidates.push((name(*slot), keys(victims), *violations));
            }
            DryRun::Rejected { plugin, rejection } => {
                let plugin = plugin.map(|id| evaluator.profile.name(id).into());
                record.failures.push((name(*slot), plugin, rejection.clone()));
            }
        }
    }
    let mut acceptable: Vec<Str> = outcome.acceptable.iter().map(|s| name(*s)).collect();
    acceptable.sort_unstable();
    record.acceptable.extend(acceptable);
    record.victims.extend(keys(&outcome.victims));
}
