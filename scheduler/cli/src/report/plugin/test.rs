//! The document of `longshore plugin test`.

use serde::Serialize;

use crate::report::API_VERSION;

/// What became of golden cases.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginTest {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `PluginTest`.
    pub kind: &'static str,
    /// The plugin's file.
    pub plugin: String,
    /// Whether none failed.
    pub success: bool,
    /// The cases, by file and then in its order.
    pub cases: Vec<CaseResult>,
}

/// What became of one case.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// The file that it is in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Whether the answers were as expected.
    pub success: bool,
    /// Whether the expectations were written anew.
    pub updated: bool,
    /// What was not as expected, a line each.
    pub differences: Vec<String>,
}

impl PluginTest {
    /// A document.
    pub(crate) fn new(plugin: String, cases: Vec<CaseResult>) -> Self {
        let success = cases.iter().all(|case| case.success);
        Self { api_version: API_VERSION, kind: "PluginTest", plugin, success, cases }
    }
}
