//! The one async runtime that every client of the fixture lives on.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime; a client made in one test must outlive that test, so it is never dropped.
pub fn handle() -> &'static Handle {
    let start = || Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    RUNTIME.get_or_init(start).handle()
}

/// Runs `future` to its end on the fixture's runtime.
///
/// Panics when called from a task of that runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    handle().block_on(future)
}
