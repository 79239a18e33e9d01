//! PreFilter to Score: what is asked before a node is chosen.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::{
    Cycle, Filter, FilterSink, MAX_SCORE, Nomination, PostFilter, PostFilterContext, PostFilterOutcome,
    PreFilter, PreScore, Score,
};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{
    PluginError, PreFilterVerdict, PreScoreVerdict, Reasons, RejectCode, Rejection, Verdict,
};
use longshore_framework::view::NodeView;

use super::super::abi::Input;
use super::super::batches;
use super::super::exports::Export;
use super::super::objects::PodSource;
use super::super::pool::{Calls, Change};
use super::super::verdicts::{Status, said_no, status, yes_or_no};
use super::{Staged, name_of};
use crate::failure::{Failure, FailureKind};

impl PreFilter for Staged {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let held = self.0.begin(cx.pod);
        state.put(held.clone());
        let export = Export::PreFilter;
        if !self.0.exports.has(export) {
            return Ok(PreFilterVerdict::Pass(None));
        }
        let nothing = PreFilterVerdict::Pass(None);
        self.0.ask(&held, (export, 1), cx.snapshot, nothing, |calls| {
            let input = calls.input();
            let reply = calls.call(export, input)?;
            match status(export, reply.low(), &reply.pushed.reason)? {
                Status::Success => {
                    let names = reply.pushed.node_names;
                    Ok(PreFilterVerdict::Pass(if names.is_empty() { None } else { Some(names) }))
                }
                Status::Skip => Ok(PreFilterVerdict::Skip),
                Status::Reject(rejection) => Ok(PreFilterVerdict::Reject(rejection)),
                Status::Wait => Err(said_no(export, reply.low(), &reply.pushed.reason)),
            }
        })
    }

    fn add_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        added: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.suppose(cx, state, (Export::AddPod, added), node)
    }

    fn remove_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        removed: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.suppose(cx, state, (Export::RemovePod, removed), node)
    }
}

impl Staged {
    /// Notes the hypothesis in this copy of the state and tells the guest. Another copy, of which there may be many at
    /// once, makes the guest undo it before it is asked about that one.
    fn suppose(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        (export, pod): (Export, &Pod),
        node: Slot,
    ) -> Result<(), PluginError> {
        if !self.0.exports.has(Export::AddPod) && !self.0.exports.has(Export::RemovePod) {
            return Ok(());
        }
        let node = name_of(cx.snapshot, node);
        let Ok(held) = state.get_mut::<super::Held>() else { return Ok(()) };
        let undone = |last: &Arc<Change>| {
            last.export != export && last.node == node && last.pod.pod.meta.uid == pod.meta.uid
        };
        if held.changes.last().is_some_and(undone) {
            held.changes.pop();
        } else {
            let pod = Arc::new(PodSource::new(pod));
            held.changes.push(Arc::new(Change { export, pod, node }));
        }
        let held = held.clone();
        self.0.ask(&held, (export, held.changes.len() + 1), cx.snapshot, (), |_| Ok(()))
    }

    /// Judges nodes. When failures are ignored nothing is said of a node the guest failed over, and of all that were to come:
    /// they fit.
    fn judge(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        names: &[Str],
        said: &mut Vec<Option<Rejection>>,
    ) -> Result<(), PluginError> {
        let held = self.0.held(state, cx.pod, cx.snapshot, false);
        self.0.ask(&held, (Export::Filter, names.len()), cx.snapshot, (), |calls| {
            batches::each(calls, Export::Filter, names, &one_node, said)
        })
    }
}

fn one_node(calls: &mut Calls<'_>, name: &Str) -> Result<Option<Rejection>, Failure> {
    let input = Input { node: Arc::clone(name), ..calls.input() };
    let reply = calls.call(Export::Filter, input)?;
    yes_or_no(Export::Filter, &reply)
}

fn verdict(rejection: Option<Rejection>) -> Verdict {
    rejection.map_or(Verdict::Pass, Verdict::Reject)
}

