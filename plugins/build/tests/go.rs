//! Plugins in Go, built by the `go` command, as wasmtime runs them: without WASI, without concurrency support, with
//! interruption by epochs. Without a `go` command the tests say so and pass.

#[path = "go/abi.rs"]
mod abi;
#[path = "go/guest.rs"]
mod guest;
#[path = "go/long.rs"]
mod long;
