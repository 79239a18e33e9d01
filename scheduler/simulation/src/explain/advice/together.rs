//! The fewest changes that help together, where no single one does.

use std::sync::Arc;

use longshore_engine::{Engine, Judgement};
use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;

use super::nodes::{self, NodeChange};
use super::trial::{PodChange, Trial};
use super::{added, amounts};
use crate::explain::misses;
use crate::report::{ChangeOf, Relaxation};

/// Nodes that are looked at, at the most: those that the fewest things keep the pod from.
const NEAREST: usize = 3;

/// A node, what could be done to it, and how much smaller the pod has to be for it.
pub(super) struct Near {
    node: Str,
    changes: Vec<NodeChange>,
    lower: Option<PodChange>,
}

/// The nearest nodes, one of each group with the same problems.
pub(super) fn nearest(engine: &Engine, pod: &Pod, judged: &[Judgement]) -> Vec<Near> {
    let terms = added::terms(engine, pod);
    let names = misses::nearest(engine, pod, judged, NEAREST);
    let names = names.into_iter().filter_map(|group| group.nodes.into_iter().next());
    let judgements = names.filter_map(|name| judged.iter().find(|j| *j.node == *name));
    let near = |judgement: &Judgement| Near {
        node: Arc::clone(&judgement.node),
        changes: nodes::of_node(engine, pod, judgement, &terms),
        lower: amounts::lowering(pod, &amounts::lacks(engine.snapshot(), pod, judgement)),
    };
    judgements.map(near).collect()
}

/// One of the changes.
#[derive(Clone, Copy)]
enum Part<'c> {
    Node(&'c NodeChange),
    Pod(&'c PodChange),
}

/// The changes of the node and of the pod that let it fit there, none of them needless.
pub(super) fn helpful(trial: &mut Trial<'_>, near: &Near, of_pod: &[PodChange]) -> Option<Relaxation> {
    let of_pod = near.lower.iter().chain(of_pod);
    let mut parts: Vec<Part<'_>> = near.changes.iter().map(Part::Node).chain(of_pod.map(Part::Pod)).collect();
    if !fits(trial, near, &parts) {
        return None;
    }
    // The last cost the most, so they are the first to be spared.
    for at in (0..parts.len()).rev() {
        let fewer: Vec<Part<'_>> =
            parts.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, part)| *part).collect();
        if fits(trial, near, &fewer) {
            parts = fewer;
        }
    }
    let name = near.node.to_string();
    let text = |part: &Part<'_>| match part {
        Part::Node(change) => change.text(std::slice::from_ref(&name)),
        Part::Pod(change) => change.text.clone(),
    };
    let texts: Vec<String> = parts.iter().map(text).collect();
    let of = match parts.iter().any(|p| matches!(p, Part::Node(_))) {
        true => ChangeOf::Both,
        false => ChangeOf::Pod,
    };
    Some(Relaxation::new(texts.join("; and "), of, vec![name]))
}

fn fits(trial: &mut Trial<'_>, near: &Near, parts: &[Part<'_>]) -> bool {
    let Some(node) = trial.node(&near.node) else { return false };
    let (mut node, mut changes) = (Node::clone(&node), Vec::new());
    for part in parts {
        match part {
            Part::Node(change) => change.apply(&mut node),
            Part::Pod(change) => changes.push(*change),
        }
    }
    trial.opened(&changes, &[Arc::new(node)]).iter().any(|name| **name == *near.node)
}
