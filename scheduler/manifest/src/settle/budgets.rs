//! PodDisruptionBudgets that no controller has counted: what `pkg/controller/disruption` would make of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::{DisruptionBudget, Object};
use longshore_framework::pod::{Owner, Pod};

use crate::expand::World;
use crate::kind::Kind;
use crate::wire::workload::{CountOrShare, DisruptionBudgetSpec};

/// Computes the disruptions that are allowed.
pub(super) fn settle(world: &mut World<'_>) {
    for (at, spec) in std::mem::take(&mut world.new_budgets) {
        let Object::DisruptionBudget(budget) = &world.objects[at] else { continue };
        let disruptions_allowed = allowed(budget, &spec, world);
        let budget = DisruptionBudget { disruptions_allowed, ..(**budget).clone() };
        world.objects[at] = Object::DisruptionBudget(Arc::new(budget));
    }
}

fn allowed(budget: &DisruptionBudget, spec: &DisruptionBudgetSpec, world: &World<'_>) -> i32 {
    let covers = |pod: &&Arc<Pod>| {
        let selects = budget.selector.as_ref().is_some_and(|s| s.matches(&pod.meta.labels));
        selects && pod.meta.namespace == budget.namespace
    };
    let pods: Vec<&Arc<Pod>> = world.pods.iter().filter(covers).collect();
    let Some((expected, desired)) = healthy_wanted(spec, &pods, world) else { return 0 };
    let healthy = pods.iter().filter(|pod| world.is_healthy(pod)).count();
    let allowed = if expected == 0 { 0 } else { healthy.saturating_sub(desired) };
    i32::try_from(allowed).unwrap_or(i32::MAX)
}

/// How many pods there should be, and how many of them healthy; nothing where the controller cannot tell and allows none.
fn healthy_wanted(
    spec: &DisruptionBudgetSpec,
    pods: &[&Arc<Pod>],
    world: &World<'_>,
) -> Option<(usize, usize)> {
    if let Some(most) = &spec.max_unavailable {
        let expected = scale(pods, world)?;
        return Some((expected, expected.saturating_sub(scaled(most, expected)?)));
    }
    match &spec.min_available {
        Some(CountOrShare::Count(least)) => Some((pods.len(), usize::try_from(*least).unwrap_or(0))),
        Some(share) => {
            let expected = scale(pods, world)?;
            Some((expected, scaled(share, expected)?))
        }
        None => Some((0, 0)),
    }
}

/// The number, or the share of `total`, rounded up.
fn scaled(written: &CountOrShare, total: usize) -> Option<usize> {
    match written {
        CountOrShare::Count(count) => Some(usize::try_from(*count).unwrap_or(0)),
        CountOrShare::Share(text) => {
            let percent: usize = text.strip_suffix('%')?.parse().ok()?;
            Some(percent.checked_mul(total)?.div_ceil(100))
        }
    }
}

/// The replicas of all controllers of the pods; pods without one do not count.
fn scale(pods: &[&Arc<Pod>], world: &World<'_>) -> Option<usize> {
    let mut scales: BTreeMap<(Str, Str, Str), usize> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = &pod.meta.owner else { continue };
        let (key, scale) = of_controller(pod, owner, pods, world)?;
        scales.insert(key, scale);
    }
    Some(scales.values().sum())
}

/// The controller in charge and its replicas; of one that is not in the input, the pods that it has. What cannot be scaled
/// (DaemonSets, Jobs) the controller cannot count.
fn of_controller(
    pod: &Pod,
    owner: &Owner,
    pods: &[&Arc<Pod>],
    world: &World<'_>,
) -> Option<((Str, Str, Str), usize)> {
    let namespace = &pod.meta.namespace;
    let kind = Kind::of(&owner.api_version, &owner.kind);
    if matches!(kind, Some(Kind::DaemonSet | Kind::Job)) {
        return None;
    }
    let deployment =
        (kind == Some(Kind::ReplicaSet)).then(|| world.deployment_of(namespace, &owner.name)).flatten();
    let (kind, name) = match deployment {
        Some(deployment) => (Some(Kind::Deployment), deployment),
        None => (kind, owner.name.clone()),
    };
    let known = kind.and_then(|kind| world.scales.get(&(kind, namespace.clone(), name.clone())));
    let of_owner =
        |p: &&&Arc<Pod>| p.meta.owner.as_ref().is_some_and(|o| o.name == owner.name && o.kind == owner.kind);
    let scale = known.copied().unwrap_or_else(|| pods.iter().filter(of_owner).count());
    let key = if known.is_some() { name } else { owner.name.clone() };
    Some(((namespace.clone(), owner.kind.clone(), key), scale))
}
