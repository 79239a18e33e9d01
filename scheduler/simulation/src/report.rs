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
pub mod rules;
mod selected;
mod simulation;
mod steps;
mod unplaced;
mod utilisation;

use longshore_framework::Timestamp;
use serde::Serializer;

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
pub use nodes::is_movable;
pub use nodes::{NodeUse, Share};
pub use owners::OwnerCount;
pub use rules::Rules;
pub use simulation::{Around, Evicted, Pending, Placement, PluginEvent, Simulation, Skipped, Summary};
pub use steps::{Did, Step};
pub use unplaced::Unplaced;
pub use utilisation::Utilisation;

/// The `apiVersion` of every document.
pub const API_VERSION: &str = "longshore.dev/v1alpha1";

/// A time as RFC 3339 has it.
pub fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_millisecond(time.0) {
        Ok(time) => serializer.collect_str(&time),
        Err(_) => serializer.serialize_i64(time.0),
    }
}

/// `value` with so many digits behind the point: what is printed should not pretend to be more exact.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { 0.0 }
}
