//! Pod affinity terms and spread constraints.

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Requirement};
use longshore_framework::pod::{AffinityTerm, AffinityTerms, PodMeta, SpreadConstraint, WhenUnsatisfiable};

use crate::error::{ObjectError, Within};
use crate::selectors::{self, unknown};
use crate::wire::affinity::{PodAffinity, PodTerm, Spread};

type Result<T> = std::result::Result<T, ObjectError>;

/// The field of hard terms.
pub(super) const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// The field of soft terms.
pub(super) const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `podAffinity` or `podAntiAffinity` of the pod with that metadata.
pub(super) fn terms(written: &PodAffinity, pod: &PodMeta) -> Result<AffinityTerms> {
    let required = written.required.iter().enumerate();
    let required = required.map(|(at, t)| term(t, pod).within_item(REQUIRED, at));
    let preferred = written.preferred.iter().enumerate().map(|(at, preferred)| {
        let weight = weight(preferred.weight);
        let read =
            weight.and_then(|w| Ok((w, term(&preferred.pod_affinity_term, pod).within("podAffinityTerm")?)));
        read.within_item(PREFERRED, at)
    });
    Ok(AffinityTerms {
        required: required.collect::<Result<_>>()?,
        preferred: preferred.collect::<Result<_>>()?,
    })
}

/// A weight from 1 to 100.
pub(super) fn weight<N: Copy + std::fmt::Display + TryInto<i64>>(written: N) -> Result<N> {
    match written.try_into() {
        Ok(1..=100) => Ok(written),
        _ => Err(ObjectError::of("weight", format!("must be from 1 to 100, not {written}"))),
    }
}

fn term(written: &PodTerm, pod: &PodMeta) -> Result<AffinityTerm> {
    let selector = selectors::optional(written.label_selector.as_ref(), "labelSelector")?;
    let namespace_selector = selectors::optional(written.namespace_selector.as_ref(), "namespaceSelector")?;
    let mut namespaces = written.namespaces.clone();
    if namespaces.is_empty() && namespace_selector.is_none() {
        namespaces.push(pod.namespace.clone());
    }
    Ok(AffinityTerm {
        selector,
        namespaces,
        namespace_selector,
        topology_key: topology_key(&written.topology_key)?,
    })
}

/// `topologySpreadConstraints` of the pod with that metadata.
pub(super) fn spread(written: &[Spread], pod: &PodMeta) -> Result<Vec<SpreadConstraint>> {
    let constraints = written.iter().enumerate();
    constraints.map(|(at, c)| constraint(c, pod).within_item("topologySpreadConstraints", at)).collect()
}

fn constraint(written: &Spread, pod: &PodMeta) -> Result<SpreadConstraint> {
    if written.max_skew < 1 {
        return Err(ObjectError::of("maxSkew", format!("must be at least 1, not {}", written.max_skew)));
    }
    let min_domains = written.min_domains.unwrap_or(1);
    if min_domains < 1 {
        return Err(ObjectError::of("minDomains", format!("must be at least 1, not {min_domains}")));
    }
    let when_unsatisfiable = match &*written.when_unsatisfiable {
        "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
        "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
        other => return Err(unknown("whenUnsatisfiable", other, "DoNotSchedule or ScheduleAnyway")),
    };
    let mut selector = selectors::optional(written.label_selector.as_ref(), "labelSelector")?;
    merge(&mut selector, &written.match_label_keys, pod);
    Ok(SpreadConstraint {
        max_skew: written.max_skew,
        topology_key: topology_key(&written.topology_key)?,
        when_unsatisfiable,
        selector,
        min_domains,
        honor_affinity: honor("nodeAffinityPolicy", &written.node_affinity_policy, true)?,
        honor_taints: honor("nodeTaintsPolicy", &written.node_taints_policy, false)?,
    })
}

fn honor(field: &str, written: &str, default: bool) -> Result<bool> {
    match written {
        "" => Ok(default),
        "Honor" => Ok(true),
        "Ignore" => Ok(false),
        other => Err(unknown(field, other, "Honor or Ignore")),
    }
}

fn topology_key(written: &Str) -> Result<Str> {
    if written.is_empty() {
        return Err(ObjectError::of(
            "topologyKey",
            "must name a node label, such as topology.kubernetes.io/zone",
        ));
    }
    Ok(written.clone())
}

/// Adds what the pod's current labels say of `matchLabelKeys`. kube-scheduler itself does so for spread constraints, for
/// every pod, whether the API server has done so before or not; affinity terms are merged by the API server alone, when a
/// pod is created.
fn merge(selector: &mut Option<LabelSelector>, keys: &[Str], pod: &PodMeta) {
    let Some(selector) = selector else { return };
    for key in keys {
        let Some(value) = pod.labels.get(key) else { continue };
        let requirement = Requirement::equals(key.clone(), value.clone());
        if !selector.requirements.contains(&requirement) {
            selector.requirements.push(requirement);
        }
    }
}
