//! Why a pod is where it is or is nowhere, and what would help.

mod advice;
mod cause;
mod devices;
mod find;
mod fixes;
mod health;
mod misses;
mod more_nodes;
mod turn;

pub use devices::add_devices;
pub use find::{NotFound, find};
pub use fixes::add_fixes;
pub use turn::{Question, best, explain, preemption, scores};
