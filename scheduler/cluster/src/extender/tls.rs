//! TLS to an extender, with the meaning that Kubernetes' Go client gives the settings.

use std::fs;
use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::client::WantsClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::options::{ExtenderOptions, TlsOptions};

/// Connects to what the URL says: plain, or with TLS as configured.
pub(super) fn connector(options: &ExtenderOptions) -> Result<HttpsConnector<HttpConnector>, String> {
    let scheme =
        options.url_prefix.parse::<http::Uri>().ok().and_then(|url| url.scheme_str().map(str::to_string));
    let secure = match scheme.as_deref() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("urlPrefix is not an http or https URL".to_string()),
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config(options, secure)?).https_or_http();
    let name = &options.tls.server_name;
    if name.is_empty() {
        return Ok(builder.enable_all_versions().build());
    }
    let name = ServerName::try_from(name.clone())
        .map_err(|_| format!("tlsConfig.serverName {name:?} is neither a DNS name nor an IP address"))?;
    let fixed = hyper_rustls::FixedServerNameResolver::new(name);
    Ok(builder.with_server_name_resolver(fixed).enable_all_versions().build())
}

fn config(options: &ExtenderOptions, secure: bool) -> Result<ClientConfig, String> {
    let tls = &options.tls;
    let provider = Arc::new(ring::default_provider());
    let has_ca = !tls.ca_data.is_empty() || !tls.ca_file.is_empty();
    let verified = !(tls.insecure || options.enable_https && !has_ca);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if !secure {
        // Never used: no connection will ask for it.
        builder.with_root_certificates(RootCertStore::empty())
    } else if !verified {
        // What `insecure` asks for, and `enableHTTPS` without a certificate authority.
        builder.dangerous().with_custom_certificate_verifier(crate::tls::anybody(provider))
    } else if has_ca {
        builder.dangerous().with_custom_certificate_verifier(authorities(tls, provider)?)
    } else {
        let fix = "set tlsConfig.caFile, or enableHTTPS to verify nothing";
        builder
            .with_native_roots()
            .map_err(|error| format!("no certificate authority is known ({error}); {fix}"))?
    };
    client_certificate(builder, tls)
}

fn authorities(
    tls: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let pem = data_or_file(&tls.ca_data, &tls.ca_file, "ca")?;
    crate::tls::verifier(certificates(&pem, "ca")?, provider)
        .map_err(|error| format!("tlsConfig: a certificate of caFile or caData: {error}"))
}

/// A client certificate is used when both it and its key are given.
fn client_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    tls: &TlsOptions,
) -> Result<ClientConfig, String> {
    let given = |data: &[u8], file: &str| !data.is_empty() || !file.is_empty();
    if !given(&tls.cert_data, &tls.cert_file) || !given(&tls.key_data, &tls.key_file) {
        return Ok(builder.with_no_client_auth());
    }
    let chain = certificates(&data_or_file(&tls.cert_data, &tls.cert_file, "cert")?, "cert")?;
    let key = PrivateKeyDer::from_pem_slice(&data_or_file(&tls.key_data, &tls.key_file, "key")?)
        .map_err(|_| "tlsConfig.keyFile or keyData holds no private key in PEM".to_string())?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("tlsConfig: the client certificate cannot be used: {error}"))
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let none = || format!("tlsConfig.{what}File or {what}Data holds no certificate in PEM");
    read.map_err(|_| none()).and_then(|read| if read.is_empty() { Err(none()) } else { Ok(read) })
}

fn data_or_file(data: &[u8], file: &str, what: &str) -> Result<Vec<u8>, String> {
    if !data.is_empty() {
        return Ok(data.to_vec());
    }
    fs::read(file).map_err(|error| format!("tlsConfig.{what}File {file:?} cannot be read: {error}"))
}
