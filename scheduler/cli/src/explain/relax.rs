//! What would help: copies of the pod, each without one of its constraints, and on how many nodes they fit.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_engine::{Engine, Judgement};
use longshore_framework::labels::{LabelSelector, Labels, Operator};
use longshore_framework::pod::{AffinityTerm, Pod, PodSpec, WhenUnsatisfiable};
use longshore_framework::reason::Reason;
use longshore_framework::taint::{Taint, Toleration, TolerationOperator};
use longshore_framework::volume::VolumeSource;

use super::misses::{taint_text, untolerated};
use crate::render::bytes::amount;
use crate::report::Relaxation;

/// Copies that are tried, at the most: each is judged on every node.
const TRIED: usize = 100;

/// The single changes that would open nodes to a pod that fits nowhere, the most effective first.
pub(crate) fn relaxations(engine: &Engine, pod: &Arc<Pod>, judged: &[Judgement]) -> Vec<Relaxation> {
    let mut found: Vec<Relaxation> = variants(engine, pod, judged)
        .into_iter()
        .take(TRIED)
        .map(|variant| Relaxation { nodes: engine.count_feasible(&variant.pod), change: variant.change })
        .filter(|relaxation| relaxation.nodes > 0)
        .collect();
    found.sort_by_key(|r| std::cmp::Reverse(r.nodes));
    found
}

/// A copy of the pod with one constraint less.
struct Variant {
    change: String,
    pod: Arc<Pod>,
}

/// Collects variants of one pod.
struct Variants<'a> {
    pod: &'a Pod,
    all: Vec<Variant>,
}

impl Variants<'_> {
    fn add(&mut self, change: impl Into<String>, edit: impl FnOnce(&mut PodSpec)) {
        let mut spec = self.pod.spec.clone();
        edit(Arc::make_mut(&mut spec));
        let pod = Arc::new(Pod::new(self.pod.meta.clone(), spec));
        self.all.push(Variant { change: change.into(), pod });
    }
}

fn variants(engine: &Engine, pod: &Pod, judged: &[Judgement]) -> Vec<Variant> {
    let mut variants = Variants { pod, all: Vec::new() };
    nodes(&mut variants);
    taints(&mut variants, engine, judged);
    resources(&mut variants);
    pods(&mut variants);
    ports_and_volumes(&mut variants);
    labels(&mut variants, judged);
    variants.all
}

fn nodes(variants: &mut Variants<'_>) {
    let pod = variants.pod;
    for (at, (key, value)) in pod.spec.node_selector.iter().enumerate() {
        variants.add(format!("drop nodeSelector {key}={value}"), |s| {
            s.node_selector.remove(at);
        });
    }
    if pod.spec.node_affinity.required.is_some() {
        variants.add("drop the required node affinity", |s| s.node_affinity.required = None);
    }
    if !pod.spec.required_features.is_empty() {
        let features = pod.spec.required_features.join(", ");
        variants.add(format!("do without the node features {features}"), |s| s.required_features.clear());
    }
}

/// Every taint that keeps the pod from some node, that of unschedulable nodes among them.
fn taints(variants: &mut Variants<'_>, engine: &Engine, judged: &[Judgement]) {
    let snapshot = engine.snapshot();
    let unschedulable = Taint::unschedulable();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for judgement in judged {
        let Some(slot) = snapshot.slot(&judgement.node) else { continue };
        let node = snapshot.node(slot);
        let cordon = if node.unschedulable { std::slice::from_ref(&unschedulable) } else { &[] };
        for taint in untolerated(&node.taints, variants.pod).chain(untolerated(cordon, variants.pod)) {
            let text = taint_text(taint);
            if seen.insert(text.clone()) {
                variants.add(format!("tolerate the taint {text}"), |s| s.tolerations.push(toleration(taint)));
            }
        }
    }
}

fn toleration(taint: &Taint) -> Toleration {
    Toleration {
        key: Arc::clone(&taint.key),
        operator: TolerationOperator::Equal,
        value: Arc::clone(&taint.value),
        effect: Some(taint.effect),
    }
}

fn resources(variants: &mut Variants<'_>) {
    let pod = variants.pod;
    for (resource, wanted) in pod.resources.request.iter().filter(|(_, wanted)| *wanted > 0) {
        variants.add(format!("drop the {resource} request ({})", amount(resource, wanted)), |s| {
            let containers = s.containers.iter_mut().chain(&mut s.init_containers);
            for list in containers.map(|c| &mut c.requests) {
                list.remove(resource);
            }
            s.pod_level.requests.remove(resource);
            s.overhead.remove(resource);
        });
    }
    for (at, claim) in pod.spec.resource_claims.iter().enumerate() {
        variants.add(format!("drop the resource claim {claim}"), |s| {
            s.resource_claims.remove(at);
        });
    }
}

fn pods(variants: &mut Variants<'_>) {
    let pod = variants.pod;
    for (at, term) in pod.spec.pod_affinity.required.iter().enumerate() {
        variants.add(format!("drop the required pod affinity to {}", term_text(term)), |s| {
            s.pod_affinity.required.remove(at);
        });
    }
    for (at, term) in pod.spec.pod_anti_affinity.required.iter().enumerate() {
        variants.add(format!("drop the required pod anti-affinity to {}", term_text(term)), |s| {
            s.pod_anti_affinity.required.remove(at);
        });
    }
    for (at, constraint) in pod.spec.spread.iter().enumerate() {
        if constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule {
            let (skew, key) = (constraint.max_skew, &constraint.topology_key);
            variants.add(format!("drop the spread constraint over {key} (maxSkew {skew})"), |s| {
                s.spread.remove(at);
            });
        }
    }
}

fn ports_and_volumes(variants: &mut Variants<'_>) {
    let pod = variants.pod;
    for port in pod.host_ports() {
        variants.add(format!("drop host port {}/{}", port.port, port.protocol), |s| {
            for container in s.containers.iter_mut().chain(&mut s.init_containers) {
                container.host_ports.retain(|p| p != port);
            }
        });
    }
    for (at, volume) in pod.spec.volumes.iter().enumerate() {
        let what = match &volume.source {
            VolumeSource::Image { .. } => continue,
            VolumeSource::Claim { name } => format!("claim {name}"),
            _ => format!("volume {}", volume.name),
        };
        variants.add(format!("drop the {what}"), |s| {
            s.volumes.remove(at);
        });
    }
}

/// Anti-affinity of pods that are there already speaks of the labels of this one.
fn labels(variants: &mut Variants<'_>, judged: &[Judgement]) {
    let reasons = judged.iter().flat_map(|j| &j.rejections).flat_map(|(_, r)| &r.reasons);
    if reasons.into_iter().any(|r| *r == Reason::ExistingPodAntiAffinity) {
        let meta =
            longshore_framework::pod::PodMeta { labels: Labels::default(), ..variants.pod.meta.clone() };
        let pod = Arc::new(Pod::new(meta, variants.pod.spec.clone()));
        variants
            .all
            .push(Variant { change: "drop the labels that running pods keep away from".to_string(), pod });
    }
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
