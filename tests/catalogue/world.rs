//! What a recorded case stands on: a catalogue, and an API server that knows its pods whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_framework::raw::RawObjects;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// When pods are bound and the clock stands.
const NOW: &str = "2026-01-01T00:00:00Z";

/// Builds the catalogue into a folder.
pub(crate) fn build(root: &Path, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let built = Command::new(root.join("plugins/catalogue.sh"))
        .arg("--core")
        .arg(folder)
        .env_remove("RUSTFLAGS")
        .status()
        .map_err(failed)?;
    if !built.success() {
        return Err("plugins/catalogue.sh failed".to_string());
    }
    let list = std::fs::read_to_string(root.join("plugins/catalogue/plugins.txt")).map_err(failed)?;
    let mut plugins = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(module), Some(name)) = (words.next(), words.next()) else { continue };
        let core = std::fs::read(folder.join(format!("{module}.wasm"))).map_err(failed)?;
        let component = longshore_plugin_build::componentize(&core).map_err(|error| error.to_string())?;
        let digest = longshore_artifact::Digest::of(&component).hex();
        let component_name = format!("{module}.component.wasm");
        std::fs::write(folder.join(&component_name), component).map_err(failed)?;
        let capabilities: Vec<&str> = words.collect();
        plugins.push(json!({
            "name": name, "module": component_name, "sha256": digest, "capabilities": capabilities,
        }));
    }
    std::fs::write(folder.join("catalogue.json"), json!({"plugins": plugins}).to_string()).map_err(failed)
}

/// Pods as the API server has them, by UID.
#[derive(Default)]
pub(crate) struct Pods(Mutex<BTreeMap<String, Value>>);

impl Pods {
    fn with<T>(&self, call: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, uid: &str, pod: Value) {
        self.with(|pods| pods.insert(uid.to_string(), pod));
    }

    /// A pod is bound; kubelet may know of it since `started`.
    pub(crate) fn bind(&self, uid: &str, node: &str, started: Option<&str>) {
        self.with(|pods| {
            let Some(pod) = pods.get_mut(uid) else { return };
            pod["spec"]["nodeName"] = node.into();
            set(
                pod,
                "conditions",
                json!([{"type": "PodScheduled", "status": "True", "lastTransitionTime": NOW}]),
            );
            if let Some(started) = started {
                set(pod, "startTime", started.into());
            }
        });
    }
}

/// Sets a field of a pod's status.
pub(crate) fn set(pod: &mut Value, field: &str, value: Value) {
    if !pod["status"].is_object() {
        pod["status"] = Map::new().into();
    }
    pod["status"][field] = value;
}

impl RawObjects for Pods {
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>> {
        let text = self.with(|pods| pods.get(uid).map(Value::to_string))?;
        serde_json::from_str::<Box<RawValue>>(&text).ok().map(Arc::from)
    }

    fn node(&self, _: &str) -> Option<Arc<RawValue>> {
        None
    }
}
