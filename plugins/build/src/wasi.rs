//! WASI preview 1 answered inside the component: what a Go module asks of its host without any host that has WASI.
//!
//! A module built with `GOOS=wasip1` imports functions of `wasi_snapshot_preview1`. [`adapter`] is a module that exports
//! all of them and needs nothing but the module's memory and the scheduler's log, so that the finished component
//! imports no WASI: it can read no file, no clock and no randomness, whatever the host offers.

use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The module whose imports the adapter answers.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// The functions, as text.
const TEXT: &str = include_str!("wasi/preview1.wat");

/// The only interface that the adapter imports, and what it is made of.
const WORLD: &str = "package longshore:wasi; world adapter { import longshore:scheduler/log@0.1.0; }";

/// What was wrong with the adapter, which is part of this crate: a defect of ours, never of a plugin.
#[derive(Debug, thiserror::Error)]
#[error("the WASI adapter cannot be made: {0}")]
pub struct AdapterError(String);

/// The adapter for `ComponentEncoder::adapter(MODULE, ..)`.
///
/// Answers, in short: no arguments, no environment, no files; clocks that count their readings (1 ms each) and jump
/// forward over a sleep; random bytes from a fixed seed; `proc_exit` traps; a write to standard output or standard
/// error is one line in the log.
///
/// # Errors
/// When the text or the interface that are built into this crate do not fit each other.
pub fn adapter() -> Result<Vec<u8>, AdapterError> {
    let mut module = wat::parse_str(TEXT).map_err(|error| AdapterError(error.to_string()))?;
    describe(&mut module).map_err(|error| AdapterError(format!("{error:#}")))?;
    Ok(module)
}

/// Writes into the module which interface its imports belong to.
fn describe(module: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    resolve.push_str("scheduler.wit", &crate::wasi::scheduler())?;
    let package = resolve.push_str("adapter.wit", WORLD)?;
    let world = resolve.select_world(&[package], None)?;
    wit_component::embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

/// The whole interface as one file, as it has to be the same that the plugin's own world names.
fn scheduler() -> String {
    [
        include_str!("../../wit/types.wit"),
        include_str!("../../wit/lifecycle.wit"),
        include_str!("../../wit/stages.wit"),
        include_str!("../../wit/host.wit"),
    ]
    .concat()
}
