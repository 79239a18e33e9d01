//! Constraints of the pod that can be left out, one at a time.

use std::sync::Arc;

use longshore_engine::{Engine, Judgement};
use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Operator};
use longshore_framework::pod::{AffinityTerm, Pod, PodSpec, WhenUnsatisfiable};
use longshore_framework::reason::Reason;
use longshore_framework::taint::{Taint, Toleration, TolerationOperator};
use longshore_framework::volume::VolumeSource;

use super::trial::PodChange;
use crate::explain::health;
use crate::explain::misses::{taint_text, untolerated};

/// All of them, those that cost the least first.
pub(super) fn changes(engine: &Engine, pod: &Pod, judged: &[Judgement]) -> Vec<PodChange> {
    let mut changes = Vec::new();
    taints(&mut changes, engine, pod, judged);
    nodes(&mut changes, pod);
    others(&mut changes, pod);
    labels(&mut changes, engine, pod, judged);
    ports_and_volumes(&mut changes, pod);
    changes
}

/// Taints that somebody gave to nodes. Those that say how a node is are not for pods to tolerate.
fn taints(changes: &mut Vec<PodChange>, engine: &Engine, pod: &Pod, judged: &[Judgement]) {
    let snapshot = engine.snapshot();
    let mut seen: Vec<&Taint> = Vec::new();
    for slot in judged.iter().filter_map(|j| snapshot.slot(&j.node)) {
        for taint in untolerated(&snapshot.node(slot).taints, pod).filter(|t| !health::tells_of_node(t)) {
            if !seen.contains(&taint) {
                seen.push(taint);
            }
        }
    }
    for taint in seen {
        let toleration = toleration(taint);
        changes.push(PodChange::new(format!("tolerate the taint {}", taint_text(taint)), move |s| {
            s.tolerations.push(toleration.clone());
        }));
    }
}

fn toleration(taint: &Taint) -> Toleration {
    Toleration {
        key: Arc::clone(&taint.key),
        operator: TolerationOperator::Equal,
        value: Arc::clone(&taint.value),
        effect: Some(taint.effect),
        compares: false,
    }
}

fn nodes(changes: &mut Vec<PodChange>, pod: &Pod) {
    for entry in &pod.spec.node_selector {
        let (text, entry) = (format!("drop nodeSelector {}={}", entry.0, entry.1), entry.clone());
        changes.push(PodChange::new(text, move |s| s.node_selector.retain(|e| *e != entry)));
    }
    // The affinity of a DaemonSet's pod is its controller's: it says which node the pod is for.
    let of_daemon_set = pod.meta.owner.as_ref().is_some_and(|o| &*o.kind == "DaemonSet");
    if pod.spec.node_affinity.required.is_some() && !of_daemon_set {
        changes.push(PodChange::new("drop the required node affinity", |s| s.node_affinity.required = None));
    }
    if !pod.spec.required_features.is_empty() {
        let features = pod.spec.required_features.join(", ");
        let text = format!("do without the node features {features}");
        changes.push(PodChange::new(text, |s| s.required_features.clear()));
    }
}

/// What the pod wants of other pods.
fn others(changes: &mut Vec<PodChange>, pod: &Pod) {
    for term in &pod.spec.pod_affinity.required {
        let (text, term) = (term_text(term), term.clone());
        changes.push(PodChange::new(format!("drop the required pod affinity to {text}"), move |s| {
            s.pod_affinity.required.retain(|t| *t != term);
        }));
    }
    for term in &pod.spec.pod_anti_affinity.required {
        let (text, term) = (term_text(term), term.clone());
        changes.push(PodChange::new(format!("drop the required pod anti-affinity to {text}"), move |s| {
            s.pod_anti_affinity.required.retain(|t| *t != term);
        }));
    }
    for constraint in &pod.spec.spread {
        if constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule {
            let (skew, key) = (constraint.max_skew, &constraint.topology_key);
            let text = format!("drop the spread constraint over {key} (maxSkew {skew})");
            let constraint = constraint.clone();
            changes.push(PodChange::new(text, move |s| s.spread.retain(|c| *c != constraint)));
        }
    }
}

