//! From what the command line names to bytes.

use std::path::{Path, PathBuf};

use anyhow::Context;
use longshore_artifact::{Digest, Fetched, Fetcher, Keys, Options, PlainHttp, Reference};

use crate::args::plugin::TransportArgs;

/// The plugin's bytes. A text without `://` is a path. A remote plugin need not be pinned: whoever asks sees its digest.
///
/// # Errors
/// It is not there, or is not what `--sha256` says.
pub(crate) fn fetch(plugin: &str, transport: &TransportArgs) -> anyhow::Result<Fetched> {
    fetch_signed(plugin, transport, &Keys::default())
}

/// The same, and one of `keys` has to have signed it, if there are any.
///
/// # Errors
/// As before; nobody who is trusted signed it.
pub(crate) fn fetch_signed(plugin: &str, transport: &TransportArgs, keys: &Keys) -> anyhow::Result<Fetched> {
    let reference = reference(plugin, transport.plain_http)?;
    let expected = transport.sha256.as_deref().map(str::parse::<Digest>).transpose()?;
    let fetcher = Fetcher::new(options(transport.plain_http, transport.ca.clone()));
    Ok(network()?.block_on(fetcher.pull_signed(&reference, expected, keys))?)
}

/// A reference, or a path.
///
/// # Errors
/// It is neither.
pub(crate) fn reference(text: &str, plain_http: bool) -> anyhow::Result<Reference> {
    if !text.contains("://") {
        return Ok(Reference::path(text));
    }
    let plain = if plain_http { PlainHttp::Anywhere } else { PlainHttp::Loopback };
    Ok(Reference::parse_with(text, plain)?)
}

/// How registries are spoken to.
pub(crate) fn options(plain_http: bool, ca_file: Option<PathBuf>) -> Options {
    Options { plain_http, ca_file, ..Options::default() }
}

/// A thread for the network.
///
/// # Errors
/// The machine gives none.
pub(crate) fn network() -> anyhow::Result<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.context("cannot start the network")
}

/// A name for the plugin, from what it was called by: `zonepack` of `oci://ghcr.io/acme/zonepack:1.2`.
pub(crate) fn stem(text: &str) -> String {
    let last = text.rsplit('/').next().unwrap_or(text);
    let last = match text.contains("://") {
        true => last.split(['@', ':', '?']).next().unwrap_or(last),
        false => last,
    };
    let stem = Path::new(last).file_stem().map(|s| s.to_string_lossy().into_owned());
    stem.filter(|s| !s.is_empty()).unwrap_or_else(|| "plugin".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_called_by_its_file_or_repository() {
        let check = |text: &str, want: &str| assert_eq!(stem(text), want, "{text}");
        check("zonepack.wasm", "zonepack");
        check("a/b.c/zone.pack.wasm", "zone.pack");
        check("file://a/zonepack.wasm", "zonepack");
        check("oci://ghcr.io/acme/zonepack:1.2", "zonepack");
        check("oci://localhost:5000/zonepack@sha256:ab", "zonepack");
        check("https://example.com/zonepack.wasm?v=1", "zonepack");
        check("", "plugin");
    }
}
