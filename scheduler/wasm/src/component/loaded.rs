//! What instances of a component are made from.

use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::event::EventPattern;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use wasmtime::component::InstancePre;

use super::bindings::exports::longshore::scheduler::lifecycle::{Manifest, Sharding};
use super::bindings::longshore::scheduler::types;
use super::convert;
use super::exports::Indices;
use super::imports::{Common, Inside};
use super::metering::Metering;
use super::reading::Reading;
use super::table::Columns;
use crate::args::{Capability, Settings};
use crate::runtime::Runtime;

/// What instances are made from.
pub(crate) struct Loaded {
    pub(crate) runtime: Runtime,
    pub(crate) pre: InstancePre<Inside>,
    pub(crate) indices: Indices,
    pub(crate) settings: Settings,
    pub(crate) common: Common,
    /// The manifest, made ready.
    pub(crate) manifest: Manifest,
    pub(crate) columns: Columns,
    pub(crate) events: Vec<EventPattern>,
    /// Interfaces it imports.
    pub(crate) imports: Vec<String>,
    /// Rows that one instance holds.
    pub(crate) rows: usize,
    /// Verdicts are kept.
    pub(crate) pure: bool,
    /// Pods on nodes may be read.
    pub(crate) sees_pods: bool,
    /// The engine may be asked.
    pub(crate) asks_engine: bool,
    /// Kinds of objects that it reads.
    pub(crate) readings: Vec<Reading>,
    /// What it reads of what is measured on nodes.
    pub(crate) metering: Metering,
    /// How often it is called for the time's sake.
    pub(crate) ticks: Option<Duration>,
}

impl Loaded {
    /// Whether one instance holds everything.
    pub(crate) fn single(&self) -> bool {
        self.manifest.sharding == Sharding::Single
    }

    /// Whether a capability is granted.
    pub(crate) fn granted(&self, capability: Capability) -> bool {
        self.settings.capabilities.contains(&capability)
    }

    /// The plugin's name in the profile.
    pub(crate) fn name(&self) -> &Str {
        &self.common.plugin
    }

    /// Rises when an object changes, or values are measured anew, that an answer about any node may depend on; `None` when
    /// nothing of that is read.
    pub(crate) fn objects_seen(&self, objects: &Objects) -> Option<u64> {
        let anywhere = self.readings.iter().filter(|reading| !reading.about_node);
        let seen: u64 = anywhere.map(|reading| objects.declared.revision_of(reading.kind)).sum();
        let measured = self.metering.seen(&objects.metrics);
        let any = !self.readings.is_empty() || measured.is_some();
        any.then(|| seen + measured.unwrap_or(0))
    }

    /// A pod as this plugin may see it.
    pub(crate) fn pod(&self, pod: &Pod) -> types::Pod {
        let raw = self.manifest.raw_pod.then(|| self.common.services.raw.pod(&pod.meta.uid));
        let raw = raw.flatten().map(|raw| raw.get().as_bytes().to_vec());
        convert::pod(pod, raw, !self.manifest.pure)
    }
}
