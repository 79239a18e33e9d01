//! The document of `longshore plugin check`.

use serde::Serialize;

use crate::report::API_VERSION;

/// What was checked of a plugin.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginCheck {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `PluginCheck`.
    pub kind: &'static str,
    /// The name in the plugin's manifest, or of its file.
    pub plugin: String,
    /// SHA-256 of the module.
    pub digest: String,
    /// Whether none failed.
    pub success: bool,
    /// The checks, in order.
    pub checks: Vec<Checked>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// What was checked.
    pub name: &'static str,
    /// What came of it.
    pub status: Verdict,
    /// Why it failed or was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Failed,
    /// It does not concern this plugin.
    Skipped,
}

impl PluginCheck {
    /// A document.
    pub(crate) fn new((plugin, digest): (String, String), checks: Vec<Checked>) -> Self {
        let success = checks.iter().all(|check| check.status != Verdict::Failed);
        Self { api_version: API_VERSION, kind: "PluginCheck", plugin, digest, success, checks }
    }
}
