//! PostFilter: devices that were of no use are given back, so that other ones can be tried.

use longshore_framework::plugin::{PostFilter, PostFilterContext, PostFilterOutcome};
use longshore_framework::pod::Pod;
use longshore_framework::port::ClaimRelease;
use longshore_framework::reason::Reason;
use longshore_framework::resource_claim::ResourceClaim;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Reasons, RejectCode, Rejection};

use super::DynamicResources;
use super::reserve::release;
use super::work::{Extended, Work};

impl PostFilter for DynamicResources {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        let Work(work) = state.get()?;
        if work.is_empty() {
            return Ok(outcome(self.gates.tells.then_some("no new claims to deallocate")));
        }
        // kube-scheduler picks one by chance. The first is as good as any, and the same every time.
        let unavailable = work.unavailable().into_iter().filter_map(|at| work.claims.get(at));
        if let Some(claim) = unavailable.into_iter().find(|claim| is_free_of_others(claim, cx.pod)) {
            let mut outcome = outcome(Some("deallocation of ResourceClaim completed"));
            outcome.releases.push(release(claim, ClaimRelease::Allocation));
            return Ok(outcome);
        }
        if let Some(Extended::Stale(claim)) = &work.extended {
            let mut outcome = outcome(Some("deletion of ResourceClaim completed"));
            outcome.releases.push(release(claim, ClaimRelease::Claim));
            return Ok(outcome);
        }
        Ok(outcome(self.gates.tells.then_some("still not schedulable")))
    }

    /// Without claims there is nothing to deallocate.
    fn repeats(&self, pod: &Pod) -> bool {
        pod.spec.resource_claims.is_empty()
    }
}

/// Whether nobody but the pod uses the claim.
fn is_free_of_others(claim: &ResourceClaim, pod: &Pod) -> bool {
    match &*claim.reserved_for {
        [] => true,
        [only] => only.uid == pod.meta.uid,
        _ => false,
    }
}

fn outcome(text: Option<&str>) -> PostFilterOutcome {
    let reasons: Reasons = text.map(|text| Reason::Other(text.to_string().into())).into_iter().collect();
    let rejected = Some(Rejection { code: RejectCode::Unschedulable, reasons });
    PostFilterOutcome { rejected, ..PostFilterOutcome::default() }
}
