//! The `longshore` command, as a library: everything but `main`. The only crate that knows all the others.

pub mod attempts;
pub mod plugins;
pub mod simulation;
