//! The vocabulary of scheduling: what a pod, a node and a cluster are, what a plugin may say of them, and nothing that
//! acts. Every other crate of the workspace speaks in these terms; this one imports none of them.
//!
//! | stage | trait | asked |
//! | --- | --- | --- |
//! | PreEnqueue | [`PreEnqueue`](plugin::PreEnqueue) | whenever a pod would become active |
//! | QueueSort | [`QueueSort`](plugin::QueueSort) | by the queue, when a pod enters it |
//! | PreFilter | [`PreFilter`](plugin::PreFilter) | once per cycle |
//! | Filter | [`Filter`](plugin::Filter) | per range of nodes |
//! | PostFilter | [`PostFilter`](plugin::PostFilter) | when no node is feasible |
//! | PreScore | [`PreScore`](plugin::PreScore) | once, with two or more feasible nodes |
//! | Score | [`Score`](plugin::Score) | per list of feasible nodes, then normalised |
//! | Reserve | [`Reserve`](plugin::Reserve) | after the pod is assumed |
//! | Permit | [`Permit`](plugin::Permit) | last of the serial cycle |
//! | PreBind | [`PreBind`](plugin::PreBind) | before the binding |
//! | Bind | [`Bind`](plugin::Bind) | once |
//! | PostBind | [`PostBind`](plugin::PostBind) | after a successful binding |

pub mod bitset;
pub mod device;
pub mod device_use;
pub mod domains;
pub mod event;
pub mod extender;
pub mod features;
pub mod fields;
pub mod fixture;
pub mod group;
pub mod images;
pub mod keyed;
pub mod labels;
pub mod likeness;
mod lineage;
pub mod node;
pub mod node_metrics;
pub mod node_selector;
pub mod objects;
pub mod plugin;
pub mod pod;
pub mod port;
pub mod ports;
pub mod profile;
pub mod quantity;
pub mod raw;
pub mod reason;
pub mod registry;
pub mod resource_claim;
pub mod resources;
pub mod snapshot;
pub mod state;
mod stored;
pub mod taint;
pub mod text;
pub mod unread;
pub mod verdict;
pub mod verification;
pub mod volume;
pub mod wide;

pub use snapshot::view;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A shared, immutable string. Names, label keys and values are held as these, so that copies cost a count.
pub type Str = Arc<str>;

/// A point in time: milliseconds since the Unix epoch. The engine has no clock; whoever drives it passes the time in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);
