//! What tells pods apart by their claims: all that [`decide`](super::decide) reads of them.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::likeness::Likeness;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::volume::{Claim, SELECTED_NODE};

use super::candidates;
use super::pod_claims::{BoundVolume, Standing, standings};
use super::provision;

/// How it stands with a claim, in front of what is said of it.
mod kind {
    pub(super) const NO_VOLUME: u64 = 0;
    pub(super) const BOUND: u64 = 1;
    pub(super) const BOUND_SOMEWHERE: u64 = 2;
    pub(super) const MIGRATED: u64 = 3;
    pub(super) const DELAYED: u64 = 4;
    pub(super) const SELECTED: u64 = 5;
    pub(super) const SET_ASIDE: u64 = 6;
}

/// Adds what matters of the pod's claims. A pod that has to wait for one, or can never use it, is like no other.
pub(super) fn add(pod: &Pod, objects: &Objects, likeness: &mut Likeness) {
    let Ok(Ok(standings)) = standings(pod, objects) else { return likeness.set_apart() };
    for standing in standings {
        match standing {
            Standing::Bound(claim) => add_bound(claim, objects, likeness),
            Standing::Delayed(claim) => add_delayed(claim, objects, likeness),
        }
    }
}

fn add_bound(claim: &Claim, objects: &Objects, likeness: &mut Likeness) {
    let Some(bound) = BoundVolume::of(claim, objects) else {
        return likeness.add_numbers(&[kind::NO_VOLUME]);
    };
    match (&bound.volume.node_affinity, bound.migrated) {
        (None, None) => likeness.add_numbers(&[kind::BOUND]),
        (Some(affinity), None) => {
            likeness.add_numbers(&[kind::BOUND_SOMEWHERE]);
            likeness.add_node_selector(affinity.clone());
        }
        (affinity, Some((plugin, translated))) => {
            let given = [affinity.is_some(), translated.is_some()].map(u64::from);
            likeness.add_numbers(&[kind::MIGRATED, given[0], given[1]]);
            likeness.add_texts([&plugin]);
            for selector in affinity.iter().cloned().chain(translated) {
                likeness.add_node_selector(selector);
            }
        }
    }
}

fn add_delayed(claim: &Arc<Claim>, objects: &Objects, likeness: &mut Likeness) {
    let capacities = match provision::is_counted(claim, objects) {
        true => objects.capacities_revision(),
        false => 0,
    };
    let class = claim.class.clone().unwrap_or_default();
    likeness.add_quantity(claim.request);
    if let Some(node) = claim.annotations.get(SELECTED_NODE) {
        likeness.add_numbers(&[kind::SELECTED, capacities]);
        return likeness.add_texts([&class, node]);
    }
    let volumes = objects.volumes.anywhere_revision(&class);
    let mode = Str::from(candidates::mode(&claim.volume_mode));
    let attributes = claim.attributes_class.clone().unwrap_or_default();
    likeness.add_numbers(&[kind::DELAYED, capacities, volumes, u64::from(claim.selector.is_some())]);
    likeness.add_texts([&class, &mode, &attributes]);
    likeness.add_texts(&claim.access_modes);
    claim.selector.iter().for_each(|selector| likeness.add_selector(selector.clone()));
    let set_aside = candidates::set_aside(claim, objects);
    if !set_aside.is_empty() {
        likeness.add_numbers(&[kind::SET_ASIDE]);
        likeness.add_texts(set_aside.iter().map(|volume| &volume.name));
        for volume in &set_aside {
            likeness.add_numbers(&[u64::from(volume.node_affinity.is_some())]);
            volume.node_affinity.iter().for_each(|affinity| likeness.add_node_selector(affinity.clone()));
        }
    }
}
