//! PreBind: what was set aside is written, and devices are waited for.

use std::sync::Arc;

use longshore_framework::objects::extended_claim_uid;
use longshore_framework::plugin::{Cycle, PreBind};
use longshore_framework::port::{AwaitDevices, ClaimWrite, PreBindWrite};
use longshore_framework::resource_claim::Allocation;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::Refusal;

use super::extended::PLACEHOLDER;
use super::work::{Inner, Reserved, Work};
use super::{DynamicResources, ready};

impl PreBind for DynamicResources {
    fn pre_bind(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        _node: Slot,
    ) -> Result<Vec<PreBindWrite>, Refusal> {
        let Work(work) = state.get()?;
        if work.is_empty() {
            return Ok(Vec::new());
        }
        let Reserved(reserved) = state.get()?;
        let mut writes = self.claims(cx, work, reserved);
        if let Some((made, allocation)) = &reserved.extended {
            writes.push(ClaimWrite {
                namespace: cx.pod.meta.namespace.clone(),
                name: PLACEHOLDER.into(),
                uid: extended_claim_uid(&cx.pod.meta.uid),
                generated: Some(Box::new(made.clone())),
                allocation: Some(Arc::clone(allocation)),
                stamp: self.gates.conditions,
            });
        }
        let mut all: Vec<PreBindWrite> =
            writes.into_iter().map(|write| PreBindWrite::Claim(Box::new(write))).collect();
        all.extend(self.wait(cx, work, reserved));
        Ok(all)
    }
}

impl DynamicResources {
    /// A write for each claim that the pod is not a user of yet.
    fn claims(&self, cx: Cycle<'_>, work: &Inner, reserved: &super::work::Found) -> Vec<ClaimWrite> {
        let pod = &cx.pod.meta.uid;
        let given = |at: usize| {
            let found = reserved.claims.iter().find(|(claim, _)| *claim == at);
            found.map(|(_, allocation)| Arc::clone(allocation))
        };
        let claims = work.claims.iter().enumerate().filter(|(_, claim)| !claim.is_reserved_for(pod));
        claims
            .map(|(at, claim)| ClaimWrite {
                namespace: claim.namespace.clone(),
                name: claim.name.clone(),
                uid: claim.uid.clone(),
                generated: None,
                allocation: given(at),
                stamp: self.gates.conditions,
            })
            .collect()
    }

    /// A wait, if some device of the pod has conditions.
    fn wait(&self, cx: Cycle<'_>, work: &Inner, reserved: &super::work::Found) -> Option<PreBindWrite> {
        let new = reserved.claims.iter().map(|(_, allocation)| &**allocation);
        let old = work.claims.iter().filter_map(|claim| claim.allocation.as_deref());
        let made = reserved.extended.iter().map(|(_, allocation)| &**allocation);
        let mut all = new.chain(old).chain(made);
        if !self.gates.conditions || !all.any(|allocation: &Allocation| ready::has_conditions(allocation)) {
            return None;
        }
        let users = work.claims.iter().filter(|claim| claim.is_reserved_for(&cx.pod.meta.uid));
        let claims = users.map(|claim| claim.key()).collect();
        Some(PreBindWrite::AwaitDevices(AwaitDevices { claims, timeout: self.binding_timeout }))
    }
}
