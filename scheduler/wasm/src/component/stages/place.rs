//! Reserve, Permit, PreBind, Bind, PostBind: the stages after a node was chosen. They are asked once: a fresh instance
//! must not count twice what a broken one may have counted.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::plugin::{Bind, Cycle, Permit, PostBind, PreBind, Reserve, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, PreBindWrite, Request};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, Refusal, Verdict};

use super::super::bindings::exports::longshore::scheduler::permit::Outcome;
use super::super::cluster::Cluster;
use super::super::convert;
use super::super::imports::locked;
use super::super::live::Live;
use super::super::plugin::{ComponentPlugin, shared_of};
use super::Staged;
use crate::failure::Failure;
use crate::ledger::LedgerPod;

impl Reserve for Staged {
    fn reserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError> {
        let entry = entry(cx.pod, &cx.snapshot.node(cx.node).name, state);
        let said = self.0.loaded.pod(cx.pod);
        let answer = match self.0.loaded.indices.has(Stage::Reserve) {
            false => Ok(None),
            true => self.0.control(
                ("Reserve", Some(cx.pod)),
                Cluster::of(cx.snapshot, cx.objects),
                false,
                |live| {
                    live.ask("Reserve", |exports, store| match &exports.reserve {
                        Some(stage) => stage.call_reserve(store, &said, &entry.node, &entry.shared),
                        None => Ok(Ok(None)),
                    })
                },
            ),
        };
        match self.0.excused(answer, None)? {
            Some(no) => Ok(Verdict::Reject(convert::rejection(no))),
            None => {
                let mut ledger = locked(&self.0.loaded.common.ledger);
                ledger.sweep_if_large(cx.snapshot);
                ledger.reserved(entry);
                Ok(Verdict::Pass)
            }
        }
    }

    fn unreserve(&self, cx: &mut ReserveContext<'_>, _state: &mut PluginState) {
        let plugin = self.0.heir();
        let known = {
            let mut ledger = locked(&plugin.loaded.common.ledger);
            let known = ledger.get(&cx.pod.meta.uid).map(|entry| Arc::clone(&entry.node));
            ledger.released(&cx.pod.meta.uid);
            known
        };
        // The node may be gone; then only who reserved it knows its name.
        let there = || cx.snapshot.live().contains(cx.node.index()).then(|| &cx.snapshot.node(cx.node).name);
        let Some(node) = known.or_else(|| there().cloned()) else { return };
        if !plugin.loaded.indices.has(Stage::Reserve) {
            return;
        }
        let said = plugin.loaded.pod(cx.pod);
        // A failure is told and counted; nothing more can be done about it.
        let _ = plugin.control(
            ("Unreserve", Some(cx.pod)),
            Cluster::of(cx.snapshot, cx.objects),
            false,
            |live| {
                live.call("Unreserve", |exports, store| match &exports.reserve {
                    Some(stage) => stage.call_unreserve(store, &said, &node),
                    None => Ok(()),
                })
            },
        );
    }
}

