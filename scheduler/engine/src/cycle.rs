//! One decision: which node is best for the pod?
//!
//! This is the literal evaluator: every filter is asked about every candidate, every scorer about every feasible node.
//! The answer does not depend on how the work is split or on how many threads do it. What [classes](crate::classes) of
//! pods keep from decision to decision is measured by it.

mod describe;
mod extend;
pub(crate) mod filter;
mod pre_filter;
pub(crate) mod rejections;
pub(crate) mod room;
pub(crate) mod score;
mod search;
pub(crate) mod select;
pub(crate) mod state;

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::bitset::BitSet;
use longshore_framework::features::Features;
use longshore_framework::objects::{NamespacedName, Objects};
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::resource_claim::Allocation;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::{PluginError, RejectCode, Rejection};

use crate::asking::Asking;
use crate::choice::BestNode;
use crate::extenders::Extenders;
use crate::kept_runs::KeptRuns;
use crate::known_failure::KnownFailure;
use crate::meter::Watch;
use crate::options::Parallelism;
use crate::plugin_set::PluginSet;
use crate::queue::Nominator;
use crate::trace::Trace;
use rejections::Rejections;
use room::Room;
use score::Scores;
use select::Chooser;
use state::CycleState;

/// All that a decision reads.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) objects: &'a Objects,
    pub(crate) pod: &'a Arc<Pod>,
    pub(crate) nominator: &'a Nominator,
    pub(crate) parallelism: &'a Parallelism,
    pub(crate) watch: Watch<'a>,
    pub(crate) extenders: &'a Extenders,
    /// The rules that are followed.
    pub(crate) features: Features,
    /// What is otherwise for the sake of the pod's group.
    pub(crate) asking: &'a Asking,
}

/// What is kept of a decision beside its outcome.
#[derive(Default)]
pub(crate) struct Kept<'k> {
    /// Who said what of which node; also when the decision stops on the way.
    pub(crate) trace: Option<&'k mut Trace>,
    /// What the best nodes scored.
    pub(crate) best: Option<Best<'k>>,
}

/// What the best nodes scored.
pub(crate) struct Best<'k> {
    /// How many nodes are wanted.
    pub(crate) most: usize,
    pub(crate) nodes: &'k mut Vec<BestNode>,
    /// How long it took, by the meter's clock.
    pub(crate) took: &'k mut Duration,
}

/// A node and why it was rejected.
#[derive(Clone, Debug)]
pub(crate) struct NodeStatus {
    pub(crate) slot: Slot,
    pub(crate) plugin: PluginId,
    pub(crate) rejection: Rejection,
}

/// Why no node was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagnosis {
    /// PreFilter rejected the pod: the plugin, when it was one, and how.
    pub(crate) pre_filter: Option<(Option<PluginId>, Rejection)>,
    /// Nodes that filters rejected.
    pub(crate) rejected: Rejections,
    /// How every other node counts: as PreFilter rejected the pod, or as outside the set it left.
    pub(crate) absent: Option<Rejection>,
    /// Nodes that an extender left out without a reason, for the trace; they count as evictions cannot help them.
    pub(crate) left_out: Vec<(Slot, PluginId)>,
    /// Every plugin that had a part in it.
    pub(crate) rejected_by: PluginSet,
    /// Those that said that something is pending.
    pub(crate) pending_on: PluginSet,
    /// The nodes that evictions may help, when that is known already.
    pub(crate) resolvable: Option<Arc<BitSet>>,
    /// What evictions could do, as far as it is known from pods of the same class.
    pub(crate) kept: Option<Arc<KeptRuns>>,
}

impl Diagnosis {
    pub(crate) fn blame(&mut self, plugin: PluginId, code: RejectCode) {
        self.rejected_by.insert(plugin);
        if code == RejectCode::Pending {
            self.pending_on.insert(plugin);
        }
    }

    /// Blames everyone who rejected a node.
    pub(crate) fn blame_all(&mut self) {
        let said: Vec<_> = self.rejected.iter().map(|group| (group.plugin, group.rejection.code)).collect();
        for (plugin, code) in said {
            self.blame(plugin, code);
        }
    }

