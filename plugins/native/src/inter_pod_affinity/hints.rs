//! Which events may let a rejected pod fit.

use longshore_framework::event::{ClusterEvent, Hint, Subject, is_placed, same_pod};
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;
use longshore_framework::pod::{AffinityTerm, Pod};

/// Namespace selectors are matched against the labels that namespaces have now. `any_term`: of several anti-affinity terms one is
/// enough.
pub(super) fn hint(pod: &Pod, event: &ClusterEvent, objects: &Objects, any_term: bool) -> Hint {
    match &event.subject {
        Subject::Pod(old, new) => after_pod(pod, old.as_deref(), new.as_deref(), objects, any_term),
        Subject::Node(old, Some(new)) => after_node(pod, old.as_deref(), new),
        Subject::Node(_, None) => Hint::Skip,
        Subject::None | Subject::Object(..) => Hint::Queue,
    }
}

fn after_pod(pod: &Pod, old: Option<&Pod>, new: Option<&Pod>, objects: &Objects, any_term: bool) -> Hint {
    if let (Some(_), Some(new)) = (old, new)
        && same_pod(new, pod)
    {
        return Hint::Queue;
    }
    if [old, new].into_iter().flatten().any(|p| !is_placed(p)) {
        return Hint::Skip;
    }
    let wanted = |p: &Pod| matches_all(&pod.spec.pod_affinity.required, p, objects);
    let keeps_away = |from: &Pod, p: &Pod| {
        let terms = &from.spec.pod_anti_affinity.required;
        if any_term { matches_any(terms, p, objects) } else { matches_all(terms, p, objects) }
    };
    let unwanted = |p: &Pod| keeps_away(pod, p);
    Hint::queue_if(match (old, new) {
        (Some(old), Some(new)) => (!wanted(old) && wanted(new)) || (unwanted(old) && !unwanted(new)),
        (None, Some(new)) => wanted(new),
        (Some(old), None) => unwanted(old) || keeps_away(old, pod),
        (None, None) => true,
    })
}

/// Whether there are terms and the pod matches all of them.
fn matches_all(terms: &[AffinityTerm], pod: &Pod, objects: &Objects) -> bool {
    if terms.is_empty() {
        return false;
    }
    let labels = objects.namespace_labels(&pod.meta.namespace);
    terms.iter().all(|t| t.matches(pod, &labels))
}

/// Whether the pod matches one of the terms.
fn matches_any(terms: &[AffinityTerm], pod: &Pod, objects: &Objects) -> bool {
    if terms.is_empty() {
        return false;
    }
    let labels = objects.namespace_labels(&pod.meta.namespace);
    terms.iter().any(|t| t.matches(pod, &labels))
}

fn after_node(pod: &Pod, old: Option<&Node>, new: &Node) -> Hint {
    let affinity = &pod.spec.pod_affinity.required;
    let anti_affinity = &pod.spec.pod_anti_affinity.required;
    let has = |term: &AffinityTerm| new.labels.get(&term.topology_key);
    let Some(old) = old else {
        // A node without the keys always takes a pod that has anti-affinity only.
        return Hint::queue_if(!anti_affinity.is_empty() || affinity.iter().any(|t| has(t).is_some()));
    };
    let had = |term: &AffinityTerm| old.labels.get(&term.topology_key);
    let joined = affinity.iter().any(|t| has(t).is_some() && had(t) != has(t));
    let left = anti_affinity.iter().any(|t| had(t).is_some() && had(t) != has(t));
    Hint::queue_if(joined || left)
}
