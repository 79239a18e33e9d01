//! What is known of claims for devices while pods are made: templates, names that are taken, and whose claim is whose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use longshore_framework::resource_claim::ClaimSpec;
use longshore_framework::resources::ResourceList;

use super::names;

/// The annotation with the name that a pod gives a claim that was made for it.
const POD_CLAIM_NAME: &str = "resource.kubernetes.io/pod-claim-name";

/// A ResourceClaimTemplate.
#[derive(Clone, Debug)]
pub(crate) struct ClaimTemplate {
    /// What each claim of it asks for.
    pub(crate) spec: Arc<ClaimSpec>,
    /// What each takes of quotas.
    pub(crate) usage: ResourceList,
}

/// Claims and templates of the input.
#[derive(Debug, Default)]
pub(crate) struct DeviceClaims {
    /// Templates.
    pub(crate) templates: BTreeMap<NamespacedName, ClaimTemplate>,
    /// Places of pods for which claims may have to be made.
    pub(crate) waiting: Vec<usize>,
    /// Names of claims, read and made.
    names: BTreeSet<NamespacedName>,
    /// Claims that were made for pods already, by the pod's UID and the claim's name in the pod.
    made: BTreeMap<(Str, Str), Str>,
}

impl DeviceClaims {
    /// Takes note of a claim that is there.
    pub(crate) fn note(
        &mut self,
        namespace: &Str,
        name: &Str,
        owner: Option<&Str>,
        annotations: &crate::wire::StringMap,
    ) {
        self.names.insert((namespace.clone(), name.clone()));
        if let (Some(owner), Some(of)) = (owner, annotations.get(POD_CLAIM_NAME)) {
            self.made.insert((owner.clone(), of.clone()), name.clone());
        }
    }

    /// The claim that was made for what the pod calls `claim`.
    pub(crate) fn made_for(&self, pod: &Str, claim: &Str) -> Option<Str> {
        self.made.get(&(pod.clone(), claim.clone())).cloned()
    }

    /// A name for the claim of a pod, as the controller and the API server make it up, but the same on every reading. It is
    /// taken at once.
    pub(crate) fn take_name(&mut self, namespace: &Str, pod: &str, claim: &str) -> Str {
        let prefix = prefix(pod, claim);
        let seed = names::hash(&format!("ResourceClaim/{namespace}/{prefix}"));
        let mut at = 0;
        loop {
            let name: Str = names::generated(&prefix, seed, at).into();
            if self.names.insert((namespace.clone(), name.clone())) {
                return name;
            }
            at += 1;
        }
    }
}

/// `POD-CLAIM-`; where that is too long both names lose the same share.
fn prefix(pod: &str, claim: &str) -> String {
    const LONGEST: usize = 57;
    let whole = format!("{pod}-{claim}-");
    if whole.len() <= LONGEST {
        return whole;
    }
    let cut = |text: &str| text[..text.floor_char_boundary(text.len() * LONGEST / whole.len())].to_string();
    format!("{}-{}", cut(pod), cut(claim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_controllers() {
        assert_eq!(prefix("web-0", "gpu"), "web-0-gpu-");
        let long = prefix(&"p".repeat(100), &"c".repeat(12));
        assert_eq!(long, format!("{}-{}", "p".repeat(50), "c".repeat(6)));
        let mut claims = DeviceClaims::default();
        let first = claims.take_name(&"default".into(), "web", "gpu");
        assert!(first.starts_with("web-gpu-") && first.len() == 13, "{first}");
        assert_ne!(claims.take_name(&"default".into(), "web", "gpu"), first);
        assert_eq!(DeviceClaims::default().take_name(&"default".into(), "web", "gpu"), first);
    }
}
