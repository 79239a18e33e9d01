//! The document of `longshore plugin inspect`.

use longshore_wasm::About;
use serde::Serialize;

use crate::report::{API_VERSION, rounded};

/// What a plugin is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginInspection {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `PluginInspection`.
    pub kind: &'static str,
    /// Where it is.
    pub source: String,
    /// What it is.
    pub plugin: About,
    /// Events after which a pod that it rejected is tried again.
    pub events: Vec<String>,
    /// Why it cannot be used as it is, with this config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Bytes of memory that one instance holds after `init`; absent with a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Seconds from bytes to the first instance.
    pub load_seconds: f64,
}

impl PluginInspection {
    /// A document.
    pub(crate) fn new(source: String, plugin: About, events: Vec<String>, load_seconds: f64) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "PluginInspection",
            source,
            plugin,
            events,
            problem: None,
            memory: None,
            load_seconds: rounded(load_seconds, 6),
        }
    }
}
