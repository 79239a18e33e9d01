//! WASI preview 1 answered inside the component: what a Go module asks of its host, without a host that has WASI.
//!
//! A module built with `GOOS=wasip1` imports functions of `wasi_snapshot_preview1`. [`adapter`] is a module that exports
//! all of them and needs nothing but the plugin's memory and the scheduler's log, so that the finished component
//! imports no WASI: it reaches no file, no clock and no randomness, whatever a host offers.

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::BuildError;
use crate::package::wit;

/// The functions, as text.
const TEXT: &str = include_str!("wasi/preview1.wat");

/// The only interface that the adapter imports.
const WORLD: &str = "package longshore:wasi; world adapter { import longshore:scheduler/log@0.2.0; }";

/// The adapter for `ComponentEncoder::adapter("wasi_snapshot_preview1", ..)`.
///
/// It answers: no arguments, no environment, no files; clocks that count their readings (1 ms each) and jump forward
/// over a sleep; random bytes from a fixed seed; `proc_exit` traps; a write to standard output or standard error is a
/// line in the log.
///
/// # Errors
/// When the text and the interface that are built into this crate do not fit each other.
pub(crate) fn adapter() -> Result<Vec<u8>, BuildError> {
    let failed = |e: &dyn std::fmt::Display| BuildError::Encode(format!("the WASI adapter: {e:#}"));
    let mut module = wat::parse_str(TEXT).map_err(|e| failed(&e))?;
    let mut resolve = Resolve::default();
    resolve.push_source("longshore.wit", &wit()).map_err(|e| failed(&e))?;
    let package = resolve.push_source("adapter.wit", WORLD).map_err(|e| failed(&e))?;
    let world = resolve.select_world(&[package], Some("adapter")).map_err(|e| failed(&e))?;
    // Says which interface the module's imports belong to.
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(|e| failed(&e))?;
    Ok(module)
}
