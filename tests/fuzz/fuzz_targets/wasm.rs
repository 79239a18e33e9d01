//! Any module as a plugin: loaded with limits, asked at its stages. Nothing of it may break the host.
//!
//! The first byte says what the rest is: a file as it is, the harmless guest with some bytes changed, or material from
//! which wasm-smith makes a module with the guest's very exports, so that the calls and answers are random and not only
//! the encoding.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use longshore_framework::fixture;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, EnqueueContext, FilterSink, MAX_SCORE, ReserveContext};
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_wasm::{Capability, Host, HostOptions, Settings};
use wasm_smith::{Config, Module};

/// A guest with most of the stages: as text, as a core module, as a component.
const TEXT: &str = include_str!("guest.wat");
static CORE: LazyLock<Vec<u8>> = LazyLock::new(|| wat::parse_str(TEXT).expect("the guest is WebAssembly"));
static COMPONENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| longshore_plugin_build::componentize(&CORE).expect("the guest is a plugin"));
static HOST: LazyLock<Host> = LazyLock::new(|| Host::new(HostOptions::default()).expect("a host"));

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let module = match kind % 3 {
        0 => rest.to_vec(),
        1 => changed(rest),
        _ => match made(rest) {
            Some(module) => module,
            None => return,
        },
    };
    let settings = Settings {
        memory: 2 << 20,
        time: Duration::from_millis(5),
        capabilities: Capability::ALL.into_iter().map(|(_, capability)| capability).collect(),
        ..Settings::default()
    };
    if let Ok(guest) = HOST.load("Fuzzed", &module, &settings) {
        let _ = (guest.about(), guest.status());
        ask(&guest.instance());
        ask(&guest.instance());
    }
});

/// The guest with bytes changed: each three bytes of `changes` say where and to what.
fn changed(changes: &[u8]) -> Vec<u8> {
    let mut module = COMPONENT.clone();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % module.len();
        module[at] = change[2];
    }
    module
}

/// A component around a module with the guest's imports and exports, and whatever functions `material` gives.
fn made(material: &[u8]) -> Option<Vec<u8>> {
    let mut material = Unstructured::new(material);
    let config = Config {
        exports: Some(CORE.clone()),
        available_imports: Some(CORE.clone()),
        disallow_traps: material.arbitrary().ok()?,
        max_memories: 1,
        min_memories: 1,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        gc_enabled: false,
        exceptions_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let module = Module::new(config, &mut material).ok()?;
    longshore_plugin_build::componentize(&module.to_bytes()).ok()
}

/// Asks the stages that there are about a pod on two nodes; answers have to keep to the rules, failures are fine.
fn ask(instance: &Instance) {
    let mut snapshot = Snapshot::default();
    for name in ["a", "b"] {
        snapshot.set_node(fixture::node(name).allocatable("cpu", "4").label("zone", name).build());
    }
    let (pod, mut objects) = (fixture::pod("p").request("cpu", "1").build(), Objects::default());
    let slots: Vec<Slot> = snapshot.live().iter().map(Slot::from).collect();
    let mut state = PluginState::default();
    if let Some(stage) = &instance.pre_enqueue {
        let _ = stage.pre_enqueue(EnqueueContext { pod: &pod, evicting: false, objects: &objects });
    }
    let cycle = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
    if let Some(stage) = &instance.pre_filter {
        let _ = stage.pre_filter(cycle, &mut state);
    }
    if let Some(stage) = &instance.filter {
        let (mut left, mut rejected) = (slots.clone(), Vec::new());
        if stage.filter_range(cycle, &state, &mut FilterSink::new(&mut left, &mut rejected)).is_ok() {
            assert_eq!(left.len() + rejected.len(), slots.len(), "a node is lost");
        }
    }
    if let Some(stage) = &instance.pre_score {
        let _ = stage.pre_score(cycle, &mut state, &slots);
    }
    if let Some(stage) = &instance.score {
        let mut scores = vec![0; slots.len()];
        let scored = stage.score_range(cycle, &state, &slots, &mut scores);
        let normalised = stage.normalise(cycle, &state, &slots, &mut scores);
        if scored.is_ok() && normalised.is_ok() {
            assert!(scores.iter().all(|score| (0..=MAX_SCORE).contains(score)), "{scores:?}");
        }
    }
    if let Some(stage) = &instance.permit {
        let _ = stage.permit(cycle, &state, slots[0]);
    }
    if let Some(stage) = &instance.bind {
        let _ = stage.bind(cycle, &state, slots[0]);
    }
    if let Some(stage) = &instance.reserve {
        let mut cx = ReserveContext { snapshot: &snapshot, objects: &mut objects, pod: &pod, node: slots[0] };
        let _ = stage.reserve(&mut cx, &mut state);
        stage.unreserve(&mut cx, &mut state);
    }
}
