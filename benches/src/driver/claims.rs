//! Claims for devices: what the engine wants written of them is written, and seen by the watch.

use anyhow::Context;
use longshore_framework::Str;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::port::{ClaimWrite, Input, ReleasedClaim};
use longshore_framework::resource_claim::ResourceClaim;
use std::sync::Arc;

use super::Driver;

impl Driver<'_> {
    /// A claim gets devices and a user. Making the object is not measured: an API server does that.
    pub(super) fn write_claim(&mut self, pod: &Pod, write: &ClaimWrite) -> anyhow::Result<()> {
        let claim = match &write.generated {
            Some(made) => {
                let name = format!("{}-extended-resources", pod.meta.name);
                self.stopwatch.pause(|| Arc::new(made.made(pod, name.into())))
            }
            None => Arc::clone(self.claim(&(write.namespace.clone(), write.name.clone()))?),
        };
        let claim = self.stopwatch.pause(|| write.applied(&claim, pod)).map_err(anyhow::Error::msg)?;
        self.apply(Input::Object(Object::ResourceClaim(Arc::new(claim))));
        Ok(())
    }

    fn claim(&self, key: &NamespacedName) -> anyhow::Result<&Arc<ResourceClaim>> {
        let claims = &self.engine.cache().objects().resource_claims;
        claims.get(key).with_context(|| format!("the claim {}/{} is gone", key.0, key.1))
    }

    /// Something of claims is taken back.
    pub(super) fn release_claims(&mut self, pod: &Pod, releases: &[ReleasedClaim]) {
        for release in releases {
            let key = (release.namespace.clone(), release.name.clone());
            let Ok(claim) = self.claim(&key).cloned() else { continue };
            self.apply(match release.applied(&claim, pod) {
                Some(claim) => Input::Object(Object::ResourceClaim(Arc::new(claim))),
                None => Input::ObjectDeleted(Object::ResourceClaim(claim)),
            });
        }
    }

    /// A pod is gone, and so is the claim that was made for its extended resources.
    pub(super) fn remove_extended_claim(&mut self, pod: &Str) {
        let claims = &self.engine.cache().objects().resource_claims;
        if let Some(claim) = claims.extended_of(pod).cloned() {
            self.apply(Input::ObjectDeleted(Object::ResourceClaim(claim)));
        }
    }
}
