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

/// A plugin of the catalogue.
pub(crate) struct Listed {
    pub(crate) folder: String,
    name: String,
    capabilities: Vec<String>,
}

impl Listed {
    /// The file of its component.
    pub(crate) fn module(&self) -> String {
        format!("{}.component.wasm", self.folder)
    }
}

/// The plugins that `plugins.txt` lists.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn plugins(root: &Path) -> Result<Vec<Listed>, String> {
    let file = root.join("plugins/catalogue/plugins.txt");
    let list = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let listed = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_string);
        Some(Listed { folder: words.next()?, name: words.next()?, capabilities: words.collect() })
    };
    Ok(list.lines().filter(|line| !line.starts_with('#')).filter_map(listed).collect())
}

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
    let mut index = Vec::new();
    for plugin in plugins(root)? {
        let core = std::fs::read(folder.join(format!("{}.wasm", plugin.folder))).map_err(failed)?;
        let component = longshore_plugin_build::componentize(&core).map_err(|error| error.to_string())?;
        let digest = longshore_artifact::Digest::of(&component).hex();
        std::fs::write(folder.join(plugin.module()), component).map_err(failed)?;
        index.push(json!({
            "name": plugin.name, "module": plugin.module(), "sha256": digest, "capabilities": plugin.capabilities,
        }));
    }
    std::fs::write(folder.join("catalogue.json"), json!({"plugins": index}).to_string()).map_err(failed)
}

/// Pods as the API server has them, by UID; and nodes by name.
#[derive(Default)]
pub(crate) struct Pods(Mutex<BTreeMap<String, Value>>, Mutex<BTreeMap<String, Arc<RawValue>>>);

impl Pods {
    fn with<T>(&self, call: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add_node(&self, node: &Value) {
        if let (Some(name), Some(raw)) = (node["metadata"]["name"].as_str(), raw(node)) {
            self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_string(), raw);
        }
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

fn raw(object: &Value) -> Option<Arc<RawValue>> {
    serde_json::from_str::<Box<RawValue>>(&object.to_string()).ok().map(Arc::from)
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
        self.with(|pods| pods.get(uid).and_then(raw))
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
