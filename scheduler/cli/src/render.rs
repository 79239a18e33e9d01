//! Documents to text.

pub(crate) mod comparison;
pub(crate) mod data;
pub(crate) mod decisions;
mod devices;
pub(crate) mod explanation;
pub(crate) mod html;
pub(crate) mod ordered;
pub(crate) mod picked;
pub(crate) mod plugin;
mod preemption;
mod scores;
pub(crate) mod seen;
pub(crate) mod simulation;
pub(crate) mod table;
