//! How far a pod is from fitting on a node: each reason in the terms of that pod and that node.

use std::collections::BTreeMap;

use longshore_engine::{Engine, Judgement};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::resources::PODS;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::taint::{Taint, tolerated};

use super::health;
use crate::report::NearMiss;
use crate::text::bytes::amount;

/// The `top` groups of nodes that the fewest things keep the pod from; of equals, those that lack the smallest share of what
/// the pod asks for, then the smaller group, then by name. Nodes with the same problems are one group.
pub(crate) fn nearest(engine: &Engine, pod: &Pod, judged: &[Judgement], top: usize) -> Vec<NearMiss> {
    let mut groups: BTreeMap<Vec<String>, (f64, Vec<String>)> = BTreeMap::new();
    for judgement in judged.iter().filter(|j| !j.rejections.is_empty()) {
        let Some(slot) = engine.snapshot().slot(&judgement.node) else { continue };
        let (lacking, problems) = miss(engine.snapshot(), slot, pod, judgement);
        let (_, nodes) = groups.entry(problems).or_insert((lacking, Vec::new()));
        nodes.push(judgement.node.to_string());
    }
    let mut misses: Vec<_> = groups.into_iter().collect();
    for (_, (_, nodes)) in &mut misses {
        nodes.sort();
    }
    misses.sort_by(|(a, (a_lacking, a_nodes)), (b, (b_lacking, b_nodes))| {
        let by_share = || a_lacking.total_cmp(b_lacking);
        let by_nodes = || a_nodes.len().cmp(&b_nodes.len()).then_with(|| a_nodes.cmp(b_nodes));
        a.len().cmp(&b.len()).then_with(by_share).then_with(by_nodes)
    });
    misses.into_iter().take(top).map(|(problems, (_, nodes))| NearMiss { nodes, problems }).collect()
}

/// What is said of a cordoned node.
const CORDONED: &str = "is marked unschedulable";

/// How much is lacking, and every problem once.
fn miss(snapshot: &Snapshot, slot: Slot, pod: &Pod, judgement: &Judgement) -> (f64, Vec<String>) {
    let reasons = || judgement.rejections.iter().flat_map(|(_, r)| &r.reasons);
    let mut problems: Vec<String> = Vec::new();
    for problem in reasons().flat_map(|reason| in_terms_of(snapshot, slot, pod, reason)) {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    (reasons().map(|r| lack(snapshot, slot, pod, r)).sum(), problems)
}

fn in_terms_of(snapshot: &Snapshot, slot: Slot, pod: &Pod, reason: &Reason) -> Vec<String> {
    let node = snapshot.node(slot);
    match reason {
        Reason::Insufficient(resource) => vec![insufficient(snapshot, slot, pod, resource)],
        Reason::TooManyPods => {
            let (have, most) = (snapshot.pod_counts()[slot.index()], snapshot.allowed_pods()[slot.index()]);
            vec![format!("{have} of {most} pods are there already")]
        }
        Reason::UntoleratedTaint => untolerated(&node.taints, pod)
            .map(|taint| match health::state(taint) {
                Some(state) => format!("is {state}"),
                None if health::is_cordon(taint) => CORDONED.to_string(),
                None => format!("taint {} is not tolerated", taint_text(taint)),
            })
            .collect(),
        Reason::NodeUnschedulable => vec![CORDONED.to_string()],
        Reason::NodeAffinity => {
            let wrong: Vec<String> = pod
                .spec
                .node_selector
                .iter()
                .filter(|(key, value)| node.labels.get(key) != Some(value))
                .map(|(key, value)| match node.labels.get(key) {
                    Some(other) => format!("label {key} is {other}, not {value}"),
                    None => format!("has no label {key}={value}"),
                })
                .collect();
            if wrong.is_empty() {
                vec!["does not match the required node affinity".to_string()]
            } else {
                wrong
            }
        }
        Reason::NodePorts => pod
            .host_ports()
            .filter(|port| snapshot.ports(slot).conflicts(port))
            .map(|port| format!("host port {}/{} is taken", port.port, port.protocol))
            .collect(),
        other => vec![other.to_string()],
    }
}

fn insufficient(snapshot: &Snapshot, slot: Slot, pod: &Pod, resource: &str) -> String {
    let (wanted, allocatable, free) = room(snapshot, slot, pod, resource);
    if allocatable == 0 {
        format!("has no {resource} ({} wanted)", amount(resource, wanted))
    } else if wanted > allocatable {
        let (wanted, most) = (amount(resource, wanted), amount(resource, allocatable));
        format!("too small: {wanted} {resource} wanted, {most} when empty")
    } else {
        format!("short of {} {resource}", amount(resource, wanted.saturating_sub(free)))
    }
}

/// What is wanted, what the node has, and what of it is free.
pub(super) fn room(snapshot: &Snapshot, slot: Slot, pod: &Pod, resource: &str) -> (i64, i64, i64) {
    let wanted = if resource == PODS { 1 } else { pod.resources.request.get(resource) };
    let Some(id) = snapshot.resource(resource) else { return (wanted, 0, 0) };
    let (has, used) = snapshot.column(id).at(slot);
    (wanted, has, has.saturating_sub(used))
}

/// The share of the pod's request that is lacking, 1 for reasons that are not of amounts.
fn lack(snapshot: &Snapshot, slot: Slot, pod: &Pod, reason: &Reason) -> f64 {
    let Reason::Insufficient(resource) = reason else { return 1.0 };
    let (wanted, _, free) = room(snapshot, slot, pod, resource);
    wanted.saturating_sub(free) as f64 / wanted.max(1) as f64
}

/// The taints that keep the pod away.
pub(crate) fn untolerated<'a>(taints: &'a [Taint], pod: &Pod) -> impl Iterator<Item = &'a Taint> {
    taints.iter().filter(|t| t.effect.forbids() && !tolerated(t, &pod.spec.tolerations))
}

