//! The command as its users run it: arguments and files in, text and exit codes out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod advice;
mod catalogue;
mod devices;
mod discovered;
mod dump;
mod explain;
mod extenders;
mod input;
mod inputs;
mod minors;
mod plugin;
mod plugin_new;
mod plugin_ship;
mod plugin_trial;
mod plugins;
mod profile;
mod report;
mod schema;
mod signing;
mod simulate;
mod streams;
mod support;
mod what_if;

#[allow(dead_code, unreachable_pub, reason = "it serves other tests too")]
#[path = "../../../../tests/wasm/wat.rs"]
mod wat;
