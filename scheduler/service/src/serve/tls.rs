//! What TLS is done with now: the server's certificate, and whose client certificates it trusts.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use longshore_cluster::contact::Fingerprint;
use tokio::sync::watch;

use super::clients::Clients;
use super::pair::{self, Certificate, Pair, certificates};
use super::policy::{Policy, TlsOptions};
use super::trust::Trust;

/// New connections use what is newest.
pub(super) struct Tls {
    source: Option<(PathBuf, PathBuf)>,
    policy: Policy,
    current: RwLock<Current>,
    /// That of the certificate that new connections are shown.
    fingerprint: watch::Sender<Fingerprint>,
}

struct Current {
    pair: Pair,
    trust: Trust,
    config: Arc<ServerConfig>,
    clients: Arc<Clients>,
    fingerprint: Fingerprint,
}

impl Tls {
    /// Reads the certificate, or makes one that is valid for these names.
    ///
    /// # Errors
    /// When files are given and cannot be read or do not fit together, or when a setting is none.
    pub(super) fn new(
        certificate: &Certificate,
        options: &TlsOptions,
        names: Vec<String>,
        trust: Trust,
    ) -> anyhow::Result<Self> {
        let (source, policy) = (pair::source(certificate)?, Policy::of(options)?);
        let pair = match &source {
            Some((cert, key)) => Pair::read(cert, key)?,
            None => Pair::self_signed(names)?,
        };
        let current = Current::of(pair, trust, &policy)?;
        let fingerprint = watch::Sender::new(current.fingerprint);
        Ok(Self { source, policy, current: RwLock::new(current), fingerprint })
    }

    /// The SHA-256 of the certificate that is shown, and of what follows it.
    pub(super) fn fingerprint(&self) -> watch::Receiver<Fingerprint> {
        self.fingerprint.subscribe()
    }

    /// For the next connection.
    pub(super) fn now(&self) -> (Arc<ServerConfig>, Arc<Clients>) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&current.config), Arc::clone(&current.clients))
    }

    /// Takes in changed files and other authorities; whether anything changed. Reads files.
    ///
    /// # Errors
    /// When the new ones are no good; the old ones stay in force.
    pub(super) fn refresh(&self, trust: Trust) -> anyhow::Result<bool> {
        let (before, known) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            (current.pair.clone(), current.trust.clone())
        };
        let newest = match &self.source {
            Some((cert, key)) => Pair::read(cert, key)?,
            None => before.clone(),
        };
        if newest == before && trust == known {
            return Ok(false);
        }
        let new = Current::of(newest, trust, &self.policy)?;
        let fingerprint = new.fingerprint;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        self.fingerprint.send_replace(fingerprint);
        Ok(true)
    }
}

impl Current {
    fn of(pair: Pair, trust: Trust, policy: &Policy) -> anyhow::Result<Self> {
        let chain = certificates(&pair.certificate).context("the server's certificate")?;
        let fingerprint = Fingerprint::of(chain.first().map_or(&[][..], |own| own.as_ref()));
        let key =
            PrivateKeyDer::from_pem_slice(&pair.key).context("the server's private key is not in PEM")?;
        let clients = Clients::of(&trust, &policy.provider)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&policy.provider))
            .with_protocol_versions(policy.versions)
            .context("TLS versions")?;
        let builder = match clients.asking(&policy.provider) {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(verifier),
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .context("the certificate and the private key do not belong together")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pair, trust, config: Arc::new(config), clients: Arc::new(clients), fingerprint })
    }
}

#[cfg(test)]
mod tests;
