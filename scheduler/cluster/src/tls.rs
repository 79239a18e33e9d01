//! Whom a server is believed to be.
//!
//! A certificate authority's certificate is trusted to sign others, as everywhere. But people also name the server's own
//! certificate as the authority: kube-apiserver writes a self-signed one where none is given, and so do many tools. Go's
//! `crypto/x509` takes a server's certificate that is itself among the trusted ones, whatever it says of being an authority,
//! and so kubectl and client-go do; rustls does not. Name and time are still checked, as Go does.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::contact::Fingerprint;

/// Trusts what `trusted` signed, and those certificates themselves.
///
/// # Errors
/// A certificate that is none, or none at all.
pub(crate) fn verifier(
    trusted: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in &trusted {
        roots.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let signed = signed.map_err(|error| error.to_string())?;
    Ok(Arc::new(Judged { judge: Trusted { signed, listed: trusted }, provider }))
}

/// Takes the certificate with this fingerprint and no other, whatever name it carries and whoever signed it.
pub(crate) fn pinned(certificate: Fingerprint, provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Judged { judge: Pinned(certificate), provider })
}

/// Takes any certificate: whoever answers is believed to be whom we asked for.
pub(crate) fn anybody(provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Judged { judge: Anybody, provider })
}

/// A certificate as a server shows it.
struct Shown<'a> {
    certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    /// Whom we asked for.
    name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    now: UnixTime,
}

/// Whom to believe.
trait Judge: Debug + Send + Sync {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error>;
}

/// A verifier that believes whom its judge does. Whether a server has the key of its certificate is checked in any case.
#[derive(Debug)]
struct Judged<J> {
    judge: J,
    provider: Arc<CryptoProvider>,
}

impl<J: Judge> ServerCertVerifier for Judged<J> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge.judge(&Shown { certificate, intermediates, name, ocsp, now })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug)]
struct Anybody;

impl Judge for Anybody {
    fn judge(&self, _shown: &Shown<'_>) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Pinned(Fingerprint);

impl Judge for Pinned {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let found = Fingerprint::of(shown.certificate);
        if found == self.0 {
            return Ok(());
        }
        let why = format!("the certificate has the SHA-256 {found}, not {} as the Lease says", self.0);
        Err(Error::General(why))
    }
}

#[derive(Debug)]
struct Trusted {
    signed: Arc<WebPkiServerVerifier>,
    listed: Vec<CertificateDer<'static>>,
}

impl Judge for Trusted {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let Shown { certificate, intermediates, name, ocsp, now } = *shown;
        match self.signed.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(error)
                if lacks_only_an_issuer(&error) && self.listed.iter().any(|own| own == certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
            }
            other => other.map(drop),
        }
    }
}

/// Whether a certificate was refused because nobody vouches for it, also where a trusted one only has the name of its issuer,
/// or because it says of itself that it is an authority. Its time was found right before any of these is looked at, and
/// before the first two its purpose.
fn lacks_only_an_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => true,
        Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string() == "CaUsedAsEndEntity",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
