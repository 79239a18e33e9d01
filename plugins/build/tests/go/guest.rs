//! A plugin in Go, built, made a component, and run by a small host that notes what it is asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Result, Store};

pub mod bindings {
    //! What wasmtime generates of the interface.
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin", additional_derives: [PartialEq] });
}

pub use bindings::longshore::scheduler as wit;
use wit::types::PodInfo;

/// The plugins folder.
fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Builds the package `package` of the Go module in `module`, both relative to `plugins/`; `None` without Go.
pub fn component(module: &str, package: &str) -> Option<Vec<u8>> {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("skipped: there is no go command");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let wasm = folder.path().join("guest.wasm");
    let done = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-ldflags=-s -w", "-o"])
        .arg(&wasm)
        .arg(package)
        .current_dir(plugins().join(module))
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("CGO_ENABLED", "0")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let core = std::fs::read(wasm).unwrap();
    Some(longshore_plugin_build::componentize(&core).unwrap())
}

/// The settings of the scheduler's own host, as far as they matter here.
pub fn engine() -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true).max_wasm_stack(512 << 10).wasm_memory64(false);
    Engine::new(&config).unwrap()
}

/// The data of a store.
#[derive(Default)]
pub struct Host {
    /// What the guest asked, in order.
    pub said: Vec<String>,
    /// The largest memory that the guest has asked for, in bytes.
    pub memory: usize,
}

impl wasmtime::ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.memory = self.memory.max(desired);
        Ok(desired <= 64 << 20)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

/// A store whose guest is never interrupted, and an instance of every kind of `component`'s imports.
pub fn store(engine: &Engine) -> Store<Host> {
    let mut store = Store::new(engine, Host::default());
    store.set_epoch_deadline(1 << 40);
    store.limiter(|host| host);
    store
}

/// Links all that a plugin may import.
pub fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    bindings::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host).unwrap();
    linker
}

/// Compiles a component.
pub fn compile(engine: &Engine, bytes: &[u8]) -> Component {
    Component::new(engine, bytes).unwrap()
}

/// A guest with every stage.
pub fn whole(bytes: &[u8]) -> Result<(Store<Host>, bindings::Plugin)> {
    let engine = engine();
    let component = compile(&engine, bytes);
    let mut store = store(&engine);
    let plugin = bindings::Plugin::instantiate(&mut store, &component, &linker(&engine))?;
    Ok((store, plugin))
}

/// A pod in brief.
pub fn info(name: &str) -> PodInfo {
    PodInfo {
        uid: format!("uid-{name}"),
        namespace: "shop".into(),
        name: name.into(),
        priority: -7,
        labels: vec![("zone".into(), "z1".into()), ("app".into(), "größe".into())],
        requests: vec![("cpu".into(), 250), ("memory".into(), 1 << 40)],
        node: None,
    }
}

impl wit::types::Host for Host {}

impl wit::log::Host for Host {
    fn log(&mut self, level: wit::log::Level, message: String) {
        self.said.push(format!("{level:?} {message}"));
    }
}

impl wit::waiting::Host for Host {
    fn allow(&mut self, uid: String) {
        self.said.push(format!("allow {uid}"));
    }

    fn reject(&mut self, uid: String, message: String) {
        self.said.push(format!("reject {uid}: {message}"));
    }

    fn pods(&mut self) -> Vec<PodInfo> {
        vec![PodInfo { node: Some("a".into()), ..info("waiting") }]
    }
}

impl wit::events::Host for Host {
    fn emit(&mut self, pod_uid: String, warning: bool, reason: String, note: String) {
        self.said.push(format!("event {pod_uid} {warning} {reason}: {note}"));
    }
}

impl wit::pods::Host for Host {
    fn of_namespace(&mut self, namespace: String) -> Vec<PodInfo> {
        vec![PodInfo { labels: vec![], requests: vec![], ..info(&namespace) }]
    }

    fn on_node(&mut self, _: String) -> Vec<PodInfo> {
        vec![]
    }
}

impl wit::raw::Host for Host {
    fn node(&mut self, name: String) -> Option<Vec<u8>> {
        Some(format!("{{{name}}}").into_bytes())
    }

    fn pod(&mut self, _: String) -> Option<Vec<u8>> {
        None
    }
}

impl wit::clock::Host for Host {
    fn now(&mut self) -> u64 {
        1_700_000_000_000
    }
}

impl wit::random::Host for Host {
    fn next(&mut self) -> u64 {
        u64::MAX
    }
}
