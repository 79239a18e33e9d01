//! Claims for devices that pods get from templates (`pkg/controller/resourceclaim`): for pods that no API server has seen, and
//! only where there is no claim yet. The pod's status then says which claim is whose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::{ClaimSource, Pod};
use longshore_framework::resource_claim::ResourceClaim;

use crate::expand::World;
use crate::expand::device_claims::ClaimTemplate;
use crate::meta;

/// Names that a message lists.
const NAMED: usize = 3;

/// What is to be said of pods whose claims were not made.
#[derive(Default)]
struct Lacking {
    /// Templates that are not there.
    templates: BTreeSet<String>,
    /// Pods that a quota leaves without a claim, by what the quota says.
    refused: BTreeMap<String, Vec<String>>,
}

/// Makes the claims.
pub(super) fn settle(world: &mut World<'_>) {
    let mut lacking = Lacking::default();
    for at in std::mem::take(&mut world.device_claims.waiting) {
        let Some(pod) = world.pods.get(at).map(Arc::clone) else { continue };
        let made = of_pod(&pod, world, &mut lacking);
        if !made.is_empty() {
            Arc::make_mut(&mut world.pods[at]).meta.generated_claims.extend(made);
        }
    }
    world.warnings.extend(lacking.warnings());
}

/// The claims of a pod that its status does not name: by its own name for each.
fn of_pod(pod: &Pod, world: &mut World<'_>, lacking: &mut Lacking) -> Vec<(Str, Option<Str>)> {
    let mut made = Vec::new();
    for claim in pod.spec.resource_claims.iter() {
        let ClaimSource::Template(template) = &claim.source else { continue };
        if pod.meta.generated_claims.iter().any(|(name, _)| *name == claim.name) {
            continue;
        }
        let name = match world.device_claims.made_for(&pod.meta.uid, &claim.name) {
            Some(name) => name,
            None => match make(pod, &claim.name, template, world, lacking) {
                Some(name) => name,
                None => continue,
            },
        };
        made.push((claim.name.clone(), Some(name)));
    }
    made
}

fn make(pod: &Pod, claim: &Str, template: &Str, world: &mut World<'_>, lacking: &mut Lacking) -> Option<Str> {
    let namespace = &pod.meta.namespace;
    let Some(ClaimTemplate { spec, usage }) =
        world.device_claims.templates.get(&(namespace.clone(), template.clone())).cloned()
    else {
        lacking.templates.insert(format!("{namespace}/{template}"));
        return None;
    };
    if let Err(refused) = world.admission.charge_claim(namespace, &usage) {
        lacking.refused.entry(refused.0).or_default().push(pod.key());
        return None;
    }
    let name = world.device_claims.take_name(namespace, &pod.meta.name, claim);
    let made = ResourceClaim {
        namespace: namespace.clone(),
        uid: meta::made_up_uid("ResourceClaim", namespace, &name),
        name: name.clone(),
        version: 0,
        terminating: false,
        owner_uid: Some(pod.meta.uid.clone()),
        extended: false,
        spec,
        allocation: None,
        allocated_at: None,
        reserved_for: Vec::new(),
        devices: Vec::new(),
    };
    world.objects.push(Object::ResourceClaim(Arc::new(made)));
    Some(name)
}

impl Lacking {
    fn warnings(self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.templates.is_empty() {
            let names: Vec<String> = self.templates.into_iter().collect();
            warnings.push(format!(
                "pods name ResourceClaimTemplates that are not in the input ({}), so their claims are not made and they wait; add the \
                 templates",
                listed(&names)
            ));
        }
        for (why, pods) in self.refused {
            warnings.push(format!(
                "ResourceClaims of {} pod(s) ({}) are not made, and they wait: {why}",
                pods.len(),
                listed(&pods)
            ));
        }
        warnings
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
