//! What can be done about claims for devices: others give theirs back, or this pod's claims ask for less.

use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::device::{DeviceTaintEffect, DeviceToleration};
use longshore_framework::objects::Objects;
use longshore_framework::pod::{ClaimSource, Pod};
use longshore_framework::resource_claim::{
    ClaimSpec, ConstraintRule, DeviceCount, DeviceWish, ResourceClaim, Wanted,
};

use super::trial::Trial;
use crate::report::{ChangeOf, DeviceHolder, DeviceSearch, DeviceSearches, Relaxation};

/// Claims of others that are tried, at the most: those with the most devices that would do.
const OTHERS: usize = 8;

/// Some claims as they would be.
pub(super) struct ClaimChange {
    text: String,
    of: ChangeOf,
    claims: Vec<ResourceClaim>,
}

/// All changes, those of other claims first.
pub(super) fn changes(engine: &Engine, pod: &Pod, searches: Option<&DeviceSearches>) -> Vec<ClaimChange> {
    let Some(searches) = searches else { return Vec::new() };
    let objects = engine.cache().objects();
    let mut changes = of_others(objects, searches);
    for claim in own(objects, pod).filter(|claim| claim.allocation.is_none()) {
        let mut of = |text: String, edit: &dyn Fn(&mut ClaimSpec)| {
            let mut spec = ClaimSpec::clone(&claim.spec);
            edit(&mut spec);
            let claims = vec![ResourceClaim { spec: Arc::new(spec), version: 0, ..claim.clone() }];
            changes.push(ClaimChange { text, of: ChangeOf::Pod, claims });
        };
        for search in searches.everywhere.iter().filter(|search| search.claim == claim.shown()) {
            let most = searches.by_node.iter().filter(|s| is_same(s, search)).map(|s| s.free).max();
            fewer(search, most.unwrap_or(0), &mut of);
            without_selectors(&claim.spec, search, &mut of);
            with_tolerations(search, &mut of);
        }
        without_constraints(&claim.spec, &mut of);
    }
    changes
}

pub(super) fn helpful(trial: &mut Trial<'_>, change: &ClaimChange) -> Option<Relaxation> {
    let on = trial.opened_by(&change.claims);
    (!on.is_empty()).then(|| Relaxation::new(change.text.clone(), change.of, on))
}

fn is_same(a: &DeviceSearch, b: &DeviceSearch) -> bool {
    (&a.claim, &a.request) == (&b.claim, &b.request)
}

/// The pod's claims that are there.
fn own<'o>(objects: &'o Objects, pod: &'o Pod) -> impl Iterator<Item = &'o ResourceClaim> {
    let name = |name: &Str, source: &'o ClaimSource| match source {
        ClaimSource::Claim(name) => Some(name),
        ClaimSource::Template(_) => {
            let made = pod.meta.generated_claims.iter().find(|(of, _)| of == name);
            made.and_then(|(_, made)| made.as_ref())
        }
        ClaimSource::Unknown => None,
    };
    let names = pod.spec.resource_claims.iter().filter_map(move |claim| name(&claim.name, &claim.source));
    let key = |name: &Str| (Arc::clone(&pod.meta.namespace), Arc::clone(name));
    names.filter_map(move |name| objects.resource_claims.get(&key(name))).map(|claim| &**claim)
}

/// Claims of others that have devices which would do: they are free once their pods are done.
fn of_others(objects: &Objects, searches: &DeviceSearches) -> Vec<ClaimChange> {
    let mut holders: Vec<&DeviceHolder> = Vec::new();
    for holder in searches.everywhere.iter().flat_map(|search| &search.taken_by) {
        if !holders.iter().any(|other| other.claim == holder.claim) {
            holders.push(holder);
        }
    }
    holders.sort_by_key(|holder| std::cmp::Reverse(holder.devices));
    let change = |holder: &DeviceHolder| {
        let (namespace, name) = holder.claim.split_once('/')?;
        let claim = objects.resource_claims.get(&(namespace.into(), name.into()))?;
        let mut freed =
            ResourceClaim { allocation: None, allocated_at: None, version: 0, ..(**claim).clone() };
        freed.reserved_for.clear();
        let (claim, devices) = (&holder.claim, holder.devices);
        let text = match holder.pods.as_slice() {
            [] => format!("delete claim {claim}, which no pod uses and has {devices} of these devices"),
            pods => format!("end {}: claim {claim} has {devices} of these devices", pods.join(", ")),
        };
        Some(ClaimChange { text, of: ChangeOf::Cluster, claims: vec![freed] })
    };
    holders.into_iter().take(OTHERS).filter_map(change).collect()
}

