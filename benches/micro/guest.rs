//! One plugin about resources, native or hosted, and what a decision asks of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore_framework::fields::Problems;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, FilterSink};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_wasm::{Guest, Host, HostOptions, Settings};
use serde_json::{Value, json};

/// A plugin that filters and scores.
pub(crate) struct Subject {
    instance: Instance,
    objects: Objects,
}

/// NodeResourcesFit as it ships.
pub(crate) fn native() -> Subject {
    let registry = longshore_plugins_native::registry();
    let factory = registry.get("NodeResourcesFit").expect("it ships");
    let mut found = Vec::new();
    let instance = factory(&Value::Null, &FactoryContext::default(), &mut Problems::new(&mut found));
    Subject { instance, objects: Objects::default() }
}

/// The same as a component; with verdicts kept or asked for anew for every pod.
pub(crate) fn component(keep: bool) -> Option<Subject> {
    Subject::load_component(keep)
}

/// The component, loaded.
pub(crate) struct Loaded {
    host: Host,
    bytes: Vec<u8>,
}

/// The component, if it was built.
pub(crate) fn guest() -> Option<Loaded> {
    Some(Loaded { host: host(false), bytes: bytes("resources-fit.wasm")? })
}

impl Loaded {
    /// Another guest, with no instance that has a table.
    pub(crate) fn fresh(&self) -> Subject {
        Subject::of(&self.host, &self.bytes, Settings::default())
    }
}

/// A module of kube-scheduler-wasm-extension, where `LONGSHORE_KSWE` names the folder of that project's guests: it reads
/// the name of every node that it scores.
pub(crate) fn extension() -> Option<Subject> {
    let folder = PathBuf::from(std::env::var_os("LONGSHORE_KSWE")?);
    let bytes = std::fs::read(folder.join("examples/nodenumber/main.wasm")).ok()?;
    let args = json!({"guestURL": "file://main.wasm", "guestConfig": "{\"reverse\": false}", "limits": {"time": "10s", "memory": "1Gi"}});
    let mut found = Vec::new();
    let settings = Settings::read(&args, &mut Problems::new(&mut found));
    Some(Subject::of(&host(false), &bytes, settings))
}

fn host(keep_pure: bool) -> Host {
    Host::new(HostOptions { keep_pure, ..HostOptions::default() }).expect("WebAssembly runs here")
}

/// The component as `make guests` built it, else the one that is committed.
fn bytes(name: &str) -> Option<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = std::fs::read(root.join("target/guests").join(name));
    built.or_else(|_| std::fs::read(root.join("tests/guests").join(name))).ok()
}

impl Subject {
    fn of(host: &Host, bytes: &[u8], settings: Settings) -> Self {
        let guest: Arc<Guest> = host.load("Bench", bytes, &settings).expect("the plugin loads");
        Self { instance: guest.instance(), objects: Objects::default() }
    }

    /// Loads the component; `None` when it was not built.
    pub(crate) fn load_component(keep: bool) -> Option<Self> {
        Some(Self::of(&host(keep), &bytes("resources-fit.wasm")?, Settings::default()))
    }

    fn cycle<'a>(&'a self, snapshot: &'a Snapshot, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot, objects: &self.objects, pod }
    }

    /// PreFilter and Filter over some nodes; those that fit.
    pub(crate) fn filter(&self, snapshot: &Snapshot, pod: &Pod, slots: &[Slot]) -> (Vec<Slot>, PluginState) {
        let (cx, mut state) = (self.cycle(snapshot, pod), PluginState::default());
        if let Some(stage) = &self.instance.pre_filter {
            stage.pre_filter(cx, &mut state).expect("it answers");
        }
        let (mut left, mut rejected) = (slots.to_vec(), Vec::new());
        if let Some(stage) = &self.instance.filter {
            let mut sink = FilterSink::new(&mut left, &mut rejected);
            stage.filter_range(cx, &state, &mut sink).expect("it answers");
        }
        (left, state)
    }

    /// All that a decision asks; the best node.
    pub(crate) fn decide(&self, snapshot: &Snapshot, pod: &Pod) -> Slot {
        let all: Vec<Slot> = snapshot.live().iter().map(Slot::from).collect();
        let (feasible, mut state) = self.filter(snapshot, pod, &all);
        let cx = self.cycle(snapshot, pod);
        if let Some(stage) = &self.instance.pre_score {
            stage.pre_score(cx, &mut state, &feasible).expect("it answers");
        }
        let mut scores = vec![0; feasible.len()];
        if let Some(stage) = &self.instance.score {
            stage.score_range(cx, &state, &feasible, &mut scores).expect("it answers");
            stage.normalise(cx, &state, &feasible, &mut scores).expect("it answers");
        }
        let best =
            scores.iter().zip(&feasible).max_by_key(|(score, slot)| (**score, std::cmp::Reverse(**slot)));
        *best.expect("a node fits").1
    }
}
