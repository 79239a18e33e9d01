//! A loaded module behind the framework's traits.

mod judge;
mod place;

use std::sync::{Arc, Mutex};

use longshore_framework::Str;
use longshore_framework::event::EventPattern;
use longshore_framework::plugin::Plugin;
use longshore_framework::pod::Pod;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use serde_json::Value;

use super::abi::Reads;
use super::common::{Common, locked};
use super::exports::{Export, Exports};
use super::guard::Guard;
use super::nodes::Nodes;
use super::objects::PodSource;
use super::pool::{Calls, Change, Lease, Pool};
use crate::failure::Failure;
use crate::guest::{About, GuestKind};

/// A loaded module.
pub(crate) struct CompatPlugin {
    pub(super) pool: Arc<Pool>,
    pub(super) guard: Guard,
    pub(super) common: Arc<Common>,
    pub(super) nodes: Arc<Mutex<Nodes>>,
    pub(super) exports: Exports,
    pub(super) reads: Reads,
    pub(super) events: Vec<EventPattern>,
    /// The args, defaults filled in.
    pub(super) args: Value,
    /// `module#function`.
    pub(super) imports: Vec<String>,
    /// The cycle of a profile that leaves PreFilter out: there is no state to keep it in when it begins.
    pub(super) stray: Mutex<Option<Stray>>,
}

/// A cycle that began late.
pub(super) struct Stray {
    /// Lineage, generation and attempt of the snapshot it began with.
    of: (u64, u64, u64),
    lease: Arc<Lease>,
}

/// What lies in a cycle's state: whose turn it is, and which hypotheses this copy of the state is about.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) lease: Arc<Lease>,
    pub(super) changes: Vec<Arc<Change>>,
}

impl CompatPlugin {
    /// The plugin at the stages it exports. It takes part in PreFilter in any case: that is where a cycle begins.
    pub(crate) fn instance(self: &Arc<Self>) -> Instance {
        let has = |export| self.exports.has(export);
        let mut instance = Instance::of(Staged(Arc::clone(self))).args(self.args.clone()).pre_filter();
        macro_rules! take_part {
            ($($export:ident: $method:ident),*) => {
                $(if has(Export::$export) { instance = instance.$method(); })*
            };
        }
        take_part!(
            Filter: filter, PostFilter: post_filter, PreScore: pre_score, Permit: permit, PreBind: pre_bind, Bind: bind,
            PostBind: post_bind
        );
        if has(Export::Score) || has(Export::NormalizeScore) {
            instance = instance.score();
        }
        if has(Export::Reserve) || has(Export::Unreserve) {
            instance = instance.reserve();
        }
        instance.build()
    }

    /// How many instances there are.
    pub(crate) fn instances(&self) -> usize {
        self.pool.instances()
    }

    /// How often it failed.
    pub(crate) fn failures(&self) -> u64 {
        self.guard.failures()
    }

    /// Why it is not called, if it is not.
    pub(crate) fn switched_off(&self) -> Option<String> {
        self.guard.switched_off()
    }

    /// The plugin's name in the profile.
    pub(crate) fn name(&self) -> &Str {
        &self.common.plugin
    }

    /// What it is; such modules have no manifest.
    pub(crate) fn about(&self, digest: &str, size: usize) -> About {
        About {
            name: String::new(),
            version: String::new(),
            description: String::new(),
            kind: GuestKind::Extension,
            digest: digest.to_string(),
            size,
            exports: self.exports.iter().map(|export| export.name().to_string()).collect(),
            imports: self.imports.clone(),
            columns: Vec::new(),
            sharding: "Single".to_string(),
            pure: false,
            objects: Vec::new(),
            metrics: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// Takes the place of another: pods that wait for that one can be turned away by this one. Cycles under way end with
    /// the plugin they began with.
    pub(crate) fn take_over(&self, before: &Self) {
        let waiting = std::mem::take(&mut *locked(&before.common.waiting));
        locked(&self.common.waiting).extend(waiting);
    }

    /// Begins the cycle of a pod.
    fn begin(&self, pod: &Pod) -> Held {
        Held { lease: self.pool.begin(Arc::new(PodSource::new(pod))), changes: Vec::new() }
    }

    /// The cycle at hand: the one in the state, or else one that is kept for one attempt.
    fn held(&self, state: &PluginState, pod: &Pod, snapshot: &Snapshot, later: bool) -> Held {
        if let Ok(held) = state.get::<Held>() {
            return held.clone();
        }
        let of = (snapshot.lineage(), snapshot.generation(), snapshot.attempt());
        let mut stray = locked(&self.stray);
        let same = |stray: &Stray| stray.lease.pod.pod.meta.uid == pod.meta.uid && (later || stray.of == of);
        if let Some(stray) = stray.as_ref().filter(|stray| same(stray)) {
            return Held { lease: Arc::clone(&stray.lease), changes: Vec::new() };
        }
        let held = self.begin(pod);
        *stray = Some(Stray { of, lease: Arc::clone(&held.lease) });
        held
    }

    /// Asks the guest about so many nodes, as one stage of a pod's cycle. What it fails with is an error, or `instead`
    /// when failures are ignored.
    fn ask<T>(
        &self,
        held: &Held,
        (export, nodes): (Export, usize),
        snapshot: &Snapshot,
        instead: T,
        run: impl FnOnce(&mut Calls<'_>) -> Result<T, Failure>,
    ) -> Result<T, PluginError> {
        if let Some(broken) = held.lease.broken() {
            // It was counted when it happened.
            return Ok(self.guard.excuse(Err(broken), instead)?);
        }
        locked(&self.nodes).sync(snapshot);
        let ask = || held.lease.run(export, nodes, &held.changes, run);
        Ok(self.guard.ask((export.stage(), &held.lease.pod.pod), instead, ask)?)
    }
}

/// The plugin as the framework holds it.
pub(super) struct Staged(pub(super) Arc<CompatPlugin>);

impl Plugin for Staged {
    fn name(&self) -> &str {
        &self.0.common.plugin
    }

    fn events(&self) -> Vec<EventPattern> {
        self.0.events.clone()
    }

    fn recoveries(&self) -> Option<u64> {
        Some(self.0.guard.recoveries())
    }
}

/// The name of a node; empty when it is gone.
fn name_of(snapshot: &Snapshot, slot: Slot) -> Str {
    let live = snapshot.live().contains(slot.index());
    if live { Arc::clone(&snapshot.node(slot).name) } else { Str::default() }
}
