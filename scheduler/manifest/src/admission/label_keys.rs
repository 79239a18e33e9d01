//! `matchLabelKeys` and `mismatchLabelKeys` of affinity terms, merged into their selectors.

use longshore_framework::Str;

use crate::wire::StringMap;
use crate::wire::affinity::{PodAffinity, PodTerm};
use crate::wire::meta::{LabelSelector, Requirement};
use crate::wire::pod::Pod;

/// Merges the pod's labels into all terms that name keys of them.
pub(super) fn merge(pod: &mut Pod) {
    let labels = &pod.metadata.labels;
    let affinity = &mut pod.spec.affinity;
    for kind in [&mut affinity.pod_affinity, &mut affinity.pod_anti_affinity] {
        terms(kind).for_each(|term| merge_term(term, labels));
    }
}

fn terms(affinity: &mut PodAffinity) -> impl Iterator<Item = &mut PodTerm> {
    let preferred = affinity.preferred.iter_mut().map(|p| &mut p.pod_affinity_term);
    affinity.required.iter_mut().chain(preferred)
}

fn merge_term(term: &mut PodTerm, labels: &StringMap) {
    let Some(selector) = &mut term.label_selector else { return };
    require(selector, &term.match_label_keys, "In", labels);
    require(selector, &term.mismatch_label_keys, "NotIn", labels);
}

fn require(selector: &mut LabelSelector, keys: &[Str], operator: &str, labels: &StringMap) {
    for (key, value) in keys.iter().filter_map(|key| labels.get_key_value(key)) {
        let values = vec![value.clone()];
        let requirement = Requirement { key: key.clone(), operator: operator.into(), values };
        selector.match_expressions.push(requirement);
    }
}
