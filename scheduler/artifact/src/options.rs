//! What a fetcher may do.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::credentials::CredentialFiles;

/// What a fetcher may do, and where it keeps things.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most bytes of one file. Default: 64 MiB.
    pub max_size: usize,
    /// How long one fetch may take, all attempts included. Default: one minute.
    pub time_limit: Duration,
    /// How long a server may be silent before the attempt counts as failed. Default: 15 seconds.
    pub silence: Duration,
    /// How often a request is tried when the network or the server fails. Default: 4.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles each time. Default: 250 ms.
    pub backoff: Duration,
    /// Where downloads are kept by digest; `None`: nowhere. Default: [`default_cache_dir`].
    pub cache_dir: Option<PathBuf>,
    /// A file of further CA certificates in PEM form. Default: none beyond the system's and `SSL_CERT_FILE`.
    pub ca_file: Option<PathBuf>,
    /// Speak http to every registry, not only to those on this machine. Default: false.
    pub plain_http: bool,
    /// Where credentials for registries are. Default: where docker, podman and oras keep them.
    pub credentials: CredentialFiles,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_size: 64 << 20,
            time_limit: Duration::from_secs(60),
            silence: Duration::from_secs(15),
            attempts: 4,
            backoff: Duration::from_millis(250),
            cache_dir: default_cache_dir(),
            ca_file: None,
            plain_http: false,
            credentials: CredentialFiles::from_environment(),
        }
    }
}

/// `$XDG_CACHE_HOME/longshore/artifacts`, else `$HOME/.cache/longshore/artifacts`; `None` when neither is set.
pub fn default_cache_dir() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(base.join("longshore").join("artifacts"))
}
