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

pub(crate) use devices::add_devices;
pub(crate) use find::find;
pub(crate) use fixes::add_fixes;
pub(crate) use turn::{Question, best, explain, preemption, scores};