impl Filter for Staged {
    /// A hypothesis is the node itself to a guest: the interface shows no pods. What changed it hears of by AddPod and
    /// RemovePod.
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let mut said = Vec::new();
        self.judge(cx, state, &[name_of(cx.snapshot, node.slot())], &mut said)?;
        Ok(verdict(said.pop().flatten()))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let names: Vec<Str> = nodes.candidates().iter().map(|slot| name_of(cx.snapshot, *slot)).collect();
        let mut said = Vec::new();
        self.judge(cx, state, &names, &mut said)?;
        let mut said = said.into_iter();
        nodes.retain(|_| Ok(verdict(said.next().flatten())))
    }
}

impl PostFilter for Staged {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        let held = self.0.held(state, cx.pod, cx.snapshot, false);
        let statuses = self.0.reads.statuses.then(|| statuses(cx));
        let export = Export::PostFilter;
        self.0.ask(&held, (export, cx.snapshot.len()), cx.snapshot, nothing_done(), |calls| {
            let input = Input { statuses: statuses.as_deref().map(Into::into), ..calls.input() };
            let reply = calls.call(export, input)?;
            let nominated = reply.pushed.nominated.clone();
            let nomination = match reply.high() {
                0 => Nomination::Keep,
                1 if nominated.is_empty() => Nomination::Clear,
                1 if nominated.len() > LONGEST_NAME => {
                    return Err(Failure::answer(
                        export.stage(),
                        "it nominates something that is not the name of a node",
                    ));
                }
                1 => Nomination::Node(nominated),
                mode => {
                    return Err(Failure::answer(export.stage(), format!("{mode} is not a nominating mode")));
                }
            };
            match yes_or_no(export, &reply)? {
                // An SDK exports every function and answers 0 from those nobody wrote.
                None if nomination == Nomination::Keep => Ok(nothing_done()),
                rejected => Ok(PostFilterOutcome { rejected, nomination, ..PostFilterOutcome::default() }),
            }
        })
    }
}

/// The longest name of a node, in bytes.
const LONGEST_NAME: usize = 253;

/// The next plugin is asked.
fn nothing_done() -> PostFilterOutcome {
    let nothing = Rejection { code: RejectCode::Unschedulable, reasons: Reasons::new() };
    PostFilterOutcome { rejected: Some(nothing), ..PostFilterOutcome::default() }
}

/// JSON: how each node was rejected.
fn statuses(cx: &PostFilterContext<'_>) -> String {
    let code = |slot| match cx.engine.rejection(slot) {
        None => 0,
        Some(RejectCode::UnschedulableAndUnresolvable) => 3,
        Some(RejectCode::Unschedulable | RejectCode::Pending) => 2,
    };
    let live = cx.snapshot.live().iter().map(Slot::from);
    by_name(cx.snapshot, live.map(|slot| (slot, code(slot))))
}

fn by_name(snapshot: &Snapshot, values: impl Iterator<Item = (Slot, i64)>) -> String {
    let named: BTreeMap<&str, i64> =
        values.map(|(slot, value)| (&*snapshot.node(slot).name, value)).collect();
    serde_json::to_string(&named).unwrap_or_default()
}

impl PreScore for Staged {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        let held = self.0.held(state, cx.pod, cx.snapshot, false);
        let names = self.0.reads.filtered_nodes.then(|| {
            let names: Vec<&str> = feasible.iter().map(|slot| &*cx.snapshot.node(*slot).name).collect();
            serde_json::to_string(&names).unwrap_or_default()
        });
        let export = Export::PreScore;
        self.0.ask(&held, (export, feasible.len()), cx.snapshot, PreScoreVerdict::Skip, |calls| {
            let input = Input { filtered_nodes: names.as_deref().map(Into::into), ..calls.input() };
            calls.scores_with(&input);
            let reply = calls.call(export, input)?;
            match status(export, reply.low(), &reply.pushed.reason)? {
                Status::Success => Ok(PreScoreVerdict::Score),
                Status::Skip => Ok(PreScoreVerdict::Skip),
                _ => Err(said_no(export, reply.low(), &reply.pushed.reason)),
            }
        })
    }
}

