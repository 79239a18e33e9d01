//! What can be set of an extender.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// One element of `extenders`. A verb that is empty is not supported by the extender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtenderOptions {
    /// Where it is; verbs are appended after a slash.
    pub url_prefix: String,
    /// Verb that filters.
    pub filter_verb: String,
    /// Verb that scores.
    pub prioritize_verb: String,
    /// Verb that has a say in preemption.
    pub preempt_verb: String,
    /// Verb that binds.
    pub bind_verb: String,
    /// Multiplies its scores.
    pub weight: i64,
    /// Without a certificate authority in [`tls`](Self::tls) the server's certificate is not verified.
    pub enable_https: bool,
    /// TLS.
    pub tls: TlsOptions,
    /// Longest time for a call, its answer included; zero stands for 5 s.
    pub http_timeout: Duration,
    /// It knows the nodes and is sent names only.
    pub node_cache_capable: bool,
    /// Resources whose pods it is asked about; empty: all pods.
    pub managed_resources: Vec<String>,
    /// Scheduling goes on without it when it fails.
    pub ignorable: bool,
}

/// TLS settings. Data takes precedence over the file of the same purpose.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// The server's certificate is not verified.
    pub insecure: bool,
    /// The name to verify; empty: the host of the URL.
    pub server_name: String,
    /// Path of the client certificate, PEM.
    pub cert_file: String,
    /// Path of its private key, PEM.
    pub key_file: String,
    /// Path of the authorities to trust, PEM; without any, those of the system are trusted.
    pub ca_file: String,
    /// Client certificate, PEM.
    pub cert_data: Vec<u8>,
    /// Private key, PEM.
    pub key_data: Vec<u8>,
    /// Authorities to trust, PEM.
    pub ca_data: Vec<u8>,
}

impl fmt::Debug for TlsOptions {
    /// No message shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("insecure", &self.insecure)
            .field("server_name", &self.server_name)
            .field("cert_file", &self.cert_file)
            .field("key_file", &self.key_file)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// An extender that cannot be used as configured.
#[derive(Debug, Error)]
#[error("extender {url}: {message}")]
pub struct ExtenderSetupError {
    /// Its URL.
    pub url: String,
    /// What is wrong and how to fix it.
    pub message: String,
}
