//! Every filter's word on every node, for people who ask why.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::verdict::{Rejection, Verdict};
use rustc_hash::FxHashMap;

use super::Engine;
use crate::attempt::RejectedNodes;
use crate::cycle::rejections::RejectedGroup;
use crate::cycle::state::CycleState;
use crate::cycle::{Diagnosis, Stopped};

/// What every filter says of one node; in a real cycle the first rejection ends the matter.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The node.
    pub node: Str,
    /// Every filter that rejects it.
    pub rejections: Vec<(Str, Rejection)>,
}

/// What is said of a pod.
#[derive(Clone, Debug)]
pub enum Verdicts {
    /// PreFilter rejected it for all nodes.
    Everywhere {
        /// Why.
        rejection: Rejection,
    },
    /// Each node has its own verdict.
    PerNode(Vec<Judgement>),
    /// Something broke.
    Broken(String),
}

impl Engine {
    /// Judges `pod` on every node with every filter, changing nothing, and asks the extenders about the nodes that all
    /// filters pass. Promises to other pods are left out of account.
    pub fn judge_everywhere(&self, pod: &Arc<Pod>) -> Verdicts {
        let mut verdicts = self.judge_by_filters(pod);
        if let (Verdicts::PerNode(nodes), false) = (&mut verdicts, self.extenders.is_empty())
            && let Err(message) = self.judge_by_extenders(pod, nodes)
        {
            return Verdicts::Broken(message);
        }
        verdicts
    }

    fn judge_by_filters(&self, pod: &Arc<Pod>) -> Verdicts {
        let Some(profile) = self.profile_of(pod) else { return Verdicts::PerNode(Vec::new()) };
        let evaluator = self.evaluator(profile, pod);
        let mut state = CycleState::default();
        let mut diagnosis = Diagnosis::default();
        let names = match evaluator.node_set(&mut state, &mut diagnosis) {
            Ok(names) => names,
            Err(Stopped::Broken(message)) => return Verdicts::Broken(message),
            Err(_) => None,
        };
        if let Some((_, rejection)) = diagnosis.pre_filter {
            return Verdicts::Everywhere { rejection };
        }
        let mut judgements = Vec::new();
        for slot in evaluator.snapshot.order() {
            let node = Arc::clone(&evaluator.snapshot.node(*slot).name);
            let outside = names.as_ref().is_some_and(|set| !set.contains(&node));
            let judged = if outside {
                evaluator.outside(&diagnosis).into_iter().collect()
            } else {
                match evaluator.every_rejection(&state, *slot) {
                    Ok(rejections) => rejections,
                    Err(message) => return Verdicts::Broken(message),
                }
            };
            let named = |(id, r): (PluginId, Rejection)| (evaluator.profile.name(id).into(), r);
            judgements.push(Judgement { node, rejections: judged.into_iter().map(named).collect() });
        }
        Verdicts::PerNode(judgements)
    }

    fn judge_by_extenders(&self, pod: &Arc<Pod>, nodes: &mut [Judgement]) -> Result<(), String> {
        let Some(profile) = self.profile_of(pod) else { return Ok(()) };
        let evaluator = self.evaluator(profile, pod);
        let passed = nodes.iter().filter(|n| n.rejections.is_empty());
        let mut feasible: Vec<_> = passed.filter_map(|n| evaluator.snapshot.slot(&n.node)).collect();
        feasible.sort_unstable();
        let rejected = evaluator.extender_rejections(feasible)?;
        let mut by_name: FxHashMap<&Str, (PluginId, Rejection)> = FxHashMap::default();
        by_name.extend(rejected.into_iter().map(|(s, id, r)| (&evaluator.snapshot.node(s).name, (id, r))));
        for node in nodes {
            if let Some((id, rejection)) = by_name.remove(&node.node) {
                node.rejections.push((evaluator.profile.name(id).into(), rejection));
            }
        }
        Ok(())
    }

    /// The nodes on which every filter passes `pod`, which need not exist. The extenders are not asked: it is the pod as
    /// the cluster has it that they know.
    pub fn feasible_nodes(&self, pod: &Arc<Pod>) -> Vec<Str> {
        match self.judge_by_filters(pod) {
            Verdicts::PerNode(nodes) => {
                nodes.into_iter().filter(|n| n.rejections.is_empty()).map(|n| n.node).collect()
            }
            Verdicts::Everywhere { .. } | Verdicts::Broken(_) => Vec::new(),
        }
    }