impl Permit for Staged {
    fn permit(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<PermitVerdict, PluginError> {
        let entry = entry(cx.pod, &cx.snapshot.node(node).name, state);
        let uid = Arc::clone(&cx.pod.meta.uid);
        let said = self.0.loaded.pod(cx.pod);
        let ledger = || locked(&self.0.loaded.common.ledger);
        let reserved = ledger().get(&uid).is_some();
        let answer = self.0.control(("Permit", Some(cx.pod)), cx.into(), false, |live| {
            // It may be let go by the very call that makes it wait, so it waits from before the call; but not before a
            // new instance has been told who waits.
            ledger().waits(entry.clone());
            live.ask("Permit", |exports, store| match &exports.permit {
                Some(stage) => stage.call_permit(store, &said, &entry.node, &entry.shared),
                None => Ok(Ok(Outcome::Allow)),
            })
        });
        if !matches!(answer, Ok(Outcome::Wait(_))) {
            ledger().goes_on(&uid);
            if !reserved {
                ledger().released(&uid);
            }
        }
        Ok(match self.0.excused(answer, Outcome::Allow)? {
            Outcome::Allow => PermitVerdict::Allow,
            Outcome::Wait(millis) => PermitVerdict::Wait(Duration::from_millis(millis)),
            Outcome::Reject(no) => PermitVerdict::Reject(convert::rejection(no)),
        })
    }
}

impl PreBind for Staged {
    fn pre_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Vec<PreBindWrite>, Refusal> {
        let answer = self.0.at_node("PreBind", cx, state, node, |live, entry, said| {
            live.ask("PreBind", |exports, store| match &exports.pre_bind {
                Some(stage) => stage.call_pre_bind(store, said, &entry.node, &entry.shared),
                None => Ok(Ok(None)),
            })
        });
        match self.0.excused(answer, None).map_err(PluginError::from)? {
            None => Ok(Vec::new()),
            Some(no) => Err(Refusal::Rejected(convert::rejection(no))),
        }
    }
}

impl Bind for Staged {
    fn bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) -> Result<Option<Binding>, Refusal> {
        let answer = self.0.at_node("Bind", cx, state, node, |live, entry, said| {
            let bound = live.ask("Bind", |exports, store| match &exports.bind {
                Some(stage) => stage.call_bind(store, said, &entry.node, &entry.shared),
                None => Ok(Ok(None)),
            })?;
            let Some(bound) = bound else { return Ok(None) };
            let annotations: Vec<(Str, Str)> =
                bound.annotations.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
            let binding = Binding { annotations, ..Binding::of(cx.pod, &entry.node) };
            binding.check_annotations().map_err(|error| Failure::answer("Bind", &*error.0))?;
            Ok(Some(binding))
        });
        Ok(self.0.excused(answer, None).map_err(PluginError::from)?)
    }
}

impl PostBind for Staged {
    fn post_bind(&self, cx: Cycle<'_>, state: &PluginState, node: Slot) {
        // A failure is told and counted; the pod is bound.
        let _ = self.0.heir().at_node("PostBind", cx, state, node, |live, entry, said| {
            live.call("PostBind", |exports, store| match &exports.post_bind {
                Some(stage) => stage.call_post_bind(store, said, &entry.node),
                None => Ok(()),
            })
        });
    }
}

type Said = super::super::bindings::longshore::scheduler::types::Pod;

impl ComponentPlugin {
    fn at_node<T>(
        &self,
        stage: &'static str,
        cx: Cycle<'_>,
        state: &PluginState,
        node: Slot,
        ask: impl Fn(&mut Live, &LedgerPod, &Said) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let entry = entry(cx.pod, &cx.snapshot.node(node).name, state);
        let said = self.loaded.pod(cx.pod);
        self.control((stage, Some(cx.pod)), cx.into(), false, |live| ask(live, &entry, &said))
    }

    /// What a new instance says of a pod that an older one made wait. The deadline stays as it was.
    pub(in super::super) fn hear(&self, entry: &LedgerPod, outcome: Outcome) {
        let (uid, plugin) = (Arc::clone(&entry.pod.meta.uid), Arc::clone(self.loaded.name()));
        let request = match outcome {
            Outcome::Wait(_) => return,
            Outcome::Allow => Request::Allow { uid, plugin },
            Outcome::Reject(no) => {
                let message = convert::rejection(no).message().into();
                Request::Reject { uid, plugin, message }
            }
        };
        let mut ledger = locked(&self.loaded.common.ledger);
        if self.loaded.common.services.requests.push(request) {
            ledger.goes_on(&entry.pod.meta.uid);
        }
    }
}

fn entry(pod: &Pod, node: &Str, state: &PluginState) -> LedgerPod {
    LedgerPod { pod: Arc::new(pod.clone()), node: Arc::clone(node), shared: shared_of(state), waiting: false }
}
