//! `longshore_plugin_*`: what plugins in WebAssembly do.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use longshore_wasm::{About, FailureKind, Observe};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};
use rustc_hash::FxHashMap;

use super::{add, exponential};

/// The families, fed by the host of the plugins.
#[derive(Debug)]
pub struct PluginMetrics {
    /// Calls into plugins, by `plugin`, `stage` and `result`: ok when an answer came, else failed.
    pub calls: IntCounterVec,
    /// Time of a call, by `plugin` and `stage`.
    pub call_duration: HistogramVec,
    /// Failures by `plugin`, `stage` and `kind`.
    pub failures: IntCounterVec,
    /// 1 while a plugin is not called, by `plugin`.
    pub breaker_open: IntGaugeVec,
    /// Instances, by `plugin`.
    pub instances: IntGaugeVec,
    /// What instances hold, by `plugin`.
    pub memory: IntGaugeVec,
    /// Lines and events that were dropped, by `plugin`.
    pub dropped: IntCounterVec,
    /// What is loaded: `plugin`, `version`, `digest` and `kind`; always 1.
    pub info: IntGaugeVec,
    /// Reloads of plugins, by `plugin` and `result`: success or error.
    pub reloads: IntCounterVec,
    handles: RwLock<FxHashMap<Box<str>, HandlesByStage>>,
}

/// What is looked up once, by stage.
type HandlesByStage = FxHashMap<&'static str, Arc<Handles>>;

/// What is looked up once for a plugin and a stage.
#[derive(Debug)]
struct Handles {
    ok: IntCounter,
    failed: IntCounter,
    duration: Histogram,
}

impl PluginMetrics {
    #[rustfmt::skip]
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("longshore_plugin_{name}"), help);
        let duration = HistogramOpts::new("longshore_plugin_call_duration_seconds", "Time of a call into a plugin in WebAssembly.");
        Ok(Self {
            calls: add(registry, IntCounterVec::new(opts("calls_total", "Calls into plugins in WebAssembly."), &["plugin", "stage", "result"])?)?,
            call_duration: add(registry, HistogramVec::new(duration.buckets(exponential(0.000_001, 2.0, 20)), &["plugin", "stage"])?)?,
            failures: add(registry, IntCounterVec::new(opts("failures_total", "Failures of plugins in WebAssembly."), &["plugin", "stage", "kind"])?)?,
            breaker_open: add(registry, IntGaugeVec::new(opts("breaker_open", "Whether a plugin is not called because it failed too often."), &["plugin"])?)?,
            instances: add(registry, IntGaugeVec::new(opts("instances", "Instances of a plugin."), &["plugin"])?)?,
            memory: add(registry, IntGaugeVec::new(opts("memory_bytes", "Memory that the instances of a plugin hold."), &["plugin"])?)?,
            dropped: add(registry, IntCounterVec::new(opts("log_lines_dropped_total", "Log lines and events of a plugin that were dropped because there were too many."), &["plugin"])?)?,
            info: add(registry, IntGaugeVec::new(opts("info", "A plugin in WebAssembly that is loaded; always 1."), &["plugin", "version", "digest", "kind"])?)?,
            reloads: add(registry, IntCounterVec::new(opts("reloads_total", "Plugins exchanged while the scheduler runs, and those that could not be."), &["plugin", "result"])?)?,
            handles: RwLock::default(),
        })
    }

    /// What is loaded from now on, and whether it is switched off.
    pub fn loaded<'a>(&self, plugins: impl Iterator<Item = (&'a str, About, bool)>) {
        self.info.reset();
        self.breaker_open.reset();
        for (name, about, off) in plugins {
            let labels = [name, about.version.as_str(), about.digest.as_str(), about.kind.as_str()];
            self.info.with_label_values(&labels).set(1);
            // Plugins of several profiles may have one name.
            let open = self.breaker_open.with_label_values(&[name]);
            open.set(open.get().max(i64::from(off)));
            self.seed(name);
        }
    }

    /// What can be counted of the plugin is there at 0: a counter whose first value is 1 has not grown.
    fn seed(&self, plugin: &str) {
        for result in ["success", "error"] {
            self.reloads.with_label_values(&[plugin, result]);
        }
        self.dropped.with_label_values(&[plugin]);
    }

    fn handles(&self, plugin: &str, stage: &'static str) -> Arc<Handles> {
        let known = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handles) = known.get(plugin).and_then(|stages| stages.get(stage)) {
            return Arc::clone(handles);
        }
        drop(known);
        for kind in FailureKind::ALL {
            self.failures.with_label_values(&[plugin, stage, kind.as_str()]);
        }
        let handles = Arc::new(Handles {
            ok: self.calls.with_label_values(&[plugin, stage, "ok"]),
            failed: self.calls.with_label_values(&[plugin, stage, "failed"]),
            duration: self.call_duration.with_label_values(&[plugin, stage]),
        });
        let mut known = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(plugin.into()).or_default().insert(stage, Arc::clone(&handles));
        handles
    }
}

impl Observe for PluginMetrics {
    fn called(&self, plugin: &str, stage: &'static str, took: Duration, answered: bool) {
        let handles = self.handles(plugin, stage);
        if answered { &handles.ok } else { &handles.failed }.inc();
        handles.duration.observe(took.as_secs_f64());
    }

    fn failed(&self, plugin: &str, stage: &'static str, kind: FailureKind, _message: &str) {
        self.failures.with_label_values(&[plugin, stage, kind.as_str()]).inc();
    }

    fn breaker(&self, plugin: &str, open: bool, _why: &str) {
        self.breaker_open.with_label_values(&[plugin]).set(i64::from(open));
    }

    fn instance_made(&self, plugin: &str) {
        self.instances.with_label_values(&[plugin]).inc();
    }

    fn instance_gone(&self, plugin: &str) {
        self.instances.with_label_values(&[plugin]).dec();
    }

    fn memory(&self, plugin: &str, change: i64) {
        self.memory.with_label_values(&[plugin]).add(change);
    }

    fn dropped(&self, plugin: &str) {
        self.dropped.with_label_values(&[plugin]).inc();
    }
}
