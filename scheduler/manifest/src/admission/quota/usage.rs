//! What a pod uses of a quota.

use std::collections::{BTreeMap, BTreeSet};

use longshore_framework::Str;
use longshore_framework::quantity::Quantity;
use longshore_framework::resources::{ResourceList, is_extended};

use crate::wire::Amounts;
use crate::wire::pod::{Pod, PodSpec};
use crate::wire::resources::Resources;
use crate::{meta, pod, totals};

/// Resources of which pods use something by their requests and limits.
const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
/// Resources that containers must speak of when a quota bounds them.
const TO_BE_SAID: [&str; 6] =
    ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// Whether pods use any of the resource `name` of a quota.
pub(super) fn is_of_pods(name: &str) -> bool {
    let (asked, limited) = (name.strip_prefix("requests."), name.strip_prefix("limits."));
    let bare = asked.or(limited).unwrap_or(name);
    let huge = limited.is_none() && totals::is_huge_pages(bare);
    COMPUTE.contains(&bare) || huge || matches!(name, "pods" | "count/pods") || asked.is_some_and(is_extended)
}

/// What the pod uses: itself, and of what it asks for under all the names that quotas have for it.
pub(super) fn of(pod: &Pod) -> ResourceList {
    let mut usage: ResourceList = [("count/pods", Quantity::units(1))].into_iter().collect();
    if !pod::is_finished(pod) {
        let (requests, limits) = whole(&pod.spec);
        usage.add(&named(&requests, &limits));
    }
    usage
}

fn named(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut usage: ResourceList = [("pods", Quantity::units(1))].into_iter().collect();
    for (name, amount) in requests.iter() {
        let plain = COMPUTE.contains(&&**name) || totals::is_huge_pages(name);
        if plain {
            usage.set(name, amount);
        }
        if plain || is_extended(name) {
            usage.set(&format!("requests.{name}").into(), amount);
        }
    }
    for (name, amount) in limits.iter().filter(|(name, _)| COMPUTE.contains(&&***name)) {
        usage.set(&format!("limits.{name}").into(), amount);
    }
    usage
}

/// Requests and limits of the whole pod, its overhead included.
fn whole(spec: &PodSpec) -> (ResourceList, ResourceList) {
    let (mut requests, mut limits) = (totals::requests(spec), totals::limits(spec));
    if let Some(resources) = &spec.resources {
        let over = |to: &mut ResourceList, from: &Amounts| {
            let from = from.iter().filter(|(name, _)| totals::at_pod_level(name));
            from.for_each(|(name, amount)| to.set(name, amount.0));
        };
        over(&mut requests, &resources.requests);
        over(&mut limits, &resources.limits);
    }
    let overhead = meta::reported(&spec.overhead);
    requests.add(&overhead);
    let limited = |name: &Str| limits.get(name).is_some_and(|q| !q.is_zero());
    let further: ResourceList =
        overhead.iter().filter(|(name, _)| limited(name)).map(|(name, q)| (name.clone(), q)).collect();
    limits.add(&further);
    (requests, limits)
}

/// What containers must say because a quota bounds it, and do not: `cpu for: a,b; memory for: b`.
pub(super) fn lacking(hard: &ResourceList, spec: &PodSpec) -> Option<String> {
    let pod_level =
        |r: &Resources| r.requests.keys().chain(r.limits.keys()).any(|name| totals::at_pod_level(name));
    if spec.resources.as_ref().is_some_and(pod_level) {
        return None;
    }
    let wanted: Vec<&str> = TO_BE_SAID.into_iter().filter(|name| hard.get(name).is_some()).collect();
    let mut lacking: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in spec.containers.iter().chain(&spec.init_containers) {
        let resources = &container.resources;
        let said = named(&meta::reported(&resources.requests), &meta::reported(&resources.limits));
        for name in wanted.iter().filter(|name| said.get(name).is_none()) {
            lacking.entry(name).or_default().insert(&container.name);
        }
    }
    let each = lacking.into_iter().map(|(name, containers)| {
        format!("{name} for: {}", containers.into_iter().collect::<Vec<_>>().join(","))
    });
    let all = each.collect::<Vec<_>>().join("; ");
    (!all.is_empty()).then_some(all)
}
