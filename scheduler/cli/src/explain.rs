//! Why a pod is where it is or is nowhere, and what would help.

mod advice;
mod cause;
mod find;
mod health;
mod misses;
mod turn;

pub(crate) use find::find;
pub(crate) use turn::{Question, explain, preemption, scores};
