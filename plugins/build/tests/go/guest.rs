//! A plugin in Go, built, made a component, and run by a small host that notes what it is asked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Result, Store};

pub(crate) mod bindings {
    //! What wasmtime generates of the interface.

    #![allow(unreachable_pub, missing_docs, reason = "generated")]

    wasmtime::component::bindgen!({ path: "../wit", world: "plugin", additional_derives: [PartialEq] });
}

pub(crate) use bindings::longshore::scheduler as wit;
use wit::types::{PodInfo, RejectCode, Rejection};

/// The plugins folder.
fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A compiled plugin and the engine it is compiled for.
pub(crate) struct Guest {
    pub(crate) engine: Engine,
    pub(crate) component: Component,
    /// How long compiling took.
    pub(crate) took: Duration,
}

/// Compiles once for all tests; `None` without Go.
pub(crate) fn once(
    cell: &'static OnceLock<Option<Guest>>,
    module: &str,
    package: &str,
) -> Option<&'static Guest> {
    cell.get_or_init(|| {
        let bytes = component(module, package)?;
        let engine = engine();
        let started = Instant::now();
        let component = Component::new(&engine, &bytes).unwrap();
        Some(Guest { engine, component, took: started.elapsed() })
    })
    .as_ref()
}

/// Builds the package `package` of the Go module in `module`, both relative to `plugins/`.
fn component(module: &str, package: &str) -> Option<Vec<u8>> {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("skipped: there is no go command");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let wasm = folder.path().join("guest.wasm");
    let done = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o"])
        .arg(&wasm)
        .arg(package)
        .current_dir(plugins().join(module))
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("CGO_ENABLED", "0")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(longshore_plugin_build::componentize(&std::fs::read(wasm).unwrap()).unwrap())
}

/// The settings of the scheduler's own host, as far as they matter here.
pub(crate) fn engine() -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true).max_wasm_stack(512 << 10).wasm_memory64(false);
    Engine::new(&config).unwrap()
}

/// The data of a store.
#[derive(Default)]
pub(crate) struct Host {
    /// What the guest asked, in order.
    pub(crate) said: Vec<String>,
    /// The largest memory that the guest has asked for, in bytes.
    pub(crate) memory: usize,
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

/// A store whose guest is interrupted when a clock would have ticked very often.
pub(crate) fn store(engine: &Engine) -> Store<Host> {
    let mut store = Store::new(engine, Host::default());
    store.set_epoch_deadline(1 << 40);
    store.limiter(|host| host);
    store
}

/// Links all that a plugin may import.
pub(crate) fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    bindings::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host).unwrap();
    linker
}

/// A pod in brief.
pub(crate) fn info(name: &str) -> PodInfo {
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

    fn pod(&mut self, uid: String) -> Option<Vec<u8>> {
        (uid != "none").then(|| format!("{{{uid}}}").into_bytes())
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

impl wit::engine::Host for Host {
    fn activate(&mut self, uid: String) {
        self.said.push(format!("activate {uid}"));
    }

    fn nominated(&mut self, node: String) -> Vec<PodInfo> {
        vec![PodInfo { node: Some(node), labels: vec![], requests: vec![], ..info("nominated") }]
    }

    fn terminating(&mut self, node: String) -> Vec<String> {
        vec![format!("{node}-1"), format!("{node}-2")]
    }

    fn would_fit(
        &mut self,
        node: String,
        without: Vec<String>,
    ) -> std::result::Result<Option<Rejection>, String> {
        match (&*node, without.is_empty()) {
            ("none", _) => Err("there is no node none".into()),
            (_, true) => Ok(None),
            _ => Ok(Some(Rejection { code: RejectCode::Pending, reason: without.join("+") })),
        }
    }

    fn keep_first(&mut self, node: String, pods: Vec<String>) -> std::result::Result<Vec<String>, String> {
        if node == "none" {
            Err("there is no node none".into())
        } else {
            Ok(pods.into_iter().rev().collect())
        }
    }
}
