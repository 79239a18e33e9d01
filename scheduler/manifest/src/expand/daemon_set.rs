//! DaemonSets: one pod for each node it should run on, bound to it by node affinity.

use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::pod::Pod;
use longshore_framework::taint::{TaintEffect, Toleration, TolerationOperator, first_untolerated};

use super::count::Result;
use super::existing::target_node;
use super::template::{Naming, Prototype, Template, named};
use super::world::World;
use super::{Change, rollout};
use crate::kind::Kind;
use crate::meta;
use crate::wire::workload::CountOrShare;

/// Taints of node conditions that every daemon tolerates.
const TOLERATED: [(&str, TaintEffect); 6] = [
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
];
/// The taint that daemons on the host's network tolerate, too.
const NETWORK: (&str, TaintEffect) = ("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule);

pub(super) fn expand(change: Change<'_>, world: &mut World<'_>) -> Result<()> {
    let workload = change.workload;
    let template = Template::new(Kind::DaemonSet, workload);
    let count = world.nodes.len();
    let Some(Prototype { pod: mut prototype, charge }) = template.prototype(count, world)? else {
        return Ok(());
    };
    let host_network = workload.spec.template.spec.host_network;
    for taint in TOLERATED.into_iter().chain(host_network.then_some(NETWORK)) {
        tolerate(&mut prototype, taint);
    }
    let (namespace, owner) = (template.namespace.clone(), template.owner_name().clone());
    let surging = replace(change, &prototype, world)?;
    let lacks = |node: &&Arc<Node>| !world.existing.has_daemon(&namespace, &owner, &node.name);
    let nodes = world.nodes.iter().filter(|n| should_run(&prototype, n)).filter(lacks);
    let mut nodes: Vec<Arc<Node>> = nodes.cloned().collect();
    nodes.extend(surging);
    template.allow(nodes.len(), world)?;
    let mut naming = Naming::new(&template);
    for (at, node) in nodes.iter().enumerate() {
        if !world.charge(&charge, nodes.len() - at) {
            break;
        }
        let name = naming.next(&format!("{owner}-"), world);
        let mut pod = named(prototype.clone(), name);
        pin(&mut pod, node);
        template.add(pod, world)?;
    }
    Ok(())
}

/// The first step of a rolling update: some pods go, whose nodes then lack one; with a surge nodes that get a second pod.
fn replace(change: Change<'_>, prototype: &Pod, world: &mut World<'_>) -> Result<Vec<Arc<Node>>> {
    let Change { workload, .. } = change;
    let strategy = &workload.spec.update_strategy;
    if &*strategy.r#type == "OnDelete" || !change.is_of_new_template(world)? {
        return Ok(Vec::new());
    }
    let (namespace, name) = (meta::namespace(&workload.metadata), &workload.metadata.name);
    let wanted: Vec<&Arc<Node>> = world.nodes.iter().filter(|node| should_run(prototype, node)).collect();
    let rolling = &strategy.rolling_update;
    let count = |written: &CountOrShare| rollout::scaled(written, wanted.len(), true);
    let surge = rolling.max_surge.as_ref().map_or(0, count);
    // By default one after the other.
    let unavailable = rolling.max_unavailable.as_ref().map_or(usize::from(surge == 0), count);
    let pods = world.existing.pods_of(Kind::DaemonSet, &namespace, name).to_vec();
    let mut old: Vec<(Arc<Pod>, Arc<Node>)> = Vec::new();
    for pod in pods {
        let node = target_node(&pod).and_then(|at| wanted.iter().find(|node| node.name == at));
        if let Some(node) = node {
            old.push((pod, Arc::clone(node)));
        }
    }
    old.sort_by(|(a, on_a), (b, on_b)| {
        (world.is_healthy(a), &on_a.name).cmp(&(world.is_healthy(b), &on_b.name))
    });
    let reason = format!("{} has another template: its rollout begins", world.subject);
    for (pod, node) in old.iter().take(unavailable) {
        world.remove(pod, &reason);
        world.existing.forget_daemon(&namespace, name, &node.name);
    }
    if old.len() > unavailable {
        world.warn_of_subject(&format!(
            "has another template: its rollout begins; {} old pod(s) stay until new ones are available, which is not simulated",
            old.len() - unavailable
        ));
    }
    Ok(old.into_iter().skip(unavailable).take(surge).map(|(_, node)| node).collect())
}

fn tolerate(pod: &mut Pod, (key, effect): (&str, TaintEffect)) {
    let toleration = Toleration {
        key: key.into(),
        operator: TolerationOperator::Exists,
        value: "".into(),
        effect: Some(effect),
        compares: false,
    };
    if !pod.spec.tolerations.contains(&toleration) {
        Arc::make_mut(&mut pod.spec).tolerations.push(toleration);
    }
}

/// The controller's own check: node name, node selector, required node affinity, taints.
fn should_run(pod: &Pod, node: &Node) -> bool {
    let spec = &pod.spec;
    pod.meta.node_name.as_ref().is_none_or(|name| *name == node.name)
        && spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value))
        && spec.node_affinity.required.as_ref().is_none_or(|required| required.matches(node))
        && first_untolerated(&node.taints, &spec.tolerations).is_none()
}

/// Required node affinity is replaced, not added to: the node is known to match it.
fn pin(pod: &mut Pod, node: &Node) {
    let name = NodeRequirement {
        key: "metadata.name".into(),
        operator: NodeOperator::In,
        values: vec![node.name.clone()],
    };
    let term = NodeSelectorTerm { expressions: Vec::new(), fields: vec![name] };
    Arc::make_mut(&mut pod.spec).node_affinity.required = Some(NodeSelector { terms: vec![term] });
}
