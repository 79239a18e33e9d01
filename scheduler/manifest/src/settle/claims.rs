//! Claims that no API server has seen, of classes that bind at once: the volume is found or made before any pod that uses
//! the claim is placed (`pkg/controller/volume/persistentvolume`).

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::objects::Object;
use longshore_framework::volume::{BIND_COMPLETED, Claim, ClaimRef, PersistentVolume, StorageClass};

use super::provision;
use crate::expand::World;

/// Binds the new claims of such classes.
pub(super) fn settle(world: &mut World<'_>) {
    let classes: BTreeMap<Str, Arc<StorageClass>> = world.objects.iter().filter_map(class).collect();
    let mut free = FreeVolumes::of(&world.objects);
    let mut provisioned: BTreeMap<Str, Vec<String>> = BTreeMap::new();
    for at in std::mem::take(&mut world.new_claims) {
        let Object::Claim(claim) = &world.objects[at] else { continue };
        let class = claim.class.as_ref().and_then(|name| classes.get(name));
        if !claim.volume_name.is_empty() || class.is_none_or(|class| class.waits()) {
            continue;
        }
        let claim = Arc::clone(claim);
        let volume = match (free.take(&claim, &world.objects), class) {
            (Some((place, found)), _) => {
                world.objects[place] = Object::PersistentVolume(Arc::new(of_claim(found, &claim)));
                found_name(&world.objects[place])
            }
            (None, Some(class)) if provision::is_dynamic(class) => {
                let made = of_claim(&provision::volume(class, &claim), &claim);
                provisioned.entry(class.name.clone()).or_default().push(key(&claim));
                let name = made.name.clone();
                world.objects.push(Object::PersistentVolume(Arc::new(made)));
                Some(name)
            }
            _ => None,
        };
        if let Some(volume) = volume {
            world.objects[at] = Object::Claim(Arc::new(bound(&claim, volume)));
        }
    }
    let notes =
        provisioned.iter().filter_map(|(class, claims)| Some(provision::note(classes.get(class)?, claims)));
    world.warnings.extend(notes);
}

fn class(object: &Object) -> Option<(Str, Arc<StorageClass>)> {
    match object {
        Object::StorageClass(class) => Some((class.name.clone(), Arc::clone(class))),
        _ => None,
    }
}

fn key(claim: &Claim) -> String {
    format!("{}/{}", claim.namespace, claim.name)
}

fn found_name(object: &Object) -> Option<Str> {
    match object {
        Object::PersistentVolume(volume) => Some(volume.name.clone()),
        _ => None,
    }
}

fn of_claim(volume: &PersistentVolume, claim: &Claim) -> PersistentVolume {
    let (namespace, name, uid) = (claim.namespace.clone(), claim.name.clone(), claim.uid.clone());
    PersistentVolume {
        claim: Some(ClaimRef { namespace, name, uid }),
        phase: "Bound".into(),
        ..volume.clone()
    }
}

fn bound(claim: &Claim, volume: Str) -> Claim {
    let annotations = claim.annotations.iter().map(|(k, v)| (k.clone(), v.clone()));
    let annotations: Labels = annotations.chain([(BIND_COMPLETED.into(), "yes".into())]).collect();
    Claim { volume_name: volume, annotations, ..claim.clone() }
}

/// Places of volumes that no claim has, by class, the smallest first.
struct FreeVolumes(BTreeMap<Str, Vec<usize>>);

impl FreeVolumes {
    fn of(objects: &[Object]) -> Self {
        let mut free: BTreeMap<Str, Vec<(&PersistentVolume, usize)>> = BTreeMap::new();
        for (at, object) in objects.iter().enumerate() {
            if let Object::PersistentVolume(volume) = object {
                free.entry(volume.class.clone()).or_default().push((volume, at));
            }
        }
        let sorted = |(class, mut volumes): (Str, Vec<(&PersistentVolume, usize)>)| {
            volumes.sort_by(|(a, _), (b, _)| a.capacity.cmp(&b.capacity).then_with(|| a.name.cmp(&b.name)));
            (class, volumes.into_iter().map(|(_, at)| at).collect())
        };
        Self(free.into_iter().map(sorted).collect())
    }

    /// The volume that was made for the claim, or else the smallest that suits it.
    fn take<'o>(&mut self, claim: &Claim, objects: &'o [Object]) -> Option<(usize, &'o PersistentVolume)> {
        let places = self.0.get_mut(claim.class.as_ref()?)?;
        let volume = |at: &usize| match &objects[*at] {
            Object::PersistentVolume(volume) => Some(&**volume),
            _ => None,
        };
        let of_it = |c: &ClaimRef| c.namespace == claim.namespace && c.name == claim.name && c.uid.is_empty();
        let suits = |v: &PersistentVolume| v.claim.as_ref().is_none_or(of_it) && suits(v, claim);
        let made_for = |v: &PersistentVolume| v.claim.is_some() && suits(v);
        let place =
            |of: &dyn Fn(&PersistentVolume) -> bool| places.iter().position(|at| volume(at).is_some_and(of));
        let place = place(&made_for).or_else(|| place(&suits))?;
        let at = places.remove(place);
        Some((at, volume(&at)?))
    }
}

fn suits(volume: &PersistentVolume, claim: &Claim) -> bool {
    !volume.terminating
        && matches!(&*volume.phase, "" | "Available")
        && volume.capacity >= claim.request
        && volume.volume_mode == claim.volume_mode
        && volume.attributes_class == claim.attributes_class
        && claim.access_modes.iter().all(|mode| volume.access_modes.contains(mode))
        && claim.selector.as_ref().is_none_or(|s| s.matches(&volume.labels))
}
