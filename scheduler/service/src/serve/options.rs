//! What the server is told, and what it answers from.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use longshore_cluster::review::Reviewer;

use super::backend::Backend;
use super::checks::Checks;
use super::pair::Certificate;
use super::policy::TlsOptions;
use super::trust::ClientOptions;
use crate::logging::Level;
use crate::metrics::Metrics;

/// Where the server listens and whom it answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--bind-address`.
    pub bind_address: IpAddr,
    /// `--secure-port`; 0 serves nothing.
    pub secure_port: u16,
    /// `--permit-port-sharing`: other processes may listen there too.
    pub permit_port_sharing: bool,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// What TLS is spoken.
    pub tls: TlsOptions,
    /// Whose client certificates are believed.
    pub clients: ClientOptions,
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
            permit_port_sharing: false,
            certificate: Certificate::default(),
            tls: TlsOptions::default(),
            clients: ClientOptions::default(),
            always_allow_paths: ["/healthz", "/readyz", "/livez"].map(String::from).into(),
        }
    }
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
