//! PreFilter: look at the pod once, and follow hypotheses.

use std::sync::Arc;

use longshore_framework::plugin::{Cycle, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict};

use super::super::bindings::exports::longshore::scheduler::pre_filter::{Outcome, PreFiltered};
use super::super::bindings::longshore::scheduler::types::Rejection;
use super::super::convert::{self, CycleKey, pod_info};
use super::super::imports::locked;
use super::super::plugin::{Absent, Carried, ComponentPlugin, class_of, full, shared_of};
use super::{Staged, bounded};
use crate::failure::{Failure, cut};

impl PreFilter for Staged {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let Some((outcome, shared)) = self.0.excused(self.0.pre_filtered(cx).map(Some), None)? else {
            // What the later stages need is missing, so they are left out as well.
            state.put(Absent);
            return Ok(PreFilterVerdict::Skip);
        };
        state.put(Carried(shared));
        Ok(match outcome {
            Outcome::All => PreFilterVerdict::Pass(None),
            Outcome::Only(names) => PreFilterVerdict::Pass(Some(names.into_iter().map(Into::into).collect())),
            Outcome::Skip => PreFilterVerdict::Skip,
            Outcome::Reject(no) => PreFilterVerdict::Reject(convert::rejection(no)),
        })
    }

    fn add_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        added: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.0.moved(cx, state, added, node, true)
    }

    fn remove_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        removed: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.0.moved(cx, state, removed, node, false)
    }
}

/// The most that names of nodes may take, in bytes.
const LARGEST_NAMES: usize = 1 << 20;

/// An outcome that can be kept.
fn modest(outcome: Outcome) -> Result<Outcome, Failure> {
    match outcome {
        Outcome::Only(names) => {
            let size: usize = names.iter().map(|name| name.len() + 1).sum();
            if size > LARGEST_NAMES {
                let message = format!("it names nodes in {size} bytes, {LARGEST_NAMES} are allowed");
                return Err(Failure::answer("PreFilter", message));
            }
            Ok(Outcome::Only(names))
        }
        Outcome::Reject(no) => Ok(Outcome::Reject(Rejection { reason: cut(no.reason), ..no })),
        other => Ok(other),
    }
}

impl ComponentPlugin {
    /// What PreFilter says, or said of the same class of pods.
    fn pre_filtered(&self, cx: Cycle<'_>) -> Result<(Outcome, Arc<Vec<u8>>), Failure> {
        let class = self.loaded.pure.then(|| class_of(cx.pod));
        let empty: Arc<Vec<u8>> = Arc::default();
        if let Some(hash) = class
            && let Some((key, objects, said, shared)) = locked(&self.pre_filtered).get(&hash)
            && key.same_class(cx.pod, &empty)
            && *objects == self.loaded.objects_seen(cx.objects)
        {
            return Ok((said.outcome.clone(), Arc::clone(shared)));
        }
        let pod = self.loaded.pod(cx.pod);
        let said = self.control(("PreFilter", Some(cx.pod)), cx.into(), true, |live| {
            let said = live.ask("PreFilter", |exports, store| match &exports.pre_filter {
                Some(stage) => stage.call_pre_filter(store, &pod),
                None => Ok(Ok(PreFiltered { outcome: Outcome::All, shared: Vec::new() })),
            })?;
            let outcome = modest(said.outcome)?;
            bounded("PreFilter", said.shared).map(|shared| (outcome, shared))
        })?;
        if let Some(hash) = class {
            let mut classes = locked(&self.pre_filtered);
            if full(&classes) {
                classes.clear();
            }
            let answer = PreFiltered { outcome: said.0.clone(), shared: Vec::new() };
            let objects = self.loaded.objects_seen(cx.objects);
            let key = CycleKey::new(cx.pod, empty);
            classes.insert(hash, (key, objects, answer, Arc::clone(&said.1)));
        }
        Ok(said)
    }

    fn moved(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        moved: &Pod,
        node: Slot,
        added: bool,
    ) -> Result<(), PluginError> {
        if self.is_asking() {
            return Ok(());
        }
        let stage = if added { "AddPod" } else { "RemovePod" };
        let (name, shared) = (&cx.snapshot.node(node).name, shared_of(state));
        let (pod, moved) = (self.loaded.pod(cx.pod), pod_info(moved, Some(name), true));
        let answer = self.control((stage, Some(cx.pod)), cx.into(), true, |live| {
            let said = live.ask(stage, |exports, store| match &exports.pre_filter_extensions {
                None => Ok(Ok(None)),
                Some(stage) if added => Ok(stage.call_add_pod(store, &shared, &pod, &moved, name)?.map(Some)),
                Some(stage) => Ok(stage.call_remove_pod(store, &shared, &pod, &moved, name)?.map(Some)),
            })?;
            said.map(|shared| bounded(stage, shared)).transpose()
        });
        if let Some(shared) = self.excused(answer, None)? {
            state.put(Carried(shared));
        }
        Ok(())
    }
}
