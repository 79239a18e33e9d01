//! Which version of the program it is, and whose rules it follows.

use longshore_framework::features::Features;
use longshore_simulation::report::rules;
use longshore_simulation::report::{API_VERSION, Rules};
use serde::Serialize;

use crate::built;

/// The document of `longshore version`, and of `/version` of a running scheduler.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `Version`.
    pub kind: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// The commit that it was built from; `unknown` when the build was not told.
    pub commit: &'static str,
    /// The rules that are followed: where nothing else is said, or by this scheduler.
    #[serde(flatten)]
    pub rules: Rules,
    /// Minors of Kubernetes that can be followed.
    pub minors: Vec<String>,
}

impl Version {
    /// That of this program, which follows these rules.
    pub fn following(features: Features) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Version",
            version: built::VERSION,
            commit: built::COMMIT,
            rules: features.into(),
            minors: rules::minors(),
        }
    }
}