    fn reject(&mut self, status: NodeStatus) {
        self.blame(status.plugin, status.rejection.code);
        self.rejected.add(status);
    }

    /// How the node was rejected.
    pub(crate) fn code(&self, slot: Slot) -> RejectCode {
        let explicit = self.rejected.find(slot).map(|group| &group.rejection);
        let rejection = explicit.or(self.absent.as_ref());
        rejection.map_or(RejectCode::UnschedulableAndUnresolvable, |r| r.code)
    }

    /// The nodes that evictions may help.
    pub(crate) fn resolvable(&self, snapshot: &Snapshot) -> Arc<BitSet> {
        if let Some(known) = &self.resolvable {
            return Arc::clone(known);
        }
        let helps = |rejection: &Rejection| rejection.code == RejectCode::Unschedulable;
        let mut nodes = BitSet::default();
        if self.absent.as_ref().is_some_and(helps) {
            nodes = snapshot.live().clone();
        }
        for (slot, group) in self.rejected.nodes() {
            nodes.set(slot.index(), helps(&group.rejection));
        }
        Arc::new(nodes)
    }
}

/// A decision that did not end with a node.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The pod does not fit.
    Unfit(Box<Diagnosis>),
    /// It does not fit, as another one of its class did not.
    Known(Arc<KnownFailure>),
    /// There is no node at all.
    NoNodes,
    /// Something broke.
    Broken(String),
}

/// A plugin broke over a piece of the nodes.
#[derive(Debug)]
struct Broken {
    /// Which of the plugins of the stage, in the order they are asked.
    turn: usize,
    message: String,
}

/// The pieces of a split, or what broke first had the work not been split: the error of the plugin that is asked first,
/// over the first piece that has one.
fn all_or_first_broken<T>(pieces: Vec<Result<T, Broken>>) -> Result<Vec<T>, String> {
    let broken = pieces.iter().filter_map(|piece| piece.as_ref().err());
    if let Some(first) = broken.min_by_key(|broken| broken.turn) {
        return Err(first.message.clone());
    }
    Ok(pieces.into_iter().flatten().collect())
}

impl<'a> Evaluator<'a> {
    /// What plugins are given.
    pub(crate) fn cycle(&self) -> Cycle<'a> {
        Cycle { snapshot: self.snapshot, objects: self.objects, pod: self.pod }
    }

    /// The same as if nobody were promised a node.
    pub(crate) fn without_promises(&self) -> Self {
        Self { nominator: Nominator::nobody(), ..*self }
    }

    /// PreFilter, Filter, PreScore, Score and the choice. `start` is where a search of fewer than all nodes begins, and is moved
    /// on. `room` is memory that another decision has used. What is to be kept is written to `kept`.
    pub(crate) fn decide(
        &self,
        state: &mut CycleState,
        chooser: &mut Chooser,
        (start, room): (&mut usize, &mut Room),
        kept: Kept<'_>,
    ) -> Result<Slot, Stopped> {
        let Kept { mut trace, best } = kept;
        if self.snapshot.is_empty() {
            return Err(Stopped::NoNodes);
        }
        if let Some(trace) = trace.as_deref_mut() {
            trace.ran = true;
        }
        let mut diagnosis = Diagnosis::default();
        let feasible = self.feasible(state, &mut diagnosis, (start, room), trace.as_deref_mut())?;
        state.feasible = feasible.len();
        state.evaluated = feasible.len() + diagnosis.rejected.len();
        if let Some(trace) = trace.as_deref_mut() {
            trace.nodes = Some(self.trace_nodes(&diagnosis, &feasible));
            trace.given = self.trace_given(state, &feasible);
        }
        let chosen = match feasible.as_slice() {
            [] => return Err(Stopped::Unfit(Box::new(diagnosis))),
            [only] => {
                if let Some(trace) = trace {
                    trace.best = vec![Arc::clone(&self.snapshot.node(*only).name)];
                }
                *only
            }
            several => {
                let scores = self.score(state, several, trace.is_some(), room).map_err(Stopped::Broken)?;
                if let Some(trace) = trace {
                    self.trace_scores(trace, several, &scores);
                }
                let chosen = chooser.choose_of(&scores.best, |at| &self.snapshot.node(several[at]).name);
                if let Some(Best { most, nodes, took }) = best {
                    let began = self.watch.start();
                    *nodes = self.best_nodes(state, several, &scores, (chosen, most));
                    *took = self.watch.start().saturating_sub(began);
                }
                scores.give_back(room);
                several[chosen]
            }
        };
        room.give_slots(feasible);
        Ok(chosen)
    }

    /// The text of an error of a plugin at a stage.
    pub(crate) fn broken(&self, stage: Stage, plugin: PluginId, error: &PluginError) -> String {
        let name = self.profile.name(plugin);
        match stage {
            Stage::Filter => format!("running \"{name}\" filter plugin: {error}"),
            other => format!("running {} plugin \"{name}\": {error}", other.name()),
        }
    }
}

