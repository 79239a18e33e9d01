//! PreFilter: which claims there are and whether anything keeps them from being allocated at all.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::{Cycle, PreFilter};
use longshore_framework::resource_claim::{ResourceClaim, Wanted};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Rejection};

use super::work::{Extended, Inner, Work};
use super::{DynamicResources, extended, pod_claims};

/// Why no node will do.
enum No {
    Rejected(String),
    Broken(String),
}

impl PreFilter for DynamicResources {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        // Later stages fail where this did not run, and find nothing to do where it came to nothing.
        state.put(Work(Arc::clone(&self.nothing)));
        let extended = self.extended(cx);
        if cx.pod.spec.resource_claims.is_empty() && extended.is_none() {
            return Ok(PreFilterVerdict::Skip);
        }
        let claims = match pod_claims::claims(cx.pod, cx.objects) {
            Ok(claims) => claims,
            Err(why) => return Ok(reject(why)),
        };
        let work = Inner::new(claims.into_iter().cloned().collect(), extended);
        if work.is_empty() {
            return Ok(PreFilterVerdict::Skip);
        }
        for (_, claim) in work.waiting() {
            match self.check(cx, claim) {
                Ok(()) => {}
                Err(No::Rejected(why)) => return Ok(reject(why)),
                Err(No::Broken(why)) => return Err(PluginError::new(why)),
            }
        }
        state.put(Work(Arc::new(work)));
        Ok(PreFilterVerdict::Pass(None))
    }

    /// What was found for another pod's claims is looked for again on the node that was chosen.
    fn renew(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<(), PluginError> {
        let claims = pod_claims::claims(cx.pod, cx.objects).map_err(PluginError::new)?;
        let extended = self.extended(cx);
        state.put(Work(Arc::new(Inner::new(claims.into_iter().cloned().collect(), extended))));
        Ok(())
    }
}

fn reject(why: String) -> PreFilterVerdict {
    PreFilterVerdict::Reject(Rejection::unresolvable(why))
}

impl DynamicResources {
    /// What is to be made of extended resources, if a class stands for one that the pod asks for.
    pub(super) fn extended(&self, cx: Cycle<'_>) -> Option<Extended> {
        if !self.gates.extended || !extended::is_served(cx.pod, cx.objects) {
            return None;
        }
        Some(match cx.objects.resource_claims.extended_of(&cx.pod.meta.uid) {
            Some(stale) => Extended::Stale(Arc::clone(stale)),
            None => Extended::Wanted(extended::wishes(cx.pod, cx.objects).collect()),
        })
    }

    /// Whether a claim that has nothing yet can be allocated as far as that does not depend on the node.
    fn check(&self, cx: Cycle<'_>, claim: &ResourceClaim) -> Result<(), No> {
        let shown = claim.shown();
        if cx.objects.resource_claims.in_flight(&claim.uid).is_some() {
            return Err(No::Rejected(format!("resource claim {shown} is in the process of being allocated")));
        }
        for request in &claim.spec.requests {
            let name = &request.name;
            match &request.wanted {
                Wanted::Exactly(wish) => check_class(cx, &wish.class, name)?,
                Wanted::FirstAvailable(_) if !self.gates.alternatives => {
                    return Err(No::Rejected(format!(
                        "resource claim {shown}, request {name}: has subrequests, but the DRAPrioritizedList feature is \
                         disabled"
                    )));
                }
                Wanted::FirstAvailable(wishes) => {
                    for (alternative, wish) in wishes {
                        check_class(cx, &wish.class, &format!("{name}/{alternative}"))?;
                    }
                }
                Wanted::Unknown => {
                    return Err(No::Rejected(format!(
                        "resource claim {shown}, request {name}: unknown request type"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn check_class(cx: Cycle<'_>, class: &Str, request: &str) -> Result<(), No> {
    if class.is_empty() {
        return Err(No::Broken(format!("request {request}: unsupported request type")));
    }
    if !cx.objects.device_classes.contains_key(class) {
        return Err(No::Rejected(format!("request {request}: device class {class} does not exist")));
    }
    Ok(())
}