/// What tells a claim's spec otherwise, and what to call that.
type Of<'a> = dyn FnMut(String, &dyn Fn(&mut ClaimSpec)) + 'a;

/// As many devices as some node has.
fn fewer(search: &DeviceSearch, most: usize, of: &mut Of<'_>) {
    let most = most as u64;
    let Some(wanted) = search.wanted.filter(|wanted| 0 < most && most < *wanted) else { return };
    let text =
        format!("ask for {most} instead of {wanted} in request {} of claim {}", search.request, search.claim);
    of(text, &|spec| edit(spec, &search.request, |wish| wish.count = DeviceCount::Exactly(most)));
}

fn without_selectors(spec: &ClaimSpec, search: &DeviceSearch, of: &mut Of<'_>) {
    let mut spec = spec.clone();
    let mut own: Vec<Str> = Vec::new();
    edit(&mut spec, &search.request, |wish| own = wish.selectors.to_vec());
    for selector in own {
        let text =
            format!("drop the selector {selector} of request {} of claim {}", search.request, search.claim);
        of(text, &|spec| {
            edit(spec, &search.request, |wish| {
                wish.selectors = wish.selectors.iter().filter(|other| **other != selector).cloned().collect();
            });
        });
    }
}

fn with_tolerations(search: &DeviceSearch, of: &mut Of<'_>) {
    for tainted in &search.tainted {
        let Some((key, effect)) = tainted.taint.rsplit_once(':') else { continue };
        let (key, value) = key.split_once('=').unwrap_or((key, ""));
        let effect = match effect {
            "NoExecute" => DeviceTaintEffect::NoExecute,
            _ => DeviceTaintEffect::NoSchedule,
        };
        let toleration = DeviceToleration {
            key: key.into(),
            exists: false,
            value: value.into(),
            effect: Some(effect),
            seconds: None,
        };
        let text = format!(
            "tolerate the taint {} of devices in request {} of claim {}",
            tainted.taint, search.request, search.claim
        );
        of(text, &|spec| {
            edit(spec, &search.request, |wish| {
                wish.tolerations = wish.tolerations.iter().cloned().chain([toleration.clone()]).collect();
            });
        });
    }
}

fn without_constraints(spec: &ClaimSpec, of: &mut Of<'_>) {
    for constraint in &spec.constraints {
        let text = match &constraint.rule {
            ConstraintRule::Match(attribute) => format!("drop matchAttribute {attribute}"),
            ConstraintRule::Distinct(attribute) => format!("drop distinctAttribute {attribute}"),
            ConstraintRule::Unknown => continue,
        };
        of(text, &|spec| spec.constraints.retain(|other| other != constraint));
    }
}

/// Changes a request, or an alternative as `request/alternative`.
fn edit(spec: &mut ClaimSpec, name: &str, mut change: impl FnMut(&mut DeviceWish)) {
    let (request, alternative) = name.split_once('/').unwrap_or((name, ""));
    for of in spec.requests.iter_mut().filter(|of| &*of.name == request) {
        match &mut of.wanted {
            Wanted::Exactly(wish) => change(wish),
            Wanted::FirstAvailable(wishes) => {
                wishes
                    .iter_mut()
                    .filter(|(name, _)| &**name == alternative)
                    .for_each(|(_, wish)| change(wish));
            }
            Wanted::Unknown => {}
        }
    }
}
