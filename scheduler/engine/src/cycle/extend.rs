//! What the extenders say of nodes that every Filter plugin passed.

use std::sync::Arc;

use longshore_framework::extender::{Extender, FilterAnswer, MAX_EXTENDER_SCORE};
use longshore_framework::node::Node;
use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::profile::PluginId;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::{PluginError, Rejection};
use longshore_framework::{Str, extender};

use super::score::{Column, ScoreColumn};
use super::{Diagnosis, Evaluator, NodeStatus};

/// What a trace says of a node that an extender neither kept nor gave a reason for.
pub(super) const LEFT_OUT: &str = "left out by the extender without a reason";

/// Scores of one extender by node name.
type Scores = Result<Vec<(Str, i64)>, PluginError>;

impl Evaluator<'_> {
    /// Whether extenders filter or score for the pod.
    pub(crate) fn asks_extenders(&self) -> bool {
        let mut interested = self.extenders.interested(self.profile, self.pod);
        interested.any(|(_, extender)| extender.is_filter() || extender.is_prioritizer())
    }

    /// Whether extenders have any say about the pod.
    pub(crate) fn has_extenders(&self) -> bool {
        self.extenders.interested(self.profile, self.pod).next().is_some()
    }

    /// The nodes that every extender keeps, in slot order. They are asked one after the other, each about what the one
    /// before it left.
    pub(crate) fn ask_extenders(
        &self,
        feasible: Vec<Slot>,
        diagnosis: &mut Diagnosis,
    ) -> Result<Vec<Slot>, String> {
        let before = feasible.len();
        let left = self.filter_by_extenders(feasible, diagnosis)?;
        if let Some(all) = self.extenders.all(self.profile).filter(|_| left.len() != before) {
            diagnosis.rejected_by.insert(all);
        }
        Ok(left)
    }

    /// The nominated node, when every extender keeps it. If one breaks, the search finds it again.
    pub(super) fn nominated_passes_extenders(&self, slot: Slot, diagnosis: &mut Diagnosis) -> Option<Slot> {
        self.filter_by_extenders(vec![slot], diagnosis).ok()?.pop()
    }

    fn filter_by_extenders(
        &self,
        mut feasible: Vec<Slot>,
        diagnosis: &mut Diagnosis,
    ) -> Result<Vec<Slot>, String> {
        for (id, extender) in self.extenders.interested(self.profile, self.pod) {
            if feasible.is_empty() {
                break;
            }
            if !extender.is_filter() {
                continue;
            }
            let asked = self.nodes(&feasible);
            let answer = extender.filter(self.pod, &asked).and_then(|answer| {
                let kept = self.kept(extender, &feasible, &answer)?;
                Ok((kept, answer))
            });
            match answer {
                Ok((kept, answer)) => {
                    self.note_failed(id, &feasible, &kept, answer, diagnosis);
                    feasible = kept;
                }
                Err(error) if extender.is_ignorable() => passed_over(extender, &error),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(feasible)
    }

    /// The nodes an answer keeps, which have to be among those that were asked about.
    fn kept(
        &self,
        extender: &Arc<dyn Extender>,
        asked: &[Slot],
        answer: &FilterAnswer,
    ) -> Result<Vec<Slot>, PluginError> {
        let mut kept = Vec::with_capacity(answer.kept.len().min(asked.len()));
        let mut places = self.places(asked);
        for name in &answer.kept {
            match places.find(name) {
                Some(at) => kept.push(asked[at]),
                None => {
                    return Err(PluginError::new(format!(
                        "extender \"{}\" claims a filtered node \"{name}\" which is not found in the input node list",
                        extender.name()
                    )));
                }
            }
        }
        kept.sort_unstable();
        kept.dedup();
        Ok(kept)
    }

    /// Nodes that are in the cluster take the reason an extender gives, also when it was not asked about them.
    fn note_failed(
        &self,
        id: PluginId,
        asked: &[Slot],
        kept: &[Slot],
        answer: FilterAnswer,
        diagnosis: &mut Diagnosis,
    ) {
        let resolvable = answer.failed.into_iter().map(|(node, why)| (node, Rejection::unschedulable(why)));
        let others = answer.failed_and_unresolvable.into_iter();
        let unresolvable = others.map(|(node, why)| (node, Rejection::unresolvable(why)));
        // The later of two reasons for one node stays.
        for (node, rejection) in resolvable.chain(unresolvable) {
            if let Some(slot) = self.snapshot.slot(&node) {
                diagnosis.rejected.set(NodeStatus { slot, plugin: id, rejection });
            }
        }
        for slot in asked {
            let explained = diagnosis.rejected.find(*slot).is_some();
            if !explained && kept.binary_search(slot).is_err() {
                diagnosis.left_out.push((*slot, id));
            }
        }
    }

    /// Adds the extenders' scores, brought from 0 to 10 to the range of the plugins' scores, to the totals; whether there
    /// are any.
    pub(crate) fn add_extender_scores(
        &self,
        feasible: &[Slot],
        columns: &mut Vec<ScoreColumn>,
        totals: &mut [i64],
    ) -> bool {
        let asked: Vec<(PluginId, &Arc<dyn Extender>)> =
            self.extenders.interested(self.profile, self.pod).filter(|(_, e)| e.is_prioritizer()).collect();
        if asked.is_empty() {
            return false;
        }
        let nodes = self.nodes(feasible);
        let extenders: Vec<&Arc<dyn Extender>> = asked.iter().map(|(_, e)| *e).collect();
        for ((id, extender), scores) in asked.iter().zip(self.prioritize(&extenders, &nodes)) {
            match scores {
                Ok(scores) => {
                    let column = self.column(*id, extender.weight(), feasible, &scores);
                    for (at, total) in totals.iter_mut().enumerate() {
                        *total = total.saturating_add(column.score.at(at).saturating_mul(column.weight));
                    }
                    columns.push(column);
                }
                Err(error) => passed_over(extender, &error),
            }
        }
        true
    }

    /// Asks all at the same time; the answers in the order of the extenders.
    fn prioritize(&self, extenders: &[&Arc<dyn Extender>], nodes: &[&Node]) -> Vec<Scores> {
        if let [only] = extenders {
            return vec![only.prioritize(self.pod, nodes)];
        }
        std::thread::scope(|scope| {
            let ask = |e: &&Arc<dyn Extender>| {
                let extender = Arc::clone(e);
                scope.spawn(move || extender.prioritize(self.pod, nodes))
            };
            let asked: Vec<_> = extenders.iter().map(ask).collect();
            let panicked = |_| Err(PluginError::new("the extender's thread panicked"));
            asked.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
        })
    }

    /// Nodes that were not asked about are passed over; scores for one node add up.
    fn column(&self, plugin: PluginId, weight: i64, feasible: &[Slot], scores: &[(Str, i64)]) -> ScoreColumn {
        let mut raw = vec![0_i64; feasible.len()];
        let mut places = self.places(feasible);
        for (name, score) in scores {
            if let Some(at) = places.find(name) {
                raw[at] = raw[at].saturating_add(*score);
            }
        }
        let scale = MAX_SCORE / MAX_EXTENDER_SCORE;
        let score = raw.iter().map(|raw| raw.saturating_mul(scale)).collect();
        ScoreColumn { plugin, weight, raw: Column::Each(raw), score: Column::Each(score) }
    }

    fn places<'s>(&'s self, slots: &'s [Slot]) -> Places<'s> {
        Places { snapshot: self.snapshot, slots, next: 0 }
    }

    fn nodes(&self, slots: &[Slot]) -> Vec<&Node> {
        slots.iter().map(|slot| &**self.snapshot.node(*slot)).collect()
    }

    /// What an extender says of every node that the filters pass, for people who ask why.
    pub(crate) fn extender_rejections(
        &self,
        feasible: Vec<Slot>,
    ) -> Result<Vec<(Slot, PluginId, Rejection)>, String> {
        let mut diagnosis = Diagnosis::default();
        let left = self.filter_by_extenders(feasible, &mut diagnosis)?;
        let left_out = diagnosis.left_out.into_iter();
        let left_out = left_out.map(|(slot, id)| (slot, id, Rejection::unresolvable(LEFT_OUT.to_string())));
        let failed = diagnosis.rejected.nodes().map(|(slot, g)| (slot, g.plugin, g.rejection.clone()));
        Ok(failed.chain(left_out).filter(|(slot, ..)| left.binary_search(slot).is_err()).collect())
    }
}

/// Where nodes stand that are named, in a list of slots in ascending order. Most answers name them in the order in which they were
/// asked about, so the one after the last that was found is looked at first.
struct Places<'a> {
    snapshot: &'a Snapshot,
    slots: &'a [Slot],
    next: usize,
}

impl Places<'_> {
    fn find(&mut self, name: &str) -> Option<usize> {
        let is_next = self.slots.get(self.next).is_some_and(|slot| *self.snapshot.node(*slot).name == *name);
        let at = match is_next {
            true => self.next,
            false => self.slots.binary_search(&self.snapshot.slot(name)?).ok()?,
        };
        self.next = at + 1;
        Some(at)
    }
}

fn passed_over(extender: &Arc<dyn extender::Extender>, error: &PluginError) {
    tracing::info!(extender = extender.name(), %error, "an extender failed and is passed over");
}