impl Score for Staged {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        let mut score = [0];
        self.score_range(cx, state, &[node.slot()], &mut score)?;
        Ok(score[0])
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let held = self.0.held(state, cx.pod, cx.snapshot, false);
        let names: Vec<Str> = nodes.iter().map(|slot| name_of(cx.snapshot, *slot)).collect();
        let mut raw = Vec::new();
        self.0.ask(&held, (Export::Score, nodes.len()), cx.snapshot, (), |calls| {
            batches::each(calls, Export::Score, &names, &|calls, name| self.one_score(calls, name), &mut raw)
        })?;
        // With failures ignored, an answer that is missing is 0 for every node.
        if raw.len() == scores.len() {
            scores.copy_from_slice(&raw);
        } else {
            scores.fill(0);
        }
        Ok(())
    }

    fn normalise(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let export = Export::NormalizeScore;
        if !self.0.exports.has(export) {
            return Ok(());
        }
        let held = self.0.held(state, cx.pod, cx.snapshot, false);
        let pairs = nodes.iter().copied().zip(scores.iter().copied());
        let given = self.0.reads.scores.then(|| by_name(cx.snapshot, pairs));
        let normal =
            self.0.ask(&held, (export, nodes.len()), cx.snapshot, vec![0; nodes.len()], |calls| {
                let input = Input { scores: given.as_deref().map(Into::into), ..calls.input() };
                let reply = calls.call(export, input)?;
                if let Some(rejection) = yes_or_no(export, &reply)? {
                    return Err(Failure::new(export.stage(), FailureKind::Error, rejection.message()));
                }
                let normal = match reply.pushed.scores {
                    Some(said) => in_order(cx.snapshot, nodes, said)?,
                    None => scores.to_vec(),
                };
                normal.iter().try_for_each(|score| in_range(export, *score))?;
                Ok(normal)
            })?;
        scores.copy_from_slice(&normal);
        Ok(())
    }
}

impl Staged {
    fn one_score(&self, calls: &mut Calls<'_>, name: &Str) -> Result<i64, Failure> {
        let export = Export::Score;
        let input = Input { node: Arc::clone(name), ..calls.input() };
        let reply = calls.call(export, input)?;
        if let Some(rejection) = yes_or_no(export, &reply)? {
            return Err(Failure::new(export.stage(), FailureKind::Error, rejection.message()));
        }
        let score = i64::from(reply.high());
        if !self.0.exports.has(Export::NormalizeScore) {
            in_range(export, score)?;
        }
        Ok(score)
    }
}

fn in_range(export: Export, score: i64) -> Result<(), Failure> {
    if (0..=MAX_SCORE).contains(&score) {
        return Ok(());
    }
    Err(Failure::answer(export.stage(), format!("a score of {score}; from 0 to {MAX_SCORE} is allowed")))
}

/// Scores by name in the order of the nodes. Every node needs one, and nobody else may have one.
fn in_order(snapshot: &Snapshot, nodes: &[Slot], said: Vec<(String, i64)>) -> Result<Vec<i64>, Failure> {
    let stage = Export::NormalizeScore.stage();
    if said.len() != nodes.len() {
        let message = format!("it gave scores for {} nodes, {} were asked about", said.len(), nodes.len());
        return Err(Failure::answer(stage, message));
    }
    let said: BTreeMap<String, i64> = said.into_iter().collect();
    let score = |slot: &Slot| {
        let name = &*snapshot.node(*slot).name;
        said.get(name).copied().ok_or_else(|| Failure::answer(stage, format!("it gave no score for {name}")))
    };
    nodes.iter().map(score).collect()
}
