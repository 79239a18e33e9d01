//! The host with guests written in WebAssembly text, and with the components of `tests/guests`.

mod answers;
mod cluster;
mod failures;
mod wat;
