//! The library as its users call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "its main is for people")]
#[path = "../../examples/fits.rs"]
mod fits;

mod deployment;
mod explained;
