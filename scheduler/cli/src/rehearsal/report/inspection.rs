//! The document of `longshore plugin inspect`.

use longshore_simulation::report::{API_VERSION, rounded};
use longshore_wasm::About;
use serde::Serialize;

/// What a plugin is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginInspection {
    /// [`API_VERSION`].
    pub(crate) api_version: &'static str,
    /// `PluginInspection`.
    pub(crate) kind: &'static str,
    /// Where it is.
    pub(crate) source: String,
    /// What it is.
    pub(crate) plugin: About,
    /// Events after which a pod that it rejected is tried again.
    pub(crate) events: Vec<String>,
    /// Why it cannot be used as it is, with this config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// Bytes of memory that one instance holds after `init`; absent with a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<u64>,
    /// Seconds from bytes to the first instance.
    pub(crate) load_seconds: f64,
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