/// A node, and what claims would be given there.
type Given = (longshore_framework::Str, Vec<(NamespacedName, Arc<Allocation>)>);

/// The record of a decision.
impl Evaluator<'_> {
    fn trace_nodes(
        &self,
        diagnosis: &Diagnosis,
        feasible: &[Slot],
    ) -> Vec<(longshore_framework::Str, crate::trace::NodeTrace)> {
        use crate::trace::NodeTrace;
        let name = |slot: Slot| Arc::clone(&self.snapshot.node(slot).name);
        let rejected = diagnosis.rejected.nodes().map(|(slot, group)| {
            let plugin = self.profile.name(group.plugin).into();
            (slot, NodeTrace::Rejected { plugin, rejection: group.rejection.clone() })
        });
        let left_out = diagnosis.left_out.iter().map(|(slot, extender)| {
            let rejection = Rejection::unresolvable(extend::LEFT_OUT.to_string());
            (*slot, NodeTrace::Rejected { plugin: self.profile.name(*extender).into(), rejection })
        });
        let passed = feasible.iter().map(|slot| (*slot, NodeTrace::Feasible { scores: None, total: 0 }));
        let mut nodes: Vec<_> = passed.chain(rejected).chain(left_out).collect();
        // What an extender first said of a node may stand beside what became of it: the sort keeps the latter in front.
        nodes.sort_by_key(|(slot, _)| *slot);
        nodes.dedup_by_key(|(slot, _)| *slot);
        nodes.into_iter().map(|(slot, node)| (name(slot), node)).collect()
    }

    fn trace_given(&self, state: &CycleState, feasible: &[Slot]) -> Vec<Given> {
        let given = |slot: &Slot| {
            let name = &self.snapshot.node(*slot).name;
            let filters = self.profile.stage(Stage::Filter).iter();
            let given = filters
                .flat_map(|id| self.profile.plugin(*id).plugin.given(self.cycle(), state.of(*id), name));
            (Arc::clone(name), given.collect::<Vec<_>>())
        };
        feasible.iter().map(given).filter(|(_, given)| !given.is_empty()).collect()
    }

    fn trace_scores(&self, trace: &mut Trace, feasible: &[Slot], scores: &Scores) {
        use crate::trace::NodeTrace;
        let name = |at: usize| &self.snapshot.node(feasible[at]).name;
        let names = self.scorer_names(scores);
        trace.best = scores.best.iter().map(|at| Arc::clone(name(at))).collect();
        trace.best.sort_unstable();
        let mut by_name: rustc_hash::FxHashMap<&str, usize> = rustc_hash::FxHashMap::default();
        by_name.extend((0..feasible.len()).map(|at| (&**name(at), at)));
        for (node, record) in trace.nodes.iter_mut().flatten() {
            let (NodeTrace::Feasible { scores: list, total }, Some(at)) = (record, by_name.get(&**node))
            else {
                continue;
            };
            *total = scores.totals[*at];
            *list = Some(describe::plugin_scores(scores, &names, *at));
        }
    }
}
