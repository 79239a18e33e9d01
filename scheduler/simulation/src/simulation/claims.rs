//! Claims for devices in a simulation: what the engine wants written of them is written in memory, at once.

use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::objects::{NamespacedName, Object, Objects};
use longshore_framework::pod::Pod;
use longshore_framework::port::{
    AwaitDevices, ClaimRelease, ClaimWrite, Effect, ExtendedRequest, Input, PreBindWrite, ReleasedClaim,
};
use longshore_framework::resource_claim::{Allocation, DeviceStatus, ResourceClaim};

/// What an attempt did to claims.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The node that the pod was given.
    pub node: Option<Str>,
    /// What claims were given, in the order of writing.
    pub allocations: Vec<(NamespacedName, Arc<Allocation>)>,
    /// Which requests of a generated claim are for which resources of which containers.
    pub extended: Vec<ExtendedRequest>,
    /// Claims whose devices were taken back, or that were deleted, in order.
    pub deallocated: Vec<NamespacedName>,
    /// Why what goes before the binding could not be written.
    pub error: Option<String>,
}

impl Written {
    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.allocations.is_empty() && self.deallocated.is_empty() && self.error.is_none()
    }
}

/// Writes claims to an engine, and remembers it.
pub(super) struct Writer<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) written: &'a mut Written,
    /// What the engine wants done then.
    pub(super) effects: Vec<Effect>,
}

impl Writer<'_> {
    /// Makes the writes, up to the first that fails.
    pub(super) fn pre_bind(&mut self, pod: &Pod, node: &Str, writes: &[PreBindWrite]) -> Result<(), String> {
        self.written.node = Some(Arc::clone(node));
        let mut keys = Vec::new();
        for write in writes {
            let done = match write {
                // Nobody looks at volumes again.
                PreBindWrite::Storage(_) => Ok(()),
                PreBindWrite::Claim(write) => self.claim(pod, write).map(|key| keys.push(key)),
                PreBindWrite::AwaitDevices(AwaitDevices { claims, .. }) => {
                    keys.extend(claims.iter().cloned());
                    keys.iter().for_each(|key| self.make_ready(key));
                    Ok(())
                }
            };
            if let Err(why) = done {
                self.written.error = Some(why.clone());
                return Err(why);
            }
        }
        Ok(())
    }

    fn objects(&self) -> &Objects {
        self.engine.cache().objects()
    }

    fn tell(&mut self, claim: ResourceClaim) {
        let told = self.engine.apply(Input::Object(Object::ResourceClaim(Arc::new(claim))));
        self.effects.extend(told);
    }

    fn claim(&mut self, pod: &Pod, write: &ClaimWrite) -> Result<NamespacedName, String> {
        let claim = match &write.generated {
            Some(made) => {
                let claim = made.made(pod, self.free_name(pod));
                self.tell(claim.clone());
                if made.requests.is_empty() {
                    let pod = pod.key();
                    return Err(format!(
                        "nil or empty request mappings, no update of pod {pod} ExtendedResourceClaimStatus"
                    ));
                }
                self.written.extended.clone_from(&made.requests);
                Arc::new(claim)
            }
            None => {
                let key = (Arc::clone(&write.namespace), Arc::clone(&write.name));
                let known = self.objects().resource_claims.get(&key).filter(|claim| claim.uid == write.uid);
                let gone = || format!("resourceclaims.resource.k8s.io \"{}\" not found", write.name);
                Arc::clone(known.ok_or_else(gone)?)
            }
        };
        let claim = write.applied(&claim, pod)?;
        let key = claim.key();
        if let Some(allocation) = &write.allocation {
            self.written.allocations.push((key.clone(), Arc::clone(allocation)));
        }
        self.tell(claim);
        Ok(key)
    }

    /// The name that a claim for extended resources gets: the first letter that is free in place of five random ones.
    fn free_name(&self, pod: &Pod) -> Str {
        let namespace = &pod.meta.namespace;
        let names = ('a'..='z')
            .map(|letter| -> Str { format!("{}-extended-resources-{letter}", pod.meta.name).into() });
        let is_free = |name: &Str| {
            self.objects().resource_claims.get(&(Arc::clone(namespace), Arc::clone(name))).is_none()
        };
        let mut names = names.filter(is_free);
        names.next().unwrap_or_else(|| format!("{}-extended-resources-zz", pod.meta.name).into())
    }

    /// A driver is assumed that makes devices ready at once.
    fn make_ready(&mut self, key: &NamespacedName) {
        let Some(claim) = self.objects().resource_claims.get(key) else { return };
        let Some(allocation) = &claim.allocation else { return };
        let mut ready = ResourceClaim::clone(claim);
        for device in &allocation.devices {
            let Some(conditions) = &device.binding_conditions else { continue };
            let is_it = |s: &DeviceStatus| {
                s.driver == device.driver && s.pool == device.pool && s.device == device.device
            };
            ready.devices.retain(|status| !is_it(status));
            ready.devices.push(DeviceStatus {
                driver: Arc::clone(&device.driver),
                pool: Arc::clone(&device.pool),
                device: Arc::clone(&device.device),
                holds: conditions.to_vec(),
            });
        }
        self.tell(ready);
    }

    /// Takes back what claims have. Whether that may help the pod, which then is tried again.
    pub(super) fn release(&mut self, pod: &Pod, releases: &[ReleasedClaim]) -> bool {
        let mut helps = false;
        for release in releases {
            let key = (Arc::clone(&release.namespace), Arc::clone(&release.name));
            let known = self.objects().resource_claims.get(&key).filter(|claim| claim.uid == release.uid);
            let Some(claim) = known.cloned() else { continue };
            match release.applied(&claim, pod) {
                Some(claim) => self.tell(claim),
                None => {
                    let gone = self.engine.apply(Input::ObjectDeleted(Object::ResourceClaim(claim)));
                    self.effects.extend(gone);
                }
            }
            if release.what != ClaimRelease::Reservation {
                helps = true;
                self.written.deallocated.push(key);
            }
        }
        helps
    }
}
