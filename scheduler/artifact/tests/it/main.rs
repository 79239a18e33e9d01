//! Fetching and pushing against servers of this process, good ones and bad ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cache;
mod http;
mod oci;
mod registry;
mod server;
mod signing;
mod tls;

use std::path::Path;
use std::time::Duration;

use longshore_artifact::{CredentialFiles, Digest, Fetched, Fetcher, Options, Reference};

/// What the tests fetch.
pub(crate) const FILE: &[u8] = b"\0asm\x0d\0\x01\0 as good as a component";

/// Small limits, quick retries, nothing from this machine's environment.
pub(crate) fn options(cache: Option<&Path>) -> Options {
    Options {
        max_size: 4096,
        time_limit: Duration::from_secs(10),
        silence: Duration::from_millis(300),
        attempts: 3,
        backoff: Duration::from_millis(5),
        cache_dir: cache.map(Path::to_owned),
        ca_file: None,
        plain_http: false,
        credentials: CredentialFiles::none(),
    }
}

/// Fetches `reference` with the digest of `expected`, if any; the error as text.
pub(crate) async fn fetch(
    fetcher: &Fetcher,
    reference: &str,
    expected: Option<&[u8]>,
) -> Result<Fetched, String> {
    let reference = Reference::parse(reference).map_err(|error| error.to_string())?;
    fetcher.fetch(&reference, expected.map(Digest::of)).await.map_err(|error| error.to_string())
}

/// Asserts that `result` failed, with all the pieces in its text.
#[track_caller]
pub(crate) fn refused(result: Result<Fetched, String>, pieces: &[&str]) {
    let error = result.expect_err("it should have been refused");
    for piece in pieces {
        assert!(error.contains(piece), "{error:?} does not say {piece:?}");
    }
}