fn ports_and_volumes(changes: &mut Vec<PodChange>, pod: &Pod) {
    for port in pod.host_ports() {
        let (text, port) = (format!("drop host port {}/{}", port.port, port.protocol), port.clone());
        changes.push(PodChange::new(text, move |s: &mut PodSpec| {
            for container in s.containers.iter_mut().chain(&mut s.init_containers) {
                container.host_ports.retain(|p| *p != port);
            }
        }));
    }
    for claim in &pod.spec.resource_claims {
        let (text, claim) = (format!("drop the resource claim {}", claim.name), claim.clone());
        changes.push(PodChange::new(text, move |s| s.resource_claims.retain(|c| *c != claim)));
    }
    for volume in &pod.spec.volumes {
        let what = match &volume.source {
            VolumeSource::Image { .. } => continue,
            VolumeSource::Claim { name } => format!("claim {name}"),
            _ => format!("volume {}", volume.name),
        };
        let volume = volume.clone();
        changes.push(PodChange::new(format!("drop the {what}"), move |s| {
            s.volumes.retain(|v| *v != volume);
        }));
    }
}

/// Anti-affinity of pods that are there already speaks of labels of this one.
fn labels(changes: &mut Vec<PodChange>, engine: &Engine, pod: &Pod, judged: &[Judgement]) {
    let mut reasons = judged.iter().flat_map(|j| &j.rejections).flat_map(|(_, r)| &r.reasons);
    if !reasons.any(|r| *r == Reason::ExistingPodAntiAffinity) {
        return;
    }
    let namespace = engine.cache().objects().namespace_labels(&pod.meta.namespace);
    let mut keys: Vec<Str> = Vec::new();
    let mut who: Vec<String> = Vec::new();
    for (other, _) in engine.cache().pods() {
        let terms = other.spec.pod_anti_affinity.required.iter().filter(|t| t.matches(pod, &namespace));
        let wanted: Vec<Str> = terms.filter_map(|t| t.selector.as_ref()).flat_map(present).collect();
        if !wanted.is_empty() {
            who.push(other.key());
            keys.extend(wanted);
        }
    }
    keys.sort();
    keys.dedup();
    who.sort();
    let Some(first) = who.first() else { return };
    let others = if who.len() > 1 { format!(" and {} more", who.len() - 1) } else { String::new() };
    let labels = if keys.len() > 1 { "labels" } else { "label" };
    let keep = if who.len() > 1 { "keep" } else { "keeps" };
    let text = format!("drop the {labels} {}, which {first}{others} {keep} away from", keys.join(", "));
    changes.push(PodChange::of_meta(text, move |meta, _| {
        let rest = meta.labels.iter().filter(|(key, _)| !keys.contains(key));
        meta.labels = rest.map(|(key, value)| (Arc::clone(key), Arc::clone(value))).collect();
    }));
}

/// The labels that a pod has to have for the selector to match.
fn present(selector: &LabelSelector) -> impl Iterator<Item = Str> + '_ {
    let wants = |operator: Operator| matches!(operator, Operator::In | Operator::Exists);
    selector.requirements.iter().filter(move |r| wants(r.operator)).map(|r| Arc::clone(&r.key))
}

fn term_text(term: &AffinityTerm) -> String {
    let selector = term.selector.as_ref().map_or("no pod".to_string(), selector_text);
    format!("{selector} by {}", term.topology_key)
}

/// As kubectl writes a selector.
fn selector_text(selector: &LabelSelector) -> String {
    if selector.is_empty() {
        return "any pod".to_string();
    }
    let requirements = selector.requirements.iter().map(|r| {
        let values = r.values.join(",");
        match (r.operator, r.values.len()) {
            (Operator::In, 1) => format!("{}={values}", r.key),
            (Operator::In, _) => format!("{} in ({values})", r.key),
            (Operator::NotIn, _) => format!("{} notin ({values})", r.key),
            (Operator::Exists, _) => r.key.to_string(),
            (Operator::DoesNotExist, _) => format!("!{}", r.key),
        }
    });
    requirements.collect::<Vec<_>>().join(",")
}
