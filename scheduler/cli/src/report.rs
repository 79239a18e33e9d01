//! What a command found out, as the documents that `-o json` and `-o yaml` print. Every field is described in
//! `docs/output.md`, and the tests hold real output against `docs/schema`.

mod capacity;
mod comparison;
mod decided;
mod detail;
mod devices;
mod explanation;
mod left_out;
mod nodes;
mod owners;
pub mod plugin;
pub(crate) mod rules;
mod selected;
mod simulation;
mod steps;
mod unplaced;
mod utilisation;

use longshore_framework::Timestamp;
use longshore_framework::features::Features;
use serde::{Serialize, Serializer};

pub use capacity::{Capacity, Free, Largest, Left};
pub use comparison::{Comparison, Moved, Run, RunCost};
pub use decided::Decided;
pub use detail::Detail;
pub use devices::{DeviceHolder, DeviceSearch, DeviceSearches, DeviceTaintCount, DeviceUse, SelectorCount};
pub use explanation::{
    Candidate, ChangeOf, Cost, DecidedBy, Explanation, FilterGroup, NearMiss, PluginScore, PreFilter,
    Preemption, PreemptionFailure, Relaxation, ScoredNode, Status,
};
pub use left_out::{Refused, Removed, Unexpanded, Unreadable};
pub(crate) use nodes::is_movable;
pub use nodes::{NodeUse, Share};
pub use owners::OwnerCount;
pub use rules::Rules;
pub(crate) use simulation::Around;
pub use simulation::{Evicted, Pending, Placement, PluginEvent, Simulation, Skipped, Summary};
pub use steps::{Did, Step};
pub use unplaced::Unplaced;
pub use utilisation::Utilisation;

use crate::built;

/// The `apiVersion` of every document.
pub const API_VERSION: &str = "longshore.dev/v1alpha1";

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

/// A time as RFC 3339 has it.
pub(crate) fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_millisecond(time.0) {
        Ok(time) => serializer.collect_str(&time),
        Err(_) => serializer.serialize_i64(time.0),
    }
}

/// `value` with so many digits behind the point: what is printed should not pretend to be more exact.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { 0.0 }
}
