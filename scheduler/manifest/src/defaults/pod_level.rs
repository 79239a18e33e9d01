//! Pod-level requests, filled in from containers and limits.

use longshore_framework::resources::ResourceList;

use crate::defaults::missing;
use crate::totals::{at_pod_level, is_huge_pages, limits, requests};
use crate::wire::pod::PodSpec;
use crate::wire::resources::Resources;
use crate::wire::{Amount, Amounts};

/// `resources.requests` of the pod. They are filled in only when pod-level limits are given (for huge pages, container
/// limits beside pod-level resources count as such): cpu and memory from what the containers ask for together, the
/// rest from the limits.
pub(super) fn fill(spec: &mut PodSpec) {
    let Some(mut resources) = spec.resources.take() else { return };
    if !resources.limits.is_empty() || !resources.requests.is_empty() {
        huge_page_limits(spec, &mut resources);
        if !resources.limits.is_empty() {
            from_containers(spec, &mut resources);
        }
    }
    spec.resources = Some(resources);
}

fn huge_page_limits(spec: &PodSpec, resources: &mut Resources) {
    let asked = |name: &str| resources.requests.contains_key(name);
    let pages = only(&limits(spec), |name| is_huge_pages(name) && !asked(name));
    missing(&mut resources.limits, &pages);
}

fn from_containers(spec: &PodSpec, resources: &mut Resources) {
    let asked = only(&requests(spec), |name| matches!(name, "cpu" | "memory"));
    missing(&mut resources.requests, &asked);
    let limited = resources.limits.iter().filter(|(name, _)| at_pod_level(name));
    let limited: Amounts = limited.map(|(name, amount)| (name.clone(), *amount)).collect();
    missing(&mut resources.requests, &limited);
}

fn only(amounts: &ResourceList, wanted: impl Fn(&str) -> bool) -> Amounts {
    let kept = amounts.iter().filter(|(name, _)| wanted(name));
    kept.map(|(name, amount)| (name.clone(), Amount(amount))).collect()
}
