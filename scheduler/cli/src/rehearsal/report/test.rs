//! The document of `longshore plugin test`.

use longshore_simulation::report::API_VERSION;
use serde::Serialize;

/// What became of golden cases.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginTest {
    /// [`API_VERSION`].
    pub(crate) api_version: &'static str,
    /// `PluginTest`.
    pub(crate) kind: &'static str,
    /// The plugin's file.
    pub(crate) plugin: String,
    /// Whether none failed.
    pub(crate) success: bool,
    /// The cases, by file and then in its order.
    pub(crate) cases: Vec<CaseResult>,
}

/// What became of one case.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseResult {
    /// The file that it is in.
    pub(crate) file: String,
    /// Its name.
    pub(crate) name: String,
    /// Whether the answers were as expected.
    pub(crate) success: bool,
    /// Whether the expectations were written anew.
    pub(crate) updated: bool,
    /// What was not as expected, a line each.
    pub(crate) differences: Vec<String>,
}

impl PluginTest {
    /// A document.
    pub(crate) fn new(plugin: String, cases: Vec<CaseResult>) -> Self {
        let success = cases.iter().all(|case| case.success);
        Self { api_version: API_VERSION, kind: "PluginTest", plugin, success, cases }
    }
}
