//! How many nodes like one that is there would have to be added, for the pod and all others like it that wait.
//!
//! It is tried: nodes are added, and the pods decided one after the other. So it is true when nothing else happens: other pods that wait
//! may take the room as well.

use std::sync::Arc;

use longshore_engine::{Engine, Judgement, Outcome};
use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::node::{HOSTNAME, Node};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::reason::Reason;

use super::health;
use crate::report::{ChangeOf, Relaxation};
use crate::text::names::thousands;

/// Kinds of nodes that are tried, at the most: the most frequent ones.
const SHAPES: usize = 8;

/// Kinds of nodes that are counted, at the most.
const MOST_KINDS: usize = 64;

/// Pods like this one that room is looked for, at the most.
const PODS: usize = 100;

/// Nodes that are added, at the most.
const NODES: usize = 50;

/// Nodes of which the pod would fit on one, but for room.
pub(super) fn short_of_room(judged: &[Judgement]) -> Vec<Str> {
    let is_room = |reason: &Reason| matches!(reason, Reason::Insufficient(_) | Reason::TooManyPods);
    let lacks_room = |judgement: &&Judgement| {
        let mut reasons =
            judgement.rejections.iter().flat_map(|(_, rejection)| &rejection.reasons).peekable();
        reasons.peek().is_some() && reasons.all(is_room)
    };
    judged.iter().filter(lacks_room).map(|judgement| Arc::clone(&judgement.node)).collect()
}

/// The advice, when nodes like one of `candidates` would take the pod. The engine is of no other use afterwards.
pub(super) fn advice(
    engine: &mut Engine,
    cluster: &[Arc<Pod>],
    pod: &Arc<Pod>,
    candidates: &[Str],
) -> Option<Relaxation> {
    let alike: Vec<&Arc<Pod>> = cluster
        .iter()
        .filter(|other| is_alike(other, pod) && engine.waiting(&other.meta.uid).is_some())
        .collect();
    let shape = shapes(engine, candidates).into_iter().find(|shape| takes(engine, shape, pod))?;
    let (mut added, mut placed) = (0, 0);
    for other in
        std::iter::once(pod).chain(alike.iter().copied().filter(|o| o.meta.uid != pod.meta.uid)).take(PODS)
    {
        if fits(engine, other) {
            placed += 1;
            continue;
        }
        if added == NODES {
            return None;
        }
        engine.apply(Input::Node(Arc::new(fresh(&shape, added))));
        added += 1;
        if !fits(engine, other) {
            return None;
        }
        placed += 1;
    }
    let others = alike.iter().filter(|other| other.meta.uid != pod.meta.uid).count();
    (added > 0).then(|| Relaxation {
        change: text(&shape.name, added, placed, others + 1),
        of: ChangeOf::Cluster,
        nodes: added,
        on: Vec::new(),
    })
}

/// The advice to add one node, when one like one of `candidates` would take the pod. The engine is as it was afterwards.
pub(super) fn one(engine: &mut Engine, pod: &Arc<Pod>, candidates: &[Str]) -> Option<Relaxation> {
    let shape = shapes(engine, candidates).into_iter().find(|shape| takes(engine, shape, pod))?;
    Some(Relaxation { change: text(&shape.name, 1, 1, 1), of: ChangeOf::Cluster, nodes: 1, on: Vec::new() })
}

fn text(like: &str, nodes: usize, placed: usize, alike: usize) -> String {
    let what = match nodes {
        1 => format!("add a node like {like}"),
        nodes => format!("add {} nodes like {like}", thousands(nodes)),
    };
    match (placed, alike) {
        (1, 1) => what,
        (placed, alike) if placed == alike => {
            format!("{what}: then all {} pods like this one fit", thousands(alike))
        }
        (placed, alike) => {
            format!("{what}: then {} of {} pods like this one fit", thousands(placed), thousands(alike))
        }
    }
}

/// Whether both ask for the same, so that what helps one helps the other.
fn is_alike(a: &Pod, b: &Pod) -> bool {
    a.meta.node_name.is_none()
        && a.meta.namespace == b.meta.namespace
        && a.meta.labels == b.meta.labels
        && a.spec == b.spec
}

/// Whether the pod is given a node now. Pods of lower priority may not be evicted for it.
fn fits(engine: &mut Engine, pod: &Pod) -> bool {
    let attempt = engine.step_pod(&pod.meta.uid);
    attempt.is_some_and(|attempt| matches!(attempt.outcome, Outcome::Assumed { .. }))
}

/// One node of each kind among `candidates`, the most frequent kind first.
fn shapes(engine: &Engine, candidates: &[Str]) -> Vec<Node> {
    let snapshot = engine.snapshot();
    let mut kinds: Vec<(usize, Node)> = Vec::new();
    for slot in candidates.iter().filter_map(|name| snapshot.slot(name)) {
        let node = fresh(snapshot.node(slot), 0);
        let name = Arc::clone(&snapshot.node(slot).name);
        match kinds.iter().position(|(_, kind)| is_same_kind(kind, &node)) {
            Some(at) => {
                let (count, kind) = &mut kinds[at];
                *count += 1;
                kind.name = name.min(Arc::clone(&kind.name));
            }
            None if kinds.len() < MOST_KINDS => kinds.push((1, Node { name, ..node })),
            None => {}
        }
    }
    kinds.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.name.cmp(&y.name)));
    kinds.into_iter().take(SHAPES).map(|(_, kind)| kind).collect()
}

fn is_same_kind(a: &Node, b: &Node) -> bool {
    fn labels(node: &Node) -> impl Iterator<Item = (&Str, &Str)> {
        node.labels.iter().filter(|(key, _)| &***key != HOSTNAME)
    }
    labels(a).eq(labels(b))
        && a.taints == b.taints
        && a.allocatable == b.allocatable
        && a.allocatable_pods == b.allocatable_pods
        && a.declared_features == b.declared_features
}

/// Whether a node of this kind would take the pod.
fn takes(engine: &mut Engine, shape: &Node, pod: &Arc<Pod>) -> bool {
    let node = Arc::new(fresh(shape, 0));
    let name = Arc::clone(&node.name);
    engine.apply(Input::Node(node));
    let takes = engine.feasible_nodes(pod).contains(&name);
    engine.apply(Input::NodeDeleted { name });
    takes
}

/// A new node of this kind, empty and well.
fn fresh(node: &Node, number: usize) -> Node {
    let name: Str = format!("{}-new-{number}", node.name).into();
    let mut fresh = Node { unschedulable: false, images: Vec::new(), ..node.clone() };
    fresh.taints.retain(|taint| !health::tells_of_node(taint));
    if node.labels.get(HOSTNAME).is_some() {
        let others = node.labels.iter().filter(|(key, _)| &***key != HOSTNAME);
        let others = others.map(|(key, value)| (Arc::clone(key), Arc::clone(value)));
        fresh.labels = others.chain([(HOSTNAME.into(), Arc::clone(&name))]).collect::<Labels>();
    }
    fresh.name = name;
    fresh
}
