//! One instance of a component: its store, its table, the cycle it is in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_framework::objects::Objects;
use longshore_framework::plugin::Cycle;
use longshore_framework::snapshot::Snapshot;
use wasmtime::Store;
use wasmtime::component::InstancePre;

use super::asking::Asker;
use super::bindings::exports::longshore::scheduler::lifecycle::{Instance as WhichInstance, Manifest};
use super::bindings::exports::longshore::scheduler::metrics::Metric;
use super::bindings::exports::longshore::scheduler::objects::Kind;
use super::convert::CycleKey;
use super::exports::{Exports, Indices};
use super::imports::{Common, Inside};
use super::loaded::Loaded;
use super::metering;
use super::reading::Told;
use super::table::Table;
use crate::args::Settings;
use crate::failure::{Allowed, Failure, FailureKind};
use crate::runtime::Runtime;

/// How long the first calls of an instance may take at least.
const START_TIME: Duration = Duration::from_secs(2);

fn getting_ready(settings: &Settings) -> Allowed {
    Allowed::at_least(START_TIME, settings.time)
}

/// The largest state that is handed from instance to instance, in bytes.
const LARGEST_STATE: usize = 1 << 20;

/// Which nodes an instance holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// None; it answers what is not about nodes.
    Control,
    /// All of them; it answers everything.
    Single,
    /// The range of this number.
    Shard(u32),
}

impl Role {
    /// Whether it has a table.
    pub(crate) fn has_table(self) -> bool {
        self != Self::Control
    }
}

/// What a plugin says of itself.
pub(crate) struct Described {
    pub(crate) manifest: Manifest,
    /// Kinds of objects that it reads.
    pub(crate) kinds: Vec<Kind>,
    /// What it reads of what is measured on nodes.
    pub(crate) metrics: Vec<Metric>,
    /// How often it wants to be called for the time's sake, in milliseconds.
    pub(crate) every: Option<u32>,
}

/// Lineage, generation and attempt of a snapshot. What a guest prepares for a pod it may take from outside the table as well
/// (whole objects, other pods, the time), so it holds for one attempt.
type Moment = (u64, u64, u64);

/// An instance.
pub(crate) struct Live {
    store: Store<Inside>,
    exports: Exports,
    runtime: Runtime,
    common: Common,
    allowed: Allowed,
    table: Table,
    told: Told,
    measured: metering::Told,
    /// The pod that it was told of, and, unless the plugin is pure, when.
    cycle: Option<(CycleKey, Option<Moment>)>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.common.observer.instance_gone(&self.common.plugin);
    }
}

