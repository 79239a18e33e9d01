//! Tests of plugins, without WebAssembly and without a scheduler.
//!
//! A [`Cluster`] is made of [`Node`]s; a [`Run`] puts the plugin's table together from it, by the same code as in the
//! scheduler, and asks for verdicts and scores by node name. What the plugin asks of the scheduler meanwhile is kept:
//! see [`asked`].
//!
//! ```
//! # use longshore_plugin::prelude::*;
//! # columns! { FREE_CPU: Number = free("cpu") }
//! # struct Roomy;
//! # impl Plugin for Roomy {
//! #     type Config = (); type Shared = (); type Prepared = ();
//! #     fn manifest() -> Manifest { Manifest::new("Roomy").columns(COLUMNS) }
//! #     fn new(_: ()) -> Result<Self, Error> { Ok(Self) }
//! # }
//! # impl Filter for Roomy {
//! #     fn filter(&self, cycle: &Cycle<Self>, node: longshore_plugin::Node<'_>) -> Verdict {
//! #         fit_if(node.number(FREE_CPU) >= 2 * cycle.pod.request("cpu"), "too little room")
//! #     }
//! # }
//! # fn main() {
//! use longshore_plugin::testing::{Cluster, Node, Run};
//!
//! let cluster = Cluster::new()
//!     .node(Node::new("small").allocatable("cpu", 1000))
//!     .node(Node::new("large").allocatable("cpu", 8000));
//! let pod = Pod::new("default", "web").with_request("cpu", 1000);
//! let verdicts = Run::new(Roomy, &cluster).filter(&pod);
//! assert_eq!(verdicts["small"], Verdict::unschedulable("too little room"));
//! assert!(verdicts["large"].fits());
//! # }
//! ```

mod cluster;
pub(crate) mod imports;
mod objects;
mod run;

pub use cluster::{Cluster, Node};
pub use imports::{
    Asked, asked, set_keep_first, set_nominated, set_now, set_pods, set_raw_nodes, set_raw_pods,
    set_terminating, set_waiting, set_would_fit,
};
pub use run::Run;
