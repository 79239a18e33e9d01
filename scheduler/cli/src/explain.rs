//! Why a pod is where it is or is nowhere, and what would help.

mod find;
mod misses;
mod relax;
mod turn;

pub(crate) use find::find;
pub(crate) use turn::{Question, explain, preemption, scores};
