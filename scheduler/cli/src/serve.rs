//! The HTTPS server of `longshore run`: health, metrics, configuration, and what was decided and why.
//!
//! | path | who may read it | what it is |
//! | --- | --- | --- |
//! | `/livez`, `/readyz`, `/healthz` | everybody | health, in Kubernetes' own format |
//! | `/livez/NAME` and so on | by review | one check, with what it waits for |
//! | `/metrics`, `/metrics/slis`, `/metrics/resources` | by review | Prometheus' text format |
//! | `/configz` | by review | the configuration in force |
//! | `/debug/decisions/NAMESPACE/POD` | by review | the last decisions about a pod |
//! | `/debug/explain/NAMESPACE/POD` | by review | an explanation against the cluster as it stands |
//! | `/debug/flags/v` | by review | the level of the log; PUT changes it |
//! | `/version` | by review | which program this is |
//!
//! "By review" means that a bearer token or a client certificate says who asks, and the API server says whether he may.

mod access;
mod backend;
mod checks;
mod listen;
mod routes;
mod status;
mod subject;
mod tls;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use longshore_cluster::review::Reviewer;

use crate::logging::Level;
use crate::metrics::Metrics;

pub use backend::{Backend, Standing, Unanswered};
pub use checks::{Checks, Flag, Note, Probe};
pub use listen::{Server, start};

/// Where the server listens and whom it answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--bind-address`.
    pub bind_address: IpAddr,
    /// `--secure-port`; 0 serves nothing.
    pub secure_port: u16,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// `--authentication-skip-lookup`: do not look for the authority that signs client certificates.
    pub authentication_skip_lookup: bool,
    /// `--authorization-always-allow-paths`; one that ends in `*` stands for all paths that begin with it.
    pub always_allow_paths: Vec<String>,
}

/// The port of kube-scheduler.
pub const PORT: u16 = 10259;

impl Default for Options {
    fn default() -> Self {
        Self {
            bind_address: Ipv4Addr::UNSPECIFIED.into(),
            secure_port: PORT,
            certificate: Certificate::default(),
            authentication_skip_lookup: false,
            always_allow_paths: ["/healthz", "/readyz", "/livez"].map(String::from).into(),
        }
    }
}

/// Where the server's certificate comes from. With nothing given it is made in memory and signed by itself.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    /// `--tls-cert-file`, in PEM, the server's own certificate first.
    pub cert_file: Option<PathBuf>,
    /// `--tls-private-key-file`, in PEM.
    pub key_file: Option<PathBuf>,
    /// `--cert-dir`: holds `tls.crt` and `tls.key`.
    pub directory: Option<PathBuf>,
}

/// What the server answers from.
#[derive(Clone)]
pub struct Context {
    /// Health.
    pub checks: Arc<Checks>,
    /// The metrics' pages.
    pub metrics: Arc<Metrics>,
    /// Questions that the scheduling thread answers.
    pub backend: Arc<dyn Backend>,
    /// The API server's word on who may ask; without one only the always-allowed paths are answered.
    pub reviewer: Option<Arc<dyn Reviewer>>,
    /// The level of the log.
    pub level: Level,
}
