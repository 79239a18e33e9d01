//! Of which pods a quota speaks.

use crate::meta::given;
use crate::totals;
use crate::wire::admission::{QuotaSpec, ScopeRequirement};
use crate::wire::affinity::{PodAffinity, PodTerm};
use crate::wire::pod::{Pod, PodSpec};

/// `scopes` and `scopeSelector`, all of them to be met.
pub(super) fn all(spec: QuotaSpec) -> Vec<ScopeRequirement> {
    let plain = |scope_name| ScopeRequirement { scope_name, operator: "Exists".into(), values: Vec::new() };
    spec.scopes.into_iter().map(plain).chain(spec.scope_selector.match_expressions).collect()
}

/// Whether the pod meets the requirement.
pub(super) fn matches(scope: &ScopeRequirement, pod: &Pod) -> bool {
    let spec = &pod.spec;
    match &*scope.scope_name {
        "Terminating" => is_bounded(spec),
        "NotTerminating" => !is_bounded(spec),
        "BestEffort" => is_best_effort(spec),
        "NotBestEffort" => !is_best_effort(spec),
        "PriorityClass" => of_class(scope, spec),
        "CrossNamespacePodAffinity" => looks_abroad(spec),
        _ => false,
    }
}

fn is_bounded(spec: &PodSpec) -> bool {
    spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0)
}

/// Quality of service BestEffort: nobody asks for cpu or memory, nor is limited in them.
fn is_best_effort(spec: &PodSpec) -> bool {
    let mut resources: Vec<_> =
        spec.containers.iter().chain(&spec.init_containers).map(|c| &c.resources).collect();
    if let Some(pod_level) = spec
        .resources
        .as_ref()
        .filter(|r| r.requests.keys().chain(r.limits.keys()).any(|name| totals::at_pod_level(name)))
    {
        resources = vec![pod_level];
    }
    !resources
        .iter()
        .flat_map(|r| r.requests.iter().chain(&r.limits))
        .any(|(name, amount)| matches!(&**name, "cpu" | "memory") && !amount.0.is_zero())
}

fn of_class(scope: &ScopeRequirement, spec: &PodSpec) -> bool {
    let class = given(&spec.priority_class_name);
    let listed = || class.as_ref().is_some_and(|c| scope.values.contains(c));
    match &*scope.operator {
        "Exists" => class.is_some(),
        "DoesNotExist" => class.is_none(),
        "In" => listed(),
        "NotIn" => !listed(),
        _ => false,
    }
}

fn looks_abroad(spec: &PodSpec) -> bool {
    let abroad = |term: &PodTerm| !term.namespaces.is_empty() || term.namespace_selector.is_some();
    let any = |kind: &PodAffinity| {
        kind.required.iter().any(abroad) || kind.preferred.iter().any(|p| abroad(&p.pod_affinity_term))
    };
    any(&spec.affinity.pod_affinity) || any(&spec.affinity.pod_anti_affinity)
}
