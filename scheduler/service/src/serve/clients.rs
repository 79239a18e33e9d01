//! Client certificates: taken from whoever shows one, and looked at afterwards. As in Go, a certificate that nobody here
//! trusts makes its owner a stranger and does not end the handshake: he may have a token.

use std::sync::Arc;

use anyhow::Context;
use longshore_cluster::review::RequestHeader;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::caller::Caller;
use super::pair::certificates;
use super::subject;
use super::trust::Trust;

/// Who is trusted.
#[derive(Debug, Default)]
pub(super) struct Clients {
    users: Option<Arc<dyn ClientCertVerifier>>,
    proxies: Option<(Arc<dyn ClientCertVerifier>, Arc<RequestHeader>)>,
}

impl Clients {
    /// Those whom `trust` names.
    ///
    /// # Errors
    /// An authority that cannot be read.
    pub(super) fn of(trust: &Trust, provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let verifier = |pem: &str| verifier(pem, provider);
        let users = trust.client_ca.as_deref().map(verifier).transpose();
        let proxies = trust
            .front_proxy
            .as_ref()
            .map(|proxy| anyhow::Ok((verifier(&proxy.client_ca)?, Arc::new(proxy.clone()))));
        Ok(Self {
            users: users.context("the authority of client certificates")?,
            proxies: proxies.transpose().context("the authority of front proxies")?,
        })
    }

    /// Asks for a certificate in the handshake; `None` when none would be believed.
    pub(super) fn asking(&self, provider: &Arc<CryptoProvider>) -> Option<Arc<dyn ClientCertVerifier>> {
        let verifiers = self.users.iter().chain(self.proxies.iter().map(|(verifier, _)| verifier));
        let hints: Vec<_> = verifiers.flat_map(|v| v.root_hint_subjects().iter().cloned()).collect();
        let any = self.users.is_some() || self.proxies.is_some();
        any.then(|| Arc::new(Asking { hints, provider: Arc::clone(provider) }) as Arc<dyn ClientCertVerifier>)
    }

    /// Whom the certificate stands for, the client's own being the first.
    pub(super) fn caller(&self, chain: &[CertificateDer<'_>]) -> Caller {
        let Some((own, others)) = chain.split_first() else { return Caller::default() };
        let now = UnixTime::now();
        let holds =
            |verifier: &Arc<dyn ClientCertVerifier>| verifier.verify_client_cert(own, others, now).is_ok();
        let user = subject::user(own);
        let is_proxy = |names: &[String]| {
            names.is_empty() || user.as_ref().is_some_and(|user| names.contains(&user.name))
        };
        let proxies = self.proxies.as_ref();
        let proxy = proxies.filter(|(by, header)| holds(by) && is_proxy(&header.allowed_names));
        let trusted = self.users.as_ref().is_some_and(holds);
        Caller { front_proxy: proxy.map(|(_, header)| Arc::clone(header)), user: user.filter(|_| trusted) }
    }
}

fn verifier(pem: &str, provider: &Arc<CryptoProvider>) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(pem.as_bytes())? {
        roots.add(authority)?;
    }
    Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?)
}

/// Takes every certificate whose key the client has.
#[derive(Debug)]
struct Asking {
    hints: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // `Clients::caller` says what it is worth.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