impl Live {
    /// Makes an instance that has not been told anything.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn bare(
        runtime: &Runtime,
        pre: &InstancePre<Inside>,
        indices: &Indices,
        settings: &Settings,
        common: &Common,
    ) -> Result<Self, Failure> {
        let mut store = runtime.store(Inside::new(common.clone(), settings.memory));
        let exports = runtime.call(&mut store, "Start", getting_ready(settings), |store| {
            let instance = pre.instantiate(&mut *store)?;
            indices.load(&mut *store, &instance)
        })?;
        common.observer.instance_made(&common.plugin);
        Ok(Self {
            store,
            exports,
            runtime: runtime.clone(),
            common: common.clone(),
            allowed: Allowed::by_limit(settings.time),
            table: Table::default(),
            told: Told::default(),
            measured: metering::Told::default(),
            cycle: None,
        })
    }

    /// What the plugin says of itself. The instance is of no use afterwards.
    ///
    /// # Errors
    /// It fails to say it, or refuses its config.
    pub(crate) fn describe(mut self, settings: &Settings) -> Result<Described, Failure> {
        let live = &mut self;
        live.allowed = getting_ready(settings);
        let config = settings.config.to_string();
        let manifest = live.ask("Describe", |exports, store| match &exports.declaration {
            Some(declaration) => declaration.call_describe(store, &config),
            None => exports.lifecycle.call_describe(store).map(Ok),
        })?;
        let mut described = Described { manifest, kinds: Vec::new(), metrics: Vec::new(), every: None };
        if live.exports.objects.is_some() {
            described.kinds = live.ask("Describe", |exports, store| match &exports.objects {
                Some(objects) => objects.call_kinds(store, &config),
                None => Ok(Ok(Vec::new())),
            })?;
        }
        if live.exports.metrics.is_some() {
            described.metrics = live.ask("Describe", |exports, store| match &exports.metrics {
                Some(metrics) => metrics.call_wanted(store, &config),
                None => Ok(Ok(Vec::new())),
            })?;
        }
        if live.exports.timers.is_some() {
            described.every = live.ask("Describe", |exports, store| match &exports.timers {
                Some(timers) => Ok(timers.call_every(store, &config)?.map(Some)),
                None => Ok(Ok(None)),
            })?;
        }
        Ok(described)
    }

    /// The same as far as it says it without a config.
    ///
    /// # Errors
    /// It fails to say it.
    pub(crate) fn describe_without_config(mut self, settings: &Settings) -> Result<Described, Failure> {
        self.allowed = getting_ready(settings);
        let manifest = self.call("Describe", |exports, store| exports.lifecycle.call_describe(store))?;
        Ok(Described { manifest, kinds: Vec::new(), metrics: Vec::new(), every: None })
    }

    /// Makes an instance that can be used.
    ///
    /// # Errors
    /// It cannot be made, or its `init` fails.
    pub(crate) fn start(loaded: &Loaded, role: Role) -> Result<Self, Failure> {
        let Loaded { runtime, pre, indices, settings, common, .. } = loaded;
        let mut live = Self::bare(runtime, pre, indices, settings, common)?;
        let shard = match role {
            Role::Control => None,
            Role::Single => Some(0),
            Role::Shard(shard) => Some(shard),
        };
        let config = settings.config.to_string();
        live.allowed = getting_ready(settings);
        let said = live.call("Init", |exports, store| {
            exports.lifecycle.call_init(store, &config, WhichInstance { shard })
        })?;
        said.map_err(|why| Failure::new("Init", FailureKind::Start, why))?;
        live.allowed = Allowed::by_limit(settings.time);
        Ok(live)
    }

    /// Calls the guest.
    pub(crate) fn call<T>(
        &mut self,
        stage: &'static str,
        call: impl FnOnce(&Exports, &mut Store<Inside>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let exports = &self.exports;
        let done = self.runtime.call(&mut self.store, stage, self.allowed, |store| call(exports, store));
        self.common.observer.called(&self.common.plugin, stage, began.elapsed(), done.is_ok());
        done
    }

    /// Calls the guest where it may say that it failed.
    pub(crate) fn ask<T>(
        &mut self,
        stage: &'static str,
        call: impl FnOnce(&Exports, &mut Store<Inside>) -> wasmtime::Result<Result<T, String>>,
    ) -> Result<T, Failure> {
        self.call(stage, call)?.map_err(|why| Failure::new(stage, FailureKind::Error, why))
    }

    /// Brings the table up to date.
    pub(crate) fn sync(&mut self, loaded: &Loaded, snapshot: &Snapshot, base: usize) -> Result<(), Failure> {
        let range = base..base.saturating_add(loaded.rows);
        let raw = &loaded.common.services.raw;
        let Some(delta) = self.table.delta(&loaded.columns, snapshot, range, &**raw) else { return Ok(()) };
        // A table that is loaded whole may take longer than a row.
        let (allowed, whole) = (self.allowed, delta.reset);
        if whole {
            // What the guest prepared for a cycle may name places in the table that it forgets now.
            self.cycle = None;
            // The rows are others.
            self.measured = metering::Told::default();
        }
        if whole {
            self.allowed = getting_ready(&loaded.settings);
        }
        let done = self.call("Table", |exports, store| exports.lifecycle.call_apply(store, &delta));
        self.allowed = allowed;
        done
    }

    /// Tells the guest of objects that changed.
    pub(crate) fn sync_objects(&mut self, loaded: &Loaded, objects: &Objects) -> Result<(), Failure> {
        if loaded.readings.is_empty() {
            return Ok(());
        }
        let calls = self.told.missing(&loaded.readings, &objects.declared);
        for telling in &calls {
            // What the guest prepared for a cycle may rest on objects that are others now.
            self.cycle = None;
            let allowed = std::mem::replace(&mut self.allowed, getting_ready(&loaded.settings));
            let done = self.call("Objects", |exports, store| match &exports.objects {
                Some(objects) => objects.call_apply(store, telling.reset, &telling.changes),
                None => Ok(()),
            });
            self.allowed = allowed;
            if done.is_err() {
                // An instance that was told a part of it is told everything anew.
                self.told.lose();
            }
            done?;
        }
        Ok(())
    }

    /// Tells the guest of values that changed, after its table was brought up to date.
    pub(crate) fn sync_metrics(
        &mut self,
        loaded: &Loaded,
        (snapshot, base): (&Snapshot, usize),
        objects: &Objects,
    ) -> Result<(), Failure> {
        let range = base..base.saturating_add(loaded.rows);
        let Some(telling) = self.measured.missing(&loaded.metering, snapshot, range, &objects.metrics) else {
            return Ok(());
        };
        // What the guest prepared for a cycle may rest on values that are others now.
        self.cycle = None;
        let allowed = std::mem::replace(&mut self.allowed, getting_ready(&loaded.settings));
        let done = self.call("Metrics", |exports, store| match &exports.metrics {
            Some(metrics) => metrics.call_apply(store, telling.reset, &telling.updates),
            None => Ok(()),
        });
        self.allowed = allowed;
        if done.is_err() {
            // An instance that was told a part of it is told everything anew.
            self.measured = metering::Told::default();
        }
        done
    }

    /// From now on the guest can ask the engine, or cannot.
    pub(crate) fn lend_engine(&mut self, engine: Option<Asker>) {
        self.store.data_mut().lend_engine(engine);
    }

    /// The next call begins a cycle.
    pub(crate) fn forget_cycle(&mut self) {
        self.cycle = None;
    }

    /// Tells the guest which pod the next calls are about, unless it knows: a pure plugin while pods are of one class,
    /// others within one attempt for one pod.
    pub(crate) fn begin(
        &mut self,
        loaded: &Loaded,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
    ) -> Result<(), Failure> {
        let pod = cx.pod;
        let now = (!loaded.manifest.pure).then(|| moment(cx.snapshot));
        if self.cycle.as_ref().is_some_and(|(key, of)| *of == now && key.covers(pod, shared, now.is_some())) {
            return Ok(());
        }
        self.cycle = None;
        let said = loaded.pod(pod);
        self.ask("Begin", |exports, store| match &exports.cycle {
            Some(cycle) => cycle.call_begin(store, &said, shared),
            None => Ok(Ok(())),
        })?;
        self.cycle = Some((CycleKey::new(pod, Arc::clone(shared)), now));
        Ok(())
    }

    /// The state that is worth keeping.
    pub(crate) fn save(&mut self) -> Result<Vec<u8>, Failure> {
        let saved = self.call("Handover", |exports, store| match &exports.handover {
            Some(handover) => handover.call_save(store),
            None => Ok(Vec::new()),
        })?;
        if saved.len() > LARGEST_STATE {
            return Err(Failure::answer(
                "Handover",
                format!("it saved {} bytes, {LARGEST_STATE} are allowed", saved.len()),
            ));
        }
        Ok(saved)
    }

    /// Hands over what another instance saved.
    pub(crate) fn restore(&mut self, saved: &[u8]) -> Result<(), Failure> {
        self.ask("Handover", |exports, store| match &exports.handover {
            Some(handover) => handover.call_restore(store, saved),
            None => Ok(Ok(())),
        })
    }
}

fn moment(snapshot: &Snapshot) -> Moment {
    (snapshot.lineage(), snapshot.generation(), snapshot.attempt())
}
