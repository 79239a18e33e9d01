//! The claims of a pod.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::pod::{ClaimSource, Pod, PodClaim};
use longshore_framework::resource_claim::ResourceClaim;

/// The claim's name, and whether it has to be the pod's own; `None` where none is needed.
fn name_of<'p>(pod: &'p Pod, claim: &'p PodClaim) -> Result<Option<(&'p Str, bool)>, String> {
    let key = || format!("{}/{}", pod.meta.namespace, pod.meta.name);
    match &claim.source {
        ClaimSource::Claim(name) => Ok(Some((name, false))),
        ClaimSource::Template(_) => {
            let made = pod.meta.generated_claims.iter().find(|(name, _)| *name == claim.name);
            let (_, made) =
                made.ok_or_else(|| format!("pod \"{}\": ResourceClaim not created yet", key()))?;
            Ok(made.as_ref().map(|name| (name, true)))
        }
        ClaimSource::Unknown => Err(format!(
            "pod \"{}\", spec.resourceClaim \"{}\": none of the supported fields are set",
            key(),
            claim.name
        )),
    }
}

/// The claims that the pod's spec names, in its order.
///
/// # Errors
/// Why the pod cannot be scheduled as long as its claims are as they are, in kube-scheduler's words.
pub(super) fn claims<'o>(pod: &Pod, objects: &'o Objects) -> Result<Vec<&'o Arc<ResourceClaim>>, String> {
    let mut claims = Vec::with_capacity(pod.spec.resource_claims.len());
    for written in &pod.spec.resource_claims {
        let Some((name, is_own)) = name_of(pod, written)? else { continue };
        let namespace = &pod.meta.namespace;
        let found = objects.resource_claims.get(&(Arc::clone(namespace), Arc::clone(name)));
        let claim = found.ok_or_else(|| format!("could not find ResourceClaim \"{namespace}/{name}\""))?;
        if claim.terminating {
            return Err(format!("resourceclaim \"{name}\" is being deleted"));
        }
        if is_own && claim.owner_uid.as_ref() != Some(&pod.meta.uid) {
            return Err(format!(
                "ResourceClaim {namespace}/{name} was not created for Pod {namespace}/{} (Pod is not owner)",
                pod.meta.name
            ));
        }
        claims.push(claim);
    }
    Ok(claims)
}
