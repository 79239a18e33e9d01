//! What can be done to a node, so that it takes the pod.

use std::sync::Arc;

use longshore_engine::{Engine, Judgement};
use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::resources::{CPU, EPHEMERAL_STORAGE, MEMORY};

use super::added;
use super::amounts::{self, Lack};
use super::trial::Trial;
use crate::explain::health;
use crate::explain::misses::untolerated;
use crate::report::{ChangeOf, Relaxation};
use crate::text::bytes::exact;
use crate::text::names::named;

/// Nodes of one group that are tried one by one, at the most; no others are told.
const EACH: usize = 10;

/// Nodes that are told where room could be made, at the most: those that lack the least.
const ROOM: usize = 3;

/// A change of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeChange {
    /// It is cordoned no longer.
    Uncordon,
    /// It is out of these states.
    Recover(Vec<&'static str>),
    /// One pod less is on it.
    Place,
    /// So much more of the resource is free on it.
    Free(Str, i64),
    /// It has these labels.
    Label(Vec<(Str, Str)>),
}

impl NodeChange {
    pub(super) fn apply(&self, node: &mut Node) {
        match self {
            Self::Uncordon => {
                node.unschedulable = false;
                node.taints.retain(|t| !health::is_cordon(t));
            }
            Self::Recover(_) => node.taints.retain(|t| health::passing(t).is_none()),
            Self::Place => node.allocatable_pods += 1,
            Self::Free(resource, amount) => free(node, resource, *amount),
            Self::Label(labels) => {
                let kept = node.labels.iter().filter(|(key, _)| !labels.iter().any(|(k, _)| k == *key));
                let kept = kept.map(|(key, value)| (Arc::clone(key), Arc::clone(value)));
                node.labels = kept.chain(labels.iter().cloned()).collect::<Labels>();
            }
        }
    }

    /// What to do, of nodes that it helps one by one.
    pub(super) fn text(&self, names: &[String]) -> String {
        let one_of = if names.len() > 1 { "one of " } else { "" };
        let (are, nodes) = (if names.len() > 1 { "are" } else { "is" }, named(names));
        match self {
            Self::Uncordon => format!("uncordon {one_of}{nodes}"),
            Self::Recover(states) => {
                format!("{nodes} {are} {}: the pod fits there once that is over", states.join(" and "))
            }
            Self::Place => {
                format!("have one pod less on {one_of}{nodes}, or raise the kubelet's maxPods there")
            }
            Self::Free(resource, amount) => {
                format!("free {} {resource} on {one_of}{nodes}", exact(resource, *amount))
            }
            Self::Label(labels) => {
                let labels: Vec<String> =
                    labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let wants = "as the profile's addedAffinity wants it";
                format!("label {one_of}{nodes} with {}, {wants}", labels.join(" and "))
            }
        }
    }
}

fn free(node: &mut Node, resource: &str, amount: i64) {
    match resource {
        CPU => node.allocatable.milli_cpu += amount,
        MEMORY => node.allocatable.memory += amount,
        EPHEMERAL_STORAGE => node.allocatable.ephemeral_storage += amount,
        _ => {
            let scalars = node.allocatable.scalars.iter_mut();
            scalars.filter(|(name, _)| &**name == resource).for_each(|(_, has)| *has += amount);
        }
    }
}

/// A change, and the nodes that it could open, each by itself.
pub(super) struct Group {
    change: NodeChange,
    nodes: Vec<Str>,
}

impl Group {
    /// Whether nobody does it: a state of the nodes has to pass.
    pub(super) fn has_to_pass(&self) -> bool {
        matches!(self.change, NodeChange::Recover(_))
    }
}

/// All groups. Nodes where room could be made are groups of their own, because it is another amount on each.
pub(super) fn changes(engine: &Engine, pod: &Pod, judged: &[Judgement]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut room: Vec<(f64, Group)> = Vec::new();
    let terms = added::terms(engine, pod);
    for judgement in judged {
        for change in of_node(engine, pod, judgement, &terms) {
            let node = Arc::clone(&judgement.node);
            if let NodeChange::Free(..) = change {
                let lacks = amounts::lacks(engine.snapshot(), pod, judgement);
                let share = lacks.iter().map(Lack::share).sum();
                room.push((share, Group { change, nodes: vec![node] }));
            } else if let Some(group) = groups.iter_mut().find(|g| g.change == change) {
                group.nodes.push(node);
            } else {
                groups.push(Group { change, nodes: vec![node] });
            }
        }
    }
    room.sort_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| x.nodes.cmp(&y.nodes)));
    groups.extend(room.into_iter().take(ROOM).map(|(_, group)| group));
    groups
}

/// What could be done to this node, of what keeps the pod away.
pub(super) fn of_node(
    engine: &Engine,
    pod: &Pod,
    judgement: &Judgement,
    terms: &[serde_json::Value],
) -> Vec<NodeChange> {
    let snapshot = engine.snapshot();
    let Some(node) = snapshot.slot(&judgement.node).map(|slot| snapshot.node(slot)) else {
        return Vec::new();
    };
    let reasons: Vec<&Reason> = judgement.rejections.iter().flat_map(|(_, r)| &r.reasons).collect();
    let is = |reason: &Reason| reasons.contains(&reason);
    let mut changes = Vec::new();
    let tainted = is(&Reason::UntoleratedTaint);
    let taints = || untolerated(&node.taints, pod).filter(move |_| tainted);
    if is(&Reason::NodeUnschedulable) || taints().any(health::is_cordon) {
        changes.push(NodeChange::Uncordon);
    }
    let mut states: Vec<&str> = Vec::new();
    for state in taints().filter_map(health::passing) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    if !states.is_empty() {
        changes.push(NodeChange::Recover(states));
    }
    if is(&Reason::TooManyPods) {
        changes.push(NodeChange::Place);
    }
    if is(&Reason::EnforcedNodeAffinity) {
        changes.extend(added::lacking(terms, node).map(NodeChange::Label));
    }
    let lacks = amounts::lacks(snapshot, pod, judgement);
    if amounts::lowering(pod, &lacks).is_none() && lacks.iter().all(|l| l.wanted <= l.allocatable) {
        let free = |l: Lack| NodeChange::Free(l.resource, l.wanted.saturating_sub(l.free));
        changes.extend(lacks.into_iter().map(free));
    }
    changes
}

/// The nodes of the group that the change opens, each tried by itself.
pub(super) fn helpful(trial: &mut Trial<'_>, group: &Group) -> Option<Relaxation> {
    let changed = |trial: &Trial<'_>, name: &Str| {
        let mut node = Node::clone(&*trial.node(name)?);
        group.change.apply(&mut node);
        Some(Arc::new(node))
    };
    let all: Vec<Arc<Node>> = group.nodes.iter().filter_map(|name| changed(trial, name)).collect();
    let mut on: Vec<String> = trial.opened(&[], &all);
    on.retain(|name| all.iter().any(|n| *n.name == **name));
    if all.len() > 1 {
        on.truncate(EACH);
        on.retain(|name| {
            let alone = all.iter().find(|n| *n.name == **name).cloned();
            alone.is_some_and(|node| trial.opened(&[], &[node]).contains(name))
        });
    }
    (!on.is_empty()).then(|| Relaxation::new(group.change.text(&on), ChangeOf::Node, on))
}
