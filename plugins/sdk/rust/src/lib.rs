//! Write plugins for the Longshore scheduler in Rust.
//!
//! A plugin is a type with one function for each stage that it takes part in. The SDK keeps the table of nodes that the
//! scheduler sends, and calls the functions for each node; [`export_plugin!`] makes the exports.
//!
//! ```
//! use longshore_plugin::prelude::*;
//!
//! columns! {
//!     FREE_CPU: Number = free("cpu"),
//! }
//!
//! struct Roomy;
//!
//! impl Plugin for Roomy {
//!     type Config = ();
//!     type Shared = ();
//!     type Prepared = ();
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("Roomy").columns(COLUMNS).pure()
//!     }
//!
//!     fn new(_config: ()) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//! }
//!
//! impl Filter for Roomy {
//!     fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
//!         fit_if(node.number(FREE_CPU) >= 2 * cycle.pod.request("cpu"), "too little room")
//!     }
//! }
//!
//! export_plugin!(Roomy: Filter);
//! # fn main() {}
//! ```

#[allow(missing_docs, clippy::all, clippy::too_many_lines, clippy::unwrap_used, reason = "generated")]
pub mod bindings;
pub mod column;
mod error;
mod event;
#[doc(hidden)]
pub mod guest;
pub mod host;
mod instance;
mod known;
mod manifest;
pub mod metric;
mod node;
pub mod object;
mod plugin;
mod pod;
#[doc(hidden)]
pub mod rt;
pub mod selector;
mod stages;
mod table;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod tolerations;
mod verdict;
mod words;

pub use bindings::exports::longshore::scheduler::lifecycle::Sharding;
pub use bindings::longshore::scheduler::types::{Owner, Pod, PodInfo, RejectCode, Toleration};
pub use error::Error;
pub use event::{Event, ObjectChange, PodChange, Subject};
pub use instance::Instance;
pub use manifest::Manifest;
pub use node::{Node, Nodes, Taint};
pub use plugin::{Cycle, Placement, Plugin};
pub use stages::{
    Bind, Filter, Handover, Hints, Metrics, NormalizeScore, Objects, Permit, PostBind, PostFilter, PreBind,
    PreEnqueue, PreFilter, PreFilterExtensions, PreScore, QueueSort, Reserve, Score, Timers,
};
pub use table::Table;
pub use verdict::{
    Binding, PermitOutcome, PostFilterOutcome, PreFilterOutcome, PreScoreOutcome, Reject, Verdict, Verdicts,
    fit_if,
};
pub use words::{Word, Words};

/// Everything that most plugins need.
pub mod prelude {
    pub use crate::column::{Blobs, Column, Images, Labels, Number, Pods, Taints, Text};
    pub use crate::metric::{Measure, Metric, Stale};
    pub use crate::object::{Kind, Object};
    pub use crate::{
        Bind, Binding, Cycle, Error, Event, Filter, Handover, Hints, Manifest, Metrics, Node, Nodes,
        NormalizeScore, Objects, Permit, PermitOutcome, Placement, Plugin, Pod, PodInfo, PostBind,
        PostFilter, PostFilterOutcome, PreBind, PreEnqueue, PreFilter, PreFilterExtensions, PreFilterOutcome,
        PreScore, PreScoreOutcome, QueueSort, Reject, RejectCode, Reserve, Score, Subject, Taint, Timers,
        Toleration, Verdict, Verdicts, Word, Words, columns, debug, error, export_plugin, fit_if, host, info,
        metrics, objects, warn,
    };
}
