//! The document of `longshore check`.

use longshore_cluster::check::{Check, Status};
use longshore_simulation::report::{API_VERSION, rounded};
use serde::Serialize;

/// What was checked, and how it ended.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckReport {
    /// `longshore.dev/v1alpha1`.
    pub api_version: &'static str,
    /// `CheckReport`.
    pub kind: &'static str,
    /// Address of the API server; absent when no cluster is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The kubeconfig's context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whether no check failed.
    pub success: bool,
    /// The groups, in the order in which they were checked.
    pub groups: Vec<CheckGroup>,
}

/// Checks that belong together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckGroup {
    /// Its title.
    pub name: String,
    /// Its checks.
    pub checks: Vec<CheckEntry>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckEntry {
    /// What is checked, said as if all were well.
    pub name: String,
    /// `Ok`, `Warning`, `Failed` or `Skipped`.
    pub status: &'static str,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// How long it took, of checks that wait for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl CheckReport {
    pub(super) fn new() -> Self {
        let (server, context, groups) = (None, None, Vec::new());
        Self { api_version: API_VERSION, kind: "CheckReport", server, context, success: true, groups }
    }

    pub(super) fn add(&mut self, check: &Check) {
        self.success &= check.status != Status::Failed;
        let entry = CheckEntry {
            name: check.name.clone(),
            status: match check.status {
                Status::Ok => "Ok",
                Status::Warning => "Warning",
                Status::Failed => "Failed",
                Status::Skipped => "Skipped",
            },
            message: check.message.clone(),
            remedy: check.remedy.clone(),
            seconds: check.took.map(|t| rounded(t.as_secs_f64(), 3)),
        };
        if let Some(group) = self.groups.last_mut() {
            group.checks.push(entry);
        }
    }
}
