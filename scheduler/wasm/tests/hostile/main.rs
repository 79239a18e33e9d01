//! Guests that mean harm, in WebAssembly text: `anywhere/` does it in every stage, `answers/` answers one stage wrongly,
//! `start/` does it before the first call; whole modules and components that are bad are made in `modules.rs` and
//! `bombs.rs`. What they do is the plugin's failure, named and bounded, and the next pod is served.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod anywhere;
mod bombs;
mod harmless;
mod modules;
mod start;
mod trial;
