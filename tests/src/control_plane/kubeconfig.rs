//! Kubeconfig files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// A kubeconfig with one context. JSON is YAML.
pub fn kubeconfig(server: &str, authority: &Path, user: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "test", "cluster": { "server": server, "certificate-authority": authority } }],
        "users": [{ "name": "test", "user": user }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        "current-context": "test",
    })
}

/// Writes `document` to `path`.
pub fn write(path: &Path, document: &Value) {
    fs::write(path, serde_json::to_vec_pretty(document).unwrap()).unwrap();
}
