//! The host with guests written in WebAssembly text, and with the components of `tests/guests`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod between;
#[path = "../conformance/case.rs"]
#[allow(dead_code, reason = "shared with the conformance suite, which uses all of it")]
mod case;
mod cluster;
#[path = "../conformance/compare.rs"]
mod compare;
mod conformance;
mod engine;
mod failures;
mod fresh;
mod metrics;
mod objects;
mod reload;
#[path = "../conformance/sets.rs"]
mod sets;
mod state;
mod wat;
