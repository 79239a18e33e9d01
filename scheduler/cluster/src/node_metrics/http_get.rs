//! One question over HTTP or HTTPS.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// How long an answer may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// Bytes of an error's text that are shown.
const SHOWN: usize = 200;

/// Whom a server is believed to be.
#[derive(Clone, Copy)]
pub(super) enum Trust<'a> {
    /// Whom the authorities of the system vouch for.
    System,
    /// Whom the authorities in this file vouch for.
    File(&'a str),
    /// Anybody.
    Anybody,
}

/// Connections to one server.
pub(super) struct HttpGet(Pooled<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl HttpGet {
    /// Nothing is connected yet. `secure`: whether HTTPS will be spoken.
    pub(super) fn new(secure: bool, trust: Trust<'_>) -> Result<Self, String> {
        let tls = config(if secure { trust } else { Trust::Anybody })?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions();
        Ok(Self(Pooled::builder(TokioExecutor::new()).build(connector.build())))
    }

    /// The body of the answer; any status but 200 is an error. `token` is empty for none.
    pub(super) async fn get(&self, url: &str, token: &str) -> Result<Bytes, String> {
        let mut request = Request::get(url).header(header::ACCEPT, "application/json");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        let call = async {
            let answer = self.0.request(request).await.map_err(|error| causes(&error))?;
            let status = answer.status();
            let read = Limited::new(answer.into_body(), LARGEST).collect().await;
            let body = read.map(http_body_util::Collected::to_bytes).map_err(|error| match error
                .is::<LengthLimitError>(
            ) {
                true => format!("the answer is larger than {LARGEST} bytes"),
                false => causes(&*error),
            })?;
            if status == StatusCode::OK { Ok(body) } else { Err(refused(status, &body)) }
        };
        tokio::time::timeout(TIMEOUT, call).await.map_err(|_| format!("no answer within {TIMEOUT:?}"))?
    }
}

fn config(trust: Trust<'_>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match trust {
        Trust::Anybody => builder.dangerous().with_custom_certificate_verifier(crate::tls::anybody(provider)),
        Trust::File(path) => {
            let pem = std::fs::read(path).map_err(|e| format!("caFile {path:?} cannot be read: {e}"))?;
            let read: Result<Vec<CertificateDer<'static>>, _> =
                CertificateDer::pem_slice_iter(&pem).collect();
            let certificates = read.ok().filter(|read| !read.is_empty());
            let certificates =
                certificates.ok_or_else(|| format!("caFile {path:?} holds no certificate in PEM"))?;
            let verifier = crate::tls::verifier(certificates, provider)
                .map_err(|error| format!("a certificate of caFile {path:?}: {error}"))?;
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        Trust::System => builder
            .with_native_roots()
            .map_err(|error| format!("no certificate authority is known ({error}); set caFile"))?,
    };
    Ok(builder.with_no_client_auth())
}

fn refused(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
    if text.is_empty() { status.to_string() } else { format!("{status}: {text}") }
}

/// An error with what it comes from, outermost first.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
