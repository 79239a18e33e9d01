//! Small modules against every function of the interface.

mod batches;
mod cycle;
mod imports;
mod kswe;
mod limits;
mod stages;
mod start;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::fields::Problems;
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::Objects;
use longshore_framework::plugin::Cycle;
use longshore_framework::pod::Pod;
use longshore_framework::port::Requests;
use longshore_framework::raw::RawObjects;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::CompatPlugin;
use super::abi::Input;
use super::exports::Export;
use super::instance::Reply;
use super::load::load;
use super::objects::PodSource;
use crate::args::Settings;
use crate::failure::{Failure, FailureKind};
use crate::host::{Host, HostOptions, Services};
use crate::load_error::LoadError;
use crate::observe::Observe;

/// Objects by name, and pods by UID, as JSON.
#[derive(Default)]
pub(super) struct Whole(pub(super) BTreeMap<String, Arc<RawValue>>);

impl RawObjects for Whole {
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>> {
        self.0.get(uid).cloned()
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.0.get(name).cloned()
    }
}

/// Remembers what it is told.
#[derive(Default)]
pub(super) struct Told(pub(super) Mutex<Vec<String>>);

impl Observe for Told {
    fn failed(&self, _plugin: &str, stage: &'static str, kind: FailureKind, _message: &str) {
        self.0.lock().unwrap().push(format!("{stage} {kind}"));
    }
    fn breaker(&self, _plugin: &str, open: bool, _why: &str) {
        self.0.lock().unwrap().push(format!("breaker open: {open}"));
    }
    fn instance_made(&self, _plugin: &str) {
        self.0.lock().unwrap().push("made".to_string());
    }
    fn instance_gone(&self, _plugin: &str) {
        self.0.lock().unwrap().push("gone".to_string());
    }
    fn dropped(&self, _plugin: &str) {
        self.0.lock().unwrap().push("dropped".to_string());
    }
}

/// A cluster, a host and one plugin.
pub(super) struct World {
    pub(super) plugin: Arc<CompatPlugin>,
    pub(super) instance: Instance,
    pub(super) snapshot: Snapshot,
    pub(super) objects: Objects,
    pub(super) requests: Requests,
    pub(super) told: Arc<Told>,
}

/// Args of the older syntax.
pub(super) fn args(more: Value) -> Value {
    let mut args = json!({"guestURL": "file://test.wasm"});
    for (key, value) in more.as_object().unwrap() {
        args[key] = value.clone();
    }
    args
}

fn settings(args: &Value) -> Settings {
    let mut found = Vec::new();
    let settings = Settings::read(args, &mut Problems::new(&mut found));
    assert!(found.is_empty(), "{found:?}");
    settings
}

fn services(whole: Whole) -> (Requests, Arc<Told>, HostOptions) {
    let (requests, told) = (Requests::default(), Arc::new(Told::default()));
    let services = Services { requests: requests.clone(), raw: Arc::new(whole), ..Services::default() };
    let observer: Arc<dyn Observe> = Arc::clone(&told) as _;
    (requests, told, HostOptions { services, observer, ..HostOptions::default() })
}

/// Why a module is not taken.
pub(super) fn refused(wat: &str, more: Value) -> String {
    let host = Host::new(services(Whole::default()).2).unwrap();
    let bytes = wat::parse_str(wat).unwrap();
    match load(&host, "Test", &bytes, &settings(&args(more))) {
        Ok(_) => panic!("it was taken"),
        Err(error @ (LoadError::Foreign(_) | LoadError::Failed(_) | LoadError::Invalid(_))) => {
            error.to_string()
        }
        Err(other) => panic!("{other}"),
    }
}

impl World {
    /// A plugin from text, in a cluster of `nodes`.
    pub(super) fn new(wat: &str, nodes: &[&str]) -> Self {
        Self::with(&wat::parse_str(wat).unwrap(), &args(json!({})), nodes, Whole::default())
    }

    /// A plugin with args.
    pub(super) fn with(bytes: &[u8], args: &Value, nodes: &[&str], whole: Whole) -> Self {
        let (requests, told, options) = services(whole);
        let host = Host::new(options).unwrap();
        let plugin = Arc::new(load(&host, "Test", bytes, &settings(args)).unwrap());
        let mut snapshot = Snapshot::default();
        for name in nodes {
            snapshot.set_node(node(name).build());
        }
        let instance = plugin.instance();
        Self { plugin, instance, snapshot, objects: Objects::default(), requests, told }
    }

    pub(super) fn slot(&self, name: &str) -> Slot {
        self.snapshot.slot(name).unwrap()
    }

    pub(super) fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }

    pub(super) fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    /// The state of a pod's cycle after PreFilter.
    pub(super) fn begin(&self, pod: &Pod) -> PluginState {
        let mut state = PluginState::default();
        self.instance.pre_filter.as_ref().unwrap().pre_filter(self.cycle(pod), &mut state).unwrap();
        state
    }

    /// Calls one function in a cycle of its own, and gives its answer as it is.
    pub(super) fn raw(&self, export: Export, input: Input) -> Result<Reply, Failure> {
        self.raw_with(export, input, &[])
    }

    /// Likewise, with globals of the guest set before.
    pub(super) fn raw_with(
        &self,
        export: Export,
        input: Input,
        globals: &[(&str, i32)],
    ) -> Result<Reply, Failure> {
        self.plugin.nodes.lock().unwrap().sync(&self.snapshot);
        let pod = input.pod.clone().unwrap_or_else(|| self.source(&pod("p").build()));
        self.plugin.pool.begin(pod).run(export, 10_000, &[], |calls| {
            for (name, value) in globals {
                calls.instance().set_global(name, *value);
            }
            let pod = calls.input().pod;
            calls.call(export, Input { pod, ..input })
        })
    }

    /// What `filter` gives as its reason.
    pub(super) fn reason(&self, input: Input) -> String {
        self.raw(Export::Filter, input).unwrap().pushed.reason
    }

    pub(super) fn source(&self, pod: &Pod) -> Arc<PodSource> {
        Arc::new(PodSource::new(pod))
    }

    /// What was told since the last time, but for instances.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut told = self.told.0.lock().unwrap();
        let failures = told.iter().filter(|t| !matches!(&***t, "made" | "gone")).cloned().collect();
        told.retain(|t| matches!(&**t, "made" | "gone"));
        failures
    }

    /// How many instances were made, and how many are gone.
    pub(super) fn made_and_gone(&self) -> (usize, usize) {
        let told = self.told.0.lock().unwrap();
        let count = |word: &str| told.iter().filter(|t| *t == word).count();
        (count("made"), count("gone"))
    }
}

/// JSON as an object that is kept whole.
pub(super) fn whole(value: &Value) -> Arc<RawValue> {
    RawValue::from_string(value.to_string()).unwrap().into()
}

pub(super) fn on_node(name: &str) -> Input {
    Input { node: name.into(), ..Input::default() }
}

pub(super) fn names(names: &[&str]) -> Vec<Str> {
    names.iter().map(|name| (*name).into()).collect()
}
