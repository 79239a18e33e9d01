//! PreEnqueue and PostFilter: the stages before a pod is decided and after no node was found.

use std::sync::Arc;

use longshore_framework::plugin::{
    EnqueueContext, Nomination, PostFilter, PostFilterContext, PostFilterOutcome, PreEnqueue,
};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};

use super::super::bindings::exports::longshore::scheduler::post_filter;
use super::super::convert;
use super::super::plugin::shared_of;
use super::Staged;
use crate::args::Capability;
use crate::failure::Failure;

impl PreEnqueue for Staged {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        let said = self.0.loaded.pod(cx.pod);
        let answer = self.0.control("PreEnqueue", None, true, |live| {
            live.ask("PreEnqueue", |exports, store| match &exports.pre_enqueue {
                Some(stage) => stage.call_pre_enqueue(store, &said),
                None => Ok(Ok(None)),
            })
        });
        match self.0.excused(answer, None) {
            Ok(None) => Verdict::Pass,
            Ok(Some(no)) => Verdict::Reject(convert::rejection(no)),
            // The stage knows no errors: the pod stays out until an event lets the plugin be asked again.
            Err(failure) => Verdict::unschedulable(failure.to_string()),
        }
    }
}

impl PostFilter for Staged {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        let (said, shared, snapshot) = (self.0.loaded.pod(cx.pod), shared_of(state), cx.snapshot);
        let rejected: Vec<_> = snapshot
            .live()
            .iter()
            .filter_map(|at| {
                let slot = Slot::from(at);
                let code = cx.engine.rejection(slot)?;
                Some((snapshot.node(slot).name.to_string(), convert::code_of(code)))
            })
            .collect();
        let may_evict = self.0.loaded.granted(Capability::Evict);
        let answer = self.0.control("PostFilter", Some(snapshot), true, |live| {
            let outcome = live.ask("PostFilter", |exports, store| match &exports.post_filter {
                Some(stage) => stage.call_post_filter(store, &said, &shared, &rejected),
                None => Err(wasmtime::Error::msg("there is no PostFilter")),
            })?;
            match outcome {
                post_filter::Outcome::Reject(no) => Ok(Err(no)),
                post_filter::Outcome::Nominate(nomination) => {
                    nominated(snapshot, nomination, may_evict).map(Ok)
                }
            }
        });
        let nothing = PostFilterOutcome {
            rejected: Some(longshore_framework::verdict::Rejection::unschedulable(String::new())),
            ..PostFilterOutcome::default()
        };
        match self.0.excused(answer.map(Some), None)? {
            None => Ok(nothing),
            Some(Err(no)) => Ok(PostFilterOutcome {
                rejected: Some(convert::rejection(no)),
                ..PostFilterOutcome::default()
            }),
            Some(Ok((slot, victims))) => Ok(PostFilterOutcome {
                rejected: None,
                told: None,
                nomination: Nomination::Node(Arc::clone(&snapshot.node(slot).name)),
                victims,
                lapsed: cx.engine.lower_nominations(slot),
                tried: Vec::new(),
                acceptable: vec![slot],
            }),
        }
    }
}

/// A nomination that can be carried out.
fn nominated(
    snapshot: &Snapshot,
    nomination: post_filter::Nomination,
    may_evict: bool,
) -> Result<(Slot, Vec<Arc<Pod>>), Failure> {
    let wrong = |what: String| Failure::answer("PostFilter", what);
    let slot = snapshot.slot(&nomination.node);
    let slot = slot
        .ok_or_else(|| wrong(format!("it nominates the node {:?}, which there is not", nomination.node)))?;
    if !nomination.victims.is_empty() && !may_evict {
        return Err(wrong(
            "it evicts pods, which it is not granted; add evict to capabilities if it may".to_string(),
        ));
    }
    if nomination.victims.len() > snapshot.pods(slot).len().max(1) {
        return Err(wrong(format!("it evicts {} pods of fewer", nomination.victims.len())));
    }
    let find = |uid: &String| {
        let pod = snapshot.pods(slot).iter().find(|pod| *pod.meta.uid == **uid).cloned();
        pod.ok_or_else(|| wrong(format!("it evicts a pod with the UID {uid:?}, which is not on the node")))
    };
    let victims = nomination.victims.iter().map(find).collect::<Result<_, _>>()?;
    Ok((slot, victims))
}
