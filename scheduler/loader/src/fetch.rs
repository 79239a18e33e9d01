//! Modules by reference, for code that does not wait for anything else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore_artifact::{Digest, Fetched, Fetcher, Keys, PlainHttp, Reference, signatures_beside};
use longshore_wasm::{Settings, Syntax};

/// A module that arrived.
pub(super) struct Module {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Their SHA-256 in lower case hex.
    pub(super) digest: String,
    /// Where it is, when it is a file.
    pub(super) file: Option<PathBuf>,
    /// The file with its signatures, when it is a file that has to have some.
    pub(super) beside: Option<PathBuf>,
    /// The image by its digest, when a registry said so.
    pub(super) image: Option<String>,
}

/// A module that did not.
pub(super) struct Missing {
    /// Why.
    pub(super) message: String,
    /// Whether it was to come over the network, so that another try may help.
    pub(super) remote: bool,
    /// Where it was to be, when that is a file, and its signatures.
    pub(super) files: Vec<PathBuf>,
}

impl Missing {
    pub(super) fn here(message: impl ToString) -> Self {
        Self { message: message.to_string(), remote: false, files: Vec::new() }
    }
}

/// Fetches what `settings` name. Relative files are looked for in `folder`. If there are keys, one of them has to have signed it.
///
/// May be called from any thread, those that run async tasks included: the waiting is done on a thread of its own.
pub(super) fn fetch(
    fetcher: &Arc<Fetcher>,
    settings: &Settings,
    folder: &Path,
    keys: Keys,
) -> Result<Module, Missing> {
    // Args in the other syntax were written for a scheduler that takes http.
    let plain = match (&settings.syntax, &settings.sha256) {
        (Syntax::Extension { .. }, Some(_)) => PlainHttp::Anywhere,
        _ => PlainHttp::Loopback,
    };
    let reference = Reference::parse_with(&settings.source, plain).map_err(Missing::here)?;
    let reference = reference.relative_to(folder);
    let expected: Option<Digest> = match &settings.sha256 {
        Some(digits) => Some(digits.parse().map_err(Missing::here)?),
        None => None,
    };
    let (remote, file) = (reference.is_remote(), reference.as_path().map(Path::to_path_buf));
    let beside = file.as_deref().filter(|_| !keys.is_empty()).map(signatures_beside);
    let fetched = match waited(Arc::clone(fetcher), reference, expected, keys) {
        Ok(fetched) => fetched,
        Err(message) => {
            return Err(Missing { message, remote, files: file.into_iter().chain(beside).collect() });
        }
    };
    let Fetched { bytes, digest, resolved, .. } = fetched;
    Ok(Module { bytes, digest: digest.hex(), file, beside, image: resolved })
}

pub(super) fn waited(
    fetcher: Arc<Fetcher>,
    from: Reference,
    expected: Option<Digest>,
    keys: Keys,
) -> Result<Fetched, String> {
    let fetch = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(fetcher.fetch_signed(&from, expected, &keys)).map_err(|error| error.to_string())
    };
    let thread = std::thread::Builder::new().name("fetch".to_string()).spawn(fetch);
    let thread = thread.map_err(|error| error.to_string())?;
    thread.join().unwrap_or_else(|_| Err("fetching failed unexpectedly; please report this".to_string()))
}
