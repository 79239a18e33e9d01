//! Reserve to PostBind: what is asked once a node is chosen.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::plugin::{Bind, Cycle, Permit, PostBind, PreBind, Reserve, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, PreBindWrite};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, Refusal, Verdict};

use super::super::abi::Input;
use super::super::common::locked;
use super::super::exports::Export;
use super::super::instance::Reply;
use super::super::verdicts::{Status, said_no, status, yes_or_no};
use super::{Staged, name_of};
use crate::failure::Failure;

/// What a stage of one node works with.
#[derive(Clone, Copy)]
struct At<'a> {
    snapshot: &'a Snapshot,
    pod: &'a Pod,
    node: Slot,
}

impl<'a> At<'a> {
    fn of(cx: Cycle<'a>, node: Slot) -> Self {
        Self { snapshot: cx.snapshot, pod: cx.pod, node }
    }
}

impl Staged {
    /// Asks about one node, and lets the instance go when it was the last question.
    fn place<T>(
        &self,
        export: Export,
        at: At<'_>,
        state: &PluginState,
        instead: T,
        read: impl FnOnce(&Reply, &Str) -> Result<T, Failure>,
    ) -> Result<T, PluginError> {
        let held = self.0.held(state, at.pod, at.snapshot, true);
        let node = name_of(at.snapshot, at.node);
        let answer = self.0.ask(&held, (export, 1), at.snapshot, instead, |calls| {
            let input = Input { node: Arc::clone(&node), ..calls.input() };
            read(&calls.call(export, input)?, &node)
        });
        held.lease.done(export);
        answer
    }

    fn waits_no_more(&self, pod: &Pod) {
        locked(&self.0.common.waiting).remove(&pod.meta.uid);
    }
}

impl Reserve for Staged {
    fn reserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError> {
        if !self.0.exports.has(Export::Reserve) {
            return Ok(Verdict::Pass);
        }
        let at = At { snapshot: cx.snapshot, pod: cx.pod, node: cx.node };
        self.place(Export::Reserve, at, state, Verdict::Pass, |reply, _| {
            Ok(yes_or_no(Export::Reserve, reply)?.map_or(Verdict::Pass, Verdict::Reject))
        })
    }

    /// In the instance that reserved. What fails here is counted, and has no one to be told to.
    fn unreserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) {
        self.waits_no_more(cx.pod);
        let at = At { snapshot: cx.snapshot, pod: cx.pod, node: cx.node };
        // An instance that broke has forgotten what there is to give back.
        let broken = state.get::<super::Held>().is_ok_and(|held| held.lease.broken().is_some());
        if self.0.exports.has(Export::Unreserve) && !broken {
            let _ = self.place(Export::Unreserve, at, state, (), |_, _| Ok(()));
        }
        state.clear();
    }
}

impl Permit for Staged {
    fn permit(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<PermitVerdict, PluginError> {
        let export = Export::Permit;
        let verdict = self.place(export, At::of(cx, node), state, PermitVerdict::Allow, |reply, _| {
            // The other way round than a score: the code is above, the time below.
            let (code, reason) = (reply.high(), &reply.pushed.reason);
            match status(export, code, reason)? {
                Status::Success => Ok(PermitVerdict::Allow),
                Status::Wait => {
                    let millis = u64::from(reply.low().cast_unsigned());
                    Ok(PermitVerdict::Wait(Duration::from_millis(millis)))
                }
                Status::Reject(rejection) => Ok(PermitVerdict::Reject(rejection)),
                Status::Skip => Err(said_no(export, code, reason)),
            }
        })?;
        if matches!(verdict, PermitVerdict::Wait(_)) {
            let pod = Arc::clone(&self.0.held(state, cx.pod, cx.snapshot, true).lease.pod);
            locked(&self.0.common.waiting).insert(Arc::clone(&cx.pod.meta.uid), pod);
        }
        Ok(verdict)
    }
}

impl PreBind for Staged {
    fn pre_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Vec<PreBindWrite>, Refusal> {
        self.waits_no_more(cx.pod);
        let export = Export::PreBind;
        let at = At::of(cx, node);
        match self.place(export, at, state, None, |reply, _| yes_or_no(export, reply))? {
            None => Ok(Vec::new()),
            Some(rejection) => Err(Refusal::Rejected(rejection)),
        }
    }
}

impl Bind for Staged {
    /// A guest can write nothing: when it says that the pod is bound, the scheduler writes the binding for it.
    fn bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Option<Binding>, Refusal> {
        let export = Export::Bind;
        self.waits_no_more(cx.pod);
        self.place(export, At::of(cx, node), state, Ok(None), |reply, node| {
            match status(export, reply.low(), &reply.pushed.reason)? {
                Status::Success => Ok(Ok(Some(Binding::of(cx.pod, node)))),
                Status::Skip => Ok(Ok(None)),
                Status::Reject(rejection) => Ok(Err(Refusal::Rejected(rejection))),
                Status::Wait => Err(said_no(export, reply.low(), &reply.pushed.reason)),
            }
        })?
    }
}

impl PostBind for Staged {
    fn post_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) {
        self.waits_no_more(cx.pod);
        // Counted and logged; the pod is bound whatever the guest thinks of it.
        let _ = self.place(Export::PostBind, At::of(cx, node), state, (), |_, _| Ok(()));
    }
}
