//! The cluster of the input with the changes that are asked for: before anything is made for workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::node::{HOSTNAME, Node};
use longshore_framework::objects::Object;
use longshore_framework::volume::CsiNode;
use longshore_framework::{Str, Timestamp};

use super::Place;
use super::body::Body;
use crate::expand::names;
use crate::manifests::Removed;
use crate::what_if::{AddNodes, WhatIf};
use crate::wire::Time;
use crate::wire::meta::OwnerReference;
use crate::wire::pod::{Pod, PodStatus};
use crate::{meta, pod};

/// Nodes that are added at the most.
const MOST_NODES: usize = 100_000;

/// Taints that say how a node is or was, and labels by which it is found, begin so.
const CONDITION: &str = "node.kubernetes.io/";

/// What came of the changes.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Changes that do not fit the input.
    pub(super) misfits: Vec<String>,
    /// Pods of nodes that are gone, and what becomes of them.
    pub(super) gone: Vec<Removed>,
    /// UIDs of pods that were made in the place of others, so that they need claims of their own.
    pub(super) remade: BTreeSet<Str>,
    /// Pods of DaemonSets on new nodes: namespace, owner and node.
    pub(super) daemons: Vec<(Str, Str, Str)>,
}

/// Changes nodes, and with them their pods and what else is theirs.
pub(super) fn apply(
    what_if: &WhatIf,
    nodes: &mut Vec<Arc<Node>>,
    bodies: &mut Vec<(Place, Body)>,
) -> Changed {
    let mut changed = Changed::default();
    for add in &what_if.add_nodes {
        add_nodes(add, nodes, bodies, &mut changed);
    }
    let mut removed: BTreeSet<Str> = BTreeSet::new();
    for name in &what_if.remove_nodes {
        if nodes.iter().any(|node| *node.name == **name) {
            removed.insert(name.as_str().into());
        } else {
            changed.misfits.push(no_node("--remove-node", name, nodes));
        }
    }
    if !removed.is_empty() {
        nodes.retain(|node| !removed.contains(&node.name));
        remove_nodes(&removed, bodies, &mut changed);
    }
    changed
}

fn no_node(flag: &str, name: &str, nodes: &[Arc<Node>]) -> String {
    let near = longshore_framework::fields::nearest(name, nodes.iter().map(|node| &*node.name));
    let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    format!("{flag} {name}: there is no such node in the input{near}")
}

fn add_nodes(
    add: &AddNodes,
    nodes: &mut Vec<Arc<Node>>,
    bodies: &mut Vec<(Place, Body)>,
    changed: &mut Changed,
) {
    let Some(like) = nodes.iter().find(|node| *node.name == *add.like).cloned() else {
        return changed.misfits.push(no_node("--like", &add.like, nodes));
    };
    if add.count > MOST_NODES {
        return changed.misfits.push(format!("--add-nodes {}: at most {MOST_NODES} can be added", add.count));
    }
    let mut taken: BTreeSet<Str> = nodes.iter().map(|node| node.name.clone()).collect();
    let names: Vec<Str> = (1..)
        .map(|number| Str::from(format!("{}-new-{number}", like.name)))
        .filter(|name| taken.insert(name.clone()))
        .take(add.count)
        .collect();
    nodes.extend(names.iter().map(|name| Arc::new(fresh(&like, name))));
    let mut more = Vec::new();
    for (place, body) in &*bodies {
        match body {
            Body::Object(Object::CsiNode(of)) if of.name == like.name => {
                let copies =
                    names.iter().map(|name| Arc::new(CsiNode { name: name.clone(), ..(**of).clone() }));
                more.extend(copies.map(|copy| (*place, Body::Object(Object::CsiNode(copy)))));
            }
            Body::Pod { written, .. }
                if runs_wherever_a_node_is(written) && written.spec.node_name == like.name =>
            {
                for name in &names {
                    if let Some(owner) = controller(written) {
                        changed.daemons.push((
                            meta::namespace(&written.metadata),
                            owner.name.clone(),
                            name.clone(),
                        ));
                    }
                    more.push((*place, Body::Pod { written: Box::new(beside(written, name)), lost: None }));
                }
            }
            _ => {}
        }
    }
    bodies.extend(more);
}

/// A node as it is when it has just come: under its own name, schedulable, without a word of any trouble.
fn fresh(like: &Node, name: &Str) -> Node {
    let own = |(key, value): (&Str, &Str)| {
        let is_name = **key == *HOSTNAME || *value == like.name;
        (key.clone(), if is_name { name.clone() } else { value.clone() })
    };
    Node {
        name: name.clone(),
        labels: like.labels.iter().map(own).collect(),
        unschedulable: false,
        taints: like.taints.iter().filter(|taint| !taint.key.starts_with(CONDITION)).cloned().collect(),
        images: Vec::new(),
        ..like.clone()
    }
}

