//! Questions to a running scheduler, over its HTTPS port.
//!
//! They carry the credentials of the kubeconfig, so the server has to prove who it is first: plain HTTP and a certificate
//! that nobody known has signed are refused before anything is sent, unless the user says otherwise.

pub(crate) mod find;

use std::time::Duration;

use anyhow::{Context, bail};
use http::Method;
use http::uri::Scheme;
use longshore_cluster::call::{ApiError, Caller, Content};
use longshore_cluster::connect::{self, Found, Liveness, Way};
use longshore_cluster::contact::Fingerprint;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::args::server::{ServerArgs, VARIABLE};

/// How long an answer may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an explanation may take: it is a simulation.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The address of the scheduler: that of the flag, or that of the environment.
pub(crate) fn address(args: &ServerArgs) -> Option<String> {
    args.server.clone().or_else(|| std::env::var(VARIABLE).ok()).filter(|url| !url.is_empty())
}

/// A way to the scheduler at `address`, with the credentials of `found`, which say who asks.
///
/// # Errors
/// An address that is none or is not secure, and certificates that cannot be read.
pub(crate) fn scheduler(found: &Found, args: &ServerArgs, address: &str) -> anyhow::Result<Caller> {
    let uri: http::Uri = address
        .parse()
        .ok()
        .filter(|uri: &http::Uri| uri.authority().is_some())
        .with_context(|| format!("{address:?} is not a URL; write it like https://localhost:10259"))?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => {}
        Some(scheme) if *scheme == Scheme::HTTP && args.insecure_skip_tls_verify => {}
        _ => bail!("{address} is not an https URL, and a token is not sent in the clear"),
    }
    let mut config = found.config.clone();
    config.cluster_url = uri;
    // Whom the API server is to prove to be says nothing about the scheduler.
    config.accept_invalid_certs = args.insecure_skip_tls_verify;
    config.tls_server_name = None;
    config.root_cert_file = None;
    config.proxy_url = None;
    config.root_cert = authorities(args)?;
    config.connect_timeout = Some(TIMEOUT);
    let client = connect::client(&Found { config, origin: found.origin.clone() }, None, Liveness::default())?;
    Ok(Caller::new(client).within(TIMEOUT).impatient())
}

/// A way to the scheduler that serves with this certificate, with the credentials of `found`, which say who asks.
///
/// # Errors
/// Credentials that cannot be used.
pub(crate) fn pinned(found: &Found, way: &Way, certificate: Fingerprint) -> anyhow::Result<Caller> {
    let client = connect::pinned(found, way, certificate)?;
    Ok(Caller::new(client).within(TIMEOUT).impatient())
}

fn authorities(args: &ServerArgs) -> anyhow::Result<Option<Vec<Vec<u8>>>> {
    let Some(file) = &args.server_ca else { return Ok(None) };
    let name = file.display();
    let pem = std::fs::read(file).with_context(|| format!("{name}: cannot be read; check the path"))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match read {
        Ok(found) if !found.is_empty() => Ok(Some(found.into_iter().map(|c| c.to_vec()).collect())),
        _ => bail!("{name}: holds no certificate in PEM"),
    }
}

/// The answer to a `GET`, as text.
///
/// # Errors
/// The scheduler cannot be reached, is not who it should be, or says no.
pub(crate) async fn get(scheduler: &Caller, path: &str) -> Result<String, ApiError> {
    let answer = scheduler.call(Method::GET, path, Content::Json, bytes::Bytes::new()).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What to do about an answer that did not come.
pub(crate) fn remedy(error: &ApiError) -> &'static str {
    match error.code {
        401 => "the scheduler does not accept the credentials of the kubeconfig",
        403 => "bind the chart's ClusterRole and Role for explanations to yourself",
        503 => "ask the leader, or wait until there is one",
        0 if error.message.contains("certificate") || error.message.contains("UnknownIssuer") => {
            "give --server-ca with the authority that signed the scheduler's certificate, or --insecure-skip-tls-verify"
        }
        0 if error.message.contains("as the Lease says") => {
            "its certificate has just changed, or somebody else answers: try again, or name the scheduler by --server"
        }
        0 => {
            "is it reachable from here? kubectl port-forward -n NAMESPACE deploy/longshore 10259, and --server"
        }
        _ => "look at the scheduler's log",
    }
}

#[cfg(test)]
mod tests;