    /// The same as if the nodes of the cluster with the names of `nodes` were so. The queue hears nothing of it, and
    /// afterwards the nodes are as before.
    pub fn feasible_nodes_if(&mut self, pod: &Arc<Pod>, nodes: &[Arc<Node>]) -> Vec<Str> {
        let mut before = Vec::with_capacity(nodes.len());
        for node in nodes {
            if self.cache.snapshot().slot(&node.name).is_some() {
                before.extend(self.cache.set_node(&self.pods, Arc::clone(node)));
            }
        }
        let feasible = self.feasible_nodes(pod);
        // The last first: a name may stand in `nodes` twice.
        for node in before.into_iter().rev() {
            self.cache.set_node(&self.pods, node);
        }
        feasible
    }

    /// The same as if these objects, which are there, were so. The queue hears nothing of it, and afterwards they are as before.
    pub fn feasible_nodes_with(&mut self, pod: &Arc<Pod>, objects: &[Object]) -> Vec<Str> {
        let before: Vec<Object> =
            objects.iter().filter_map(|object| self.cache.set_object(object.clone())).collect();
        let feasible = self.feasible_nodes(pod);
        for object in before.into_iter().rev() {
            self.cache.set_object(object);
        }
        feasible
    }
}

impl Engine {
    /// Why nodes were rejected, the most frequent first, with up to `examples` names each.
    pub(crate) fn group_rejections(
        &self,
        profile: usize,
        diagnosis: &Diagnosis,
        examples: usize,
    ) -> Vec<RejectedNodes> {
        let profile = &self.profiles[profile];
        let snapshot = self.cache.snapshot();
        let name_of =
            |plugin: Option<PluginId>| plugin.map_or_else(Str::default, |id| profile.name(id).into());
        if let Some((plugin, rejection)) = &diagnosis.pre_filter {
            let (plugin, rejection) = (name_of(*plugin), rejection.clone());
            return vec![RejectedNodes { plugin, rejection, count: snapshot.len(), examples: Vec::new() }];
        }
        let mut groups: Vec<&RejectedGroup> = diagnosis.rejected.iter().collect();
        groups.sort_by_cached_key(|group| group.slots().next());
        let named = |group: &RejectedGroup| RejectedNodes {
            plugin: name_of(Some(group.plugin)),
            rejection: group.rejection.clone(),
            count: group.nodes.len(),
            examples: group.slots().take(examples).map(|s| Arc::clone(&snapshot.node(s).name)).collect(),
        };
        let mut groups: Vec<RejectedNodes> = groups.into_iter().map(named).collect();
        let others = snapshot.len().saturating_sub(diagnosis.rejected.len());
        if let (Some(rejection), 1..) = (&diagnosis.absent, others) {
            let (plugin, rejection) = (name_of(diagnosis.rejected_by.iter().next()), rejection.clone());
            groups.push(RejectedNodes { plugin, rejection, count: others, examples: Vec::new() });
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

impl crate::cycle::Evaluator<'_> {
    /// A node outside the set that PreFilter left.
    fn outside(&self, diagnosis: &Diagnosis) -> Option<(PluginId, Rejection)> {
        let id = diagnosis.rejected_by.iter().next()?;
        let names = diagnosis.rejected_by.sorted_names(self.profile);
        let reason = longshore_framework::reason::Reason::OutsideNodeSet(names.into());
        Some((id, Rejection::unresolvable(reason)))
    }

    fn every_rejection(
        &self,
        state: &CycleState,
        slot: longshore_framework::snapshot::Slot,
    ) -> Result<Vec<(PluginId, Rejection)>, String> {
        let mut rejections = Vec::new();
        for (id, plugin) in self.profile.at(Stage::Filter, |i| i.filter.as_ref()) {
            if state.skips_filter(id) {
                continue;
            }
            let verdict = plugin
                .filter(self.cycle(), state.of(id), self.snapshot.view(slot))
                .map_err(|e| self.broken(Stage::Filter, id, &e))?;
            if let Verdict::Reject(rejection) = verdict {
                rejections.push((id, rejection));
            }
        }
        Ok(rejections)
    }
}