/// A pod of a DaemonSet, or of a kubelet, as another node has it.
fn beside(written: &Pod, node: &Str) -> Pod {
    let mut copy = written.clone();
    let metadata = &mut copy.metadata;
    metadata.name = format!("{}-{node}", written.metadata.name).into();
    metadata.uid = format!("{}/{node}", written.metadata.uid).into();
    copy.spec.node_name = node.clone();
    copy
}

/// Whether the pod belongs to a DaemonSet or to a node itself.
fn runs_wherever_a_node_is(written: &Pod) -> bool {
    !pod::is_finished(written)
        && controller(written).is_some_and(|owner| matches!(&*owner.kind, "DaemonSet" | "Node"))
}

fn controller(written: &Pod) -> Option<&OwnerReference> {
    written.metadata.owner_references.iter().find(|owner| owner.controller)
}

/// Takes away what is theirs. Pods that somebody owns are made anew.
fn remove_nodes(removed: &BTreeSet<Str>, bodies: &mut Vec<(Place, Body)>, changed: &mut Changed) {
    let pods = || {
        bodies.iter().filter_map(|(_, body)| match body {
            Body::Pod { written, .. } => Some(written),
            _ => None,
        })
    };
    let last = pods().filter_map(|pod| pod.metadata.creation_timestamp).map(|time| time.0).max();
    let mut names = Names::default();
    pods().for_each(|pod| names.take(meta::namespace(&pod.metadata), pod.metadata.name.clone()));
    let here = |node: &Str| removed.contains(node);
    bodies.retain_mut(|(_, body)| match body {
        Body::Object(Object::CsiNode(node)) => !here(&node.name),
        Body::Object(Object::VolumeAttachment(attachment)) => !here(&attachment.node),
        Body::Pod { written, lost } if here(&written.spec.node_name) && !pod::is_finished(written) => {
            let moved = Moved::of(written);
            changed.gone.push(moved.told(written));
            *lost = None;
            let stays = moved == Moved::MadeAnew;
            if stays {
                make_anew(written, last, &mut names);
                changed.remade.insert(written.metadata.uid.clone());
            }
            stays
        }
        _ => true,
    });
}

/// What becomes of a pod whose node is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    MadeAnew,
    GoneWithNode,
    Lost,
}

impl Moved {
    fn of(written: &Pod) -> Self {
        match controller(written) {
            None => Self::Lost,
            Some(_) if runs_wherever_a_node_is(written) => Self::GoneWithNode,
            Some(_) => Self::MadeAnew,
        }
    }

    fn told(self, written: &Pod) -> Removed {
        let metadata = &written.metadata;
        let owner =
            controller(written).map_or(String::new(), |owner| format!("{} {}", owner.kind, owner.name));
        let reason = match self {
            Self::MadeAnew => format!("its node is removed; {owner} makes it anew"),
            Self::GoneWithNode => format!("its node is removed, and it belongs to it ({owner})"),
            Self::Lost => "its node is removed, and nobody makes it anew".to_string(),
        };
        Removed {
            pod: format!("{}/{}", meta::namespace(metadata), metadata.name),
            node: Some(written.spec.node_name.to_string()),
            reason,
        }
    }
}

/// The pod that its owner makes: without a node, the youngest of all. Only a StatefulSet gives it the same name.
fn make_anew(written: &mut Pod, last: Option<Timestamp>, names: &mut Names) {
    let namespace = meta::namespace(&written.metadata);
    let owner = controller(written).map(|owner| (owner.kind.clone(), owner.name.clone()));
    if let Some((kind, owner)) = owner.filter(|(kind, _)| **kind != *"StatefulSet") {
        written.metadata.name = names.next(&namespace, &kind, &owner);
    }
    written.metadata.uid = meta::made_up_uid("Pod", &namespace, &written.metadata.name);
    written.metadata.creation_timestamp = last.map(|Timestamp(last)| Time(Timestamp(last.saturating_add(1))));
    written.metadata.deletion_timestamp = None;
    written.metadata.resource_version = "".into();
    written.spec.node_name = "".into();
    written.status = PodStatus::default();
}

/// Names of pods.
#[derive(Debug, Default)]
struct Names {
    taken: BTreeSet<(Str, Str)>,
    /// How many suffixes an owner has used.
    used: BTreeMap<(Str, Str), u64>,
}

impl Names {
    fn take(&mut self, namespace: Str, name: Str) {
        self.taken.insert((namespace, name));
    }

    /// `<owner>-<suffix>`, which no other pod has.
    fn next(&mut self, namespace: &Str, kind: &str, owner: &Str) -> Str {
        let used = self.used.entry((namespace.clone(), owner.clone())).or_default();
        let seed = names::hash(&format!("{kind}/{namespace}/{owner}/anew"));
        loop {
            let name: Str = format!("{owner}-{}", names::suffix(seed, *used)).into();
            *used += 1;
            if self.taken.insert((namespace.clone(), name.clone())) {
                return name;
            }
        }
    }
}
