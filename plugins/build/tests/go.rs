//! Plugins in Go, built by the `go` command, as wasmtime runs them: without WASI, without concurrency support, with
//! interruption by epochs. Without a `go` command the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may, and measure")]

#[path = "go/abi.rs"]
mod abi;
#[path = "go/guest.rs"]
mod guest;
#[path = "go/long.rs"]
mod long;
