//! One pod through the stages of one plugin, in the order of a cycle.

mod answer;
mod choose;
mod place;

use longshore_framework::plugin::{Cycle, EnqueueContext};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::Verdict;
use rustc_hash::FxHashSet;

use super::Scene;

pub(crate) use answer::{Answer, Judged, Kind, NodeAnswer};

/// How far a turn goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// Nodes are judged; nothing changes.
    Score,
    /// The pod is put on a node.
    PostBind,
}

/// What a plugin answered, stage by stage. Stages that it does not have or was not asked at are missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turn {
    /// Answers about the pod.
    pub(crate) stages: Vec<Answer>,
    /// Answers about nodes, by name.
    pub(crate) nodes: Vec<NodeAnswer>,
    /// The best node.
    pub(crate) chosen: Option<String>,
}

impl Turn {
    /// What the plugin said at a stage.
    #[cfg(test)]
    pub(crate) fn stage(&self, stage: Stage) -> Option<&Answer> {
        self.stages.iter().find(|answer| answer.stage == stage)
    }

    /// The stage at which the plugin broke, with its message.
    pub(crate) fn failure(&self) -> Option<(Stage, &str)> {
        self.stages.iter().find_map(|answer| match &answer.kind {
            Kind::Failed(message) => Some((answer.stage, message.as_str())),
            _ => None,
        })
    }
}

/// Asks the plugin about a pod that is on no node. At the end of the cycle the pod is on the chosen node of the scene,
/// unless the plugin turned it away.
pub(crate) fn take(instance: &Instance, scene: &mut Scene, pod: &Pod, last: Last) -> Turn {
    let mut cycle = Asked { instance, pod, state: PluginState::default(), turn: Turn::default() };
    let best = cycle.judge(scene);
    cycle.turn.nodes.sort_by(|a, b| a.node.cmp(&b.node));
    if let (Some(slot), Last::PostBind) = (best, last) {
        cycle.place(scene, slot);
    }
    cycle.turn
}

/// A cycle under way.
struct Asked<'a> {
    instance: &'a Instance,
    pod: &'a Pod,
    state: PluginState,
    turn: Turn,
}

impl Asked<'_> {
    fn say(&mut self, stage: Stage, kind: Kind) {
        self.turn.stages.push(Answer { stage, kind });
    }

    /// From PreEnqueue to Score; the best node.
    fn judge(&mut self, scene: &Scene) -> Option<Slot> {
        if !self.pre_enqueue(scene) {
            return None;
        }
        let cx = Cycle { snapshot: &scene.snapshot, objects: &scene.objects, pod: self.pod };
        let slots = scene.slots();
        let judged = match self.pre_filter(cx, &slots) {
            Some(Ok((candidates, filters))) if filters => self.filter(cx, candidates)?,
            Some(Ok((candidates, _))) => (candidates, Vec::new()),
            Some(Err(rejection)) => {
                (Vec::new(), slots.iter().map(|slot| (*slot, rejection.clone())).collect())
            }
            None => return None,
        };
        let (feasible, rejected) = judged;
        let seen: FxHashSet<Slot> =
            feasible.iter().chain(rejected.iter().map(|(slot, _)| slot)).copied().collect();
        let node =
            |slot: Slot, judged| NodeAnswer { node: scene.snapshot.node(slot).name.to_string(), judged };
        let left_out =
            slots.iter().filter(|slot| !seen.contains(*slot)).map(|slot| node(*slot, Judged::LeftOut));
        let turned_away = rejected.iter().map(|(slot, no)| node(*slot, Judged::Rejected(no.clone())));
        self.turn.nodes.extend(left_out.chain(turned_away));
        if feasible.is_empty() {
            self.post_filter(scene, &rejected);
            return None;
        }
        self.best(cx, &feasible)
    }

    fn pre_enqueue(&mut self, scene: &Scene) -> bool {
        let Some(plugin) = &self.instance.pre_enqueue else { return true };
        let cx = EnqueueContext { pod: self.pod, evicting: false, objects: &scene.objects };
        let verdict = plugin.pre_enqueue(cx);
        let passes = verdict == Verdict::Pass;
        self.say(Stage::PreEnqueue, Kind::verdict(verdict));
        passes
    }
}

#[cfg(test)]
mod tests;
