//! The document of `longshore plugin check`.

use longshore_simulation::report::API_VERSION;
use serde::Serialize;

/// What was checked of a plugin.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginCheck {
    /// [`API_VERSION`].
    pub(crate) api_version: &'static str,
    /// `PluginCheck`.
    pub(crate) kind: &'static str,
    /// The name in the plugin's manifest, or of its file.
    pub(crate) plugin: String,
    /// SHA-256 of the module.
    pub(crate) digest: String,
    /// Whether none failed.
    pub(crate) success: bool,
    /// The checks, in order.
    pub(crate) checks: Vec<Checked>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checked {
    /// What was checked.
    pub(crate) name: &'static str,
    /// What came of it.
    pub(crate) status: Verdict,
    /// Why it failed or was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Verdict {
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
