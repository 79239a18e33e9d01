//! Groups: which pods belong together, and whether enough of them are here.
//!
//! A group stands in the queue as one thing, its *entity*: its pods wait in it, outside the parts of the queue.
//!
//! ```text
//!                      fewer pods than it takes, or no PodGroup
//!                  ┌───────────────────────────────────────────────┐
//!                  ▼                                               │
//!   first pod ─▶ waits ──────────────────────────────────────▶ stands ──▶ decided: all at once, see `transaction`
//!                  ▲   the pod that completes it                   │  ▲          │
//!                  │                                               │  └──────────┘
//!                  └───────────────────────────────────────────────┘    some of its pods still wait
//!                                no pod of it waits any more
//! ```
//! Where the entity stands (active, in its backoff, parked) is the queue's business, as with a pod. What is kept here: the
//! pods that are known, wherever they are, and those of them that wait in the group.
//!
//! This is a part of the engine and not a plugin, because no profile may switch it off.

mod kind;
mod resources;
mod rule;
mod table;

pub(crate) use kind::Kind;
pub(crate) use resources::lacks as lacks_resources;
pub(crate) use rule::{MIN_RESOURCES, NAME, install};
pub(crate) use table::{Group, Groups};