/// As kubectl writes a taint: `key=value:effect`.
pub(crate) fn taint_text(taint: &Taint) -> String {
    let equals = if taint.value.is_empty() { "" } else { "=" };
    format!("{}{equals}{}:{}", taint.key, taint.value, taint.effect.as_str())
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::taint::TaintEffect;

    use super::*;

    #[track_caller]
    fn check(reason: &Reason, want: &[&str]) {
        let mut snapshot = Snapshot::default();
        let taint =
            |n: longshore_framework::fixture::NodeBuilder| n.taint("gpu", "yes", TaintEffect::NoSchedule);
        let slot = snapshot.set_node(
            taint(node("n"))
                .allocatable("cpu", "4")
                .allocatable("memory", "2Gi")
                .label("disk", "hdd")
                .build(),
        );
        snapshot.add_pod(slot, pod("other").request("cpu", "3").host_port(80).build());
        let pod = pod("p")
            .request("cpu", "2500m")
            .request("memory", "8Gi")
            .request("example.com/fpga", "1")
            .host_port(80)
            .spec(|s| s.node_selector = vec![("disk".into(), "ssd".into()), ("os".into(), "linux".into())])
            .build();
        assert_eq!(in_terms_of(&snapshot, slot, &pod, reason), want);
    }

    #[test]
    fn reasons_in_terms_of_pod_and_node() {
        check(&Reason::Insufficient("cpu".into()), &["short of 1500m cpu"]);
        check(&Reason::Insufficient("memory".into()), &["too small: 8Gi memory wanted, 2Gi when empty"]);
        check(&Reason::Insufficient("example.com/fpga".into()), &["has no example.com/fpga (1 wanted)"]);
        check(&Reason::UntoleratedTaint, &["taint gpu=yes:NoSchedule is not tolerated"]);
        check(&Reason::NodeAffinity, &["label disk is hdd, not ssd", "has no label os=linux"]);
        check(&Reason::NodePorts, &["host port 80/TCP is taken"]);
        check(&Reason::PodAffinity, &["node(s) didn't match pod affinity rules"]);
    }
}
