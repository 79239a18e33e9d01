//! What a command found out, as the documents that `-o json` and `-o yaml` print. Every field is described in
//! `docs/output.md`, and the tests hold real output against `docs/schema`.

mod decided;
mod explanation;
mod left_out;
pub mod plugin;
mod simulation;
mod utilisation;

use serde::Serialize;

pub use decided::Decided;
pub use explanation::{
    Candidate, ChangeOf, Explanation, FilterGroup, NearMiss, PluginScore, PreFilter, Preemption,
    PreemptionFailure, Relaxation, ScoredNode, Status,
};
pub use left_out::{Refused, Unexpanded, Unreadable};
pub(crate) use simulation::Around;
pub use simulation::{Evicted, Pending, Placement, PluginEvent, Simulation, Skipped, Summary};
pub use utilisation::Utilisation;

/// The `apiVersion` of every document.
pub const API_VERSION: &str = "longshore.dev/v1alpha1";

/// The release of kube-scheduler whose decisions are made.
pub const KUBE_SCHEDULER: &str = "v1.36.2";

/// The document of `longshore version`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `Version`.
    pub kind: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// [`KUBE_SCHEDULER`].
    pub kube_scheduler: &'static str,
}

impl Version {
    /// That of this program.
    pub fn this() -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Version",
            version: env!("CARGO_PKG_VERSION"),
            kube_scheduler: KUBE_SCHEDULER,
        }
    }
}

/// `value` with so many digits behind the point: what is printed should not pretend to be more exact.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { 0.0 }
}
