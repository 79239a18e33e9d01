//! Devices at the end of a simulation: how many are in use, and what pods find that are pending.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::pod::{ClaimSource, Pod, PodClaim};
use rustc_hash::FxHashMap;

use super::Devices;
use crate::report::{DeviceSearch, DeviceUse, Simulation};
use crate::simulation::Simulated;

/// Pending pods that differ in what they ask for and are looked at, at the most.
const MOST_LOOKS: usize = 64;

/// Adds to a report what there is to say of devices.
pub fn add_devices(report: &mut Simulation, simulated: &Simulated) {
    let engine = &simulated.engine;
    let objects = engine.cache().objects();
    if objects.slices.is_empty() && objects.device_classes.is_empty() {
        return;
    }
    let devices = Devices::new(engine.options().features, objects);
    report.summary.devices =
        devices.shortages.utilisation(objects).into_iter().map(DeviceUse::from).collect();
    let pods: FxHashMap<String, &Arc<Pod>> =
        simulated.records.iter().map(|record| (record.pod().key(), record.pod())).collect();
    let mut looks = Looks { engine, devices, known: BTreeMap::new() };
    for pending in report.pending.iter_mut().filter(|pending| pending.reason == "Unschedulable") {
        if let Some(pod) = pods.get(&pending.pod) {
            pending.devices = looks.of(pod);
        }
    }
}

/// What was looked at: pods that ask for the same find the same.
struct Looks<'e> {
    engine: &'e Engine,
    devices: Devices,
    known: BTreeMap<String, (Vec<String>, Vec<DeviceSearch>)>,
}

impl Looks<'_> {
    fn of(&mut self, pod: &Pod) -> Vec<DeviceSearch> {
        let objects = self.engine.cache().objects();
        if !self.devices.shortages.concern(pod, objects) {
            return Vec::new();
        }
        let (mut key, mut names) = (format!("{:?}", pod.resources.request.scalars), Vec::new());
        for name in pod.spec.resource_claims.iter().filter_map(|claim| name_of(pod, claim)) {
            let claim = objects.resource_claims.get(&(Arc::clone(&pod.meta.namespace), Arc::clone(name)));
            let Some(claim) = claim else { return Vec::new() };
            let own = if claim.allocation.is_some() { claim.shown() } else { String::new() };
            key.push_str(&format!("{own} {:?}", claim.spec));
            names.push(claim.shown());
        }
        if let Some((known_names, known)) = self.known.get(&key) {
            return renamed(known, known_names, &names);
        }
        if self.known.len() >= MOST_LOOKS {
            return Vec::new();
        }
        let found = self.devices.look(self.engine, pod);
        let found = found.map(|searches| searches.everywhere).unwrap_or_default();
        self.known.insert(key, (names, found.clone()));
        found
    }
}

/// The claim that is used, where it is there.
fn name_of<'p>(pod: &'p Pod, claim: &'p PodClaim) -> Option<&'p Str> {
    match &claim.source {
        ClaimSource::Claim(name) => Some(name),
        ClaimSource::Template(_) => {
            let made = pod.meta.generated_claims.iter().find(|(name, _)| *name == claim.name);
            made.and_then(|(_, made)| made.as_ref())
        }
        ClaimSource::Unknown => None,
    }
}

/// The same for a pod with other claims that ask for the same.
fn renamed(known: &[DeviceSearch], from: &[String], to: &[String]) -> Vec<DeviceSearch> {
    let name = |claim: &String| {
        let at = from.iter().position(|other| other == claim);
        at.and_then(|at| to.get(at)).unwrap_or(claim).clone()
    };
    known.iter().map(|search| DeviceSearch { claim: name(&search.claim), ..search.clone() }).collect()
}
