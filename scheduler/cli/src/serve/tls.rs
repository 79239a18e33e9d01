//! The server's certificate, and whose client certificates it trusts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, bail};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Certificate;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// A certificate with its chain, and its key, in PEM.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// What TLS is done with now. New connections use what is newest.
pub(super) struct Tls {
    source: Option<(PathBuf, PathBuf)>,
    current: RwLock<Current>,
}

struct Current {
    pair: Pair,
    client_ca: Option<String>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the certificate, or makes one that is valid for these names.
    ///
    /// # Errors
    /// When files are given and cannot be read or do not fit together.
    pub(super) fn new(
        certificate: &Certificate,
        names: Vec<String>,
        client_ca: Option<String>,
    ) -> anyhow::Result<Self> {
        let source = source(certificate)?;
        let pair = match &source {
            Some((cert, key)) => read(cert, key)?,
            None => self_signed(names)?,
        };
        // An authority that cannot be read must not keep the server from its work.
        let config = match config(&pair, client_ca.as_deref()) {
            Err(error) if client_ca.is_some() => {
                tracing::warn!(err = %format!("{error:#}"), "Client certificates are not accepted");
                config(&pair, None)?
            }
            other => other?,
        };
        Ok(Self { source, current: RwLock::new(Current { pair, client_ca, config }) })
    }

    /// For the next connection.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).config)
    }

    /// Takes in changed files and another authority; whether anything changed. Reads files.
    ///
    /// # Errors
    /// When the new ones are no good; the old ones stay in force.
    pub(super) fn refresh(&self, client_ca: Option<String>) -> anyhow::Result<bool> {
        let (pair, ca) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            (current.pair.clone(), current.client_ca.clone())
        };
        let newest = match &self.source {
            Some((cert, key)) => read(cert, key)?,
            None => pair.clone(),
        };
        if newest == pair && client_ca == ca {
            return Ok(false);
        }
        let config = config(&newest, client_ca.as_deref())?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) =
            Current { pair: newest, client_ca, config };
        Ok(true)
    }
}

/// The files to read; `None` when the certificate is made here.
fn source(certificate: &Certificate) -> anyhow::Result<Option<(PathBuf, PathBuf)>> {
    match (&certificate.cert_file, &certificate.key_file) {
        (Some(cert), Some(key)) => return Ok(Some((cert.clone(), key.clone()))),
        (None, None) => {}
        _ => bail!("--tls-cert-file and --tls-private-key-file go together: give both or neither"),
    }
    let Some(directory) = &certificate.directory else { return Ok(None) };
    let pair = (directory.join("tls.crt"), directory.join("tls.key"));
    if !pair.0.exists() && !pair.1.exists() {
        bail!(
            "--cert-dir {}: holds no tls.crt and tls.key; leave the flag out for a self-signed one",
            directory.display()
        );
    }
    Ok(Some(pair))
}

fn read(cert: &Path, key: &Path) -> anyhow::Result<Pair> {
    let read = |path: &Path| -> anyhow::Result<Vec<u8>> {
        let size = fs::metadata(path).with_context(|| format!("{}: cannot be read", path.display()))?.len();
        if size > LARGEST {
            bail!("{}: is larger than 1 MiB and so no certificate or key", path.display());
        }
        fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    Ok(Pair { certificate: read(cert)?, key: read(key)? })
}

fn self_signed(names: Vec<String>) -> anyhow::Result<Pair> {
    let made = rcgen::generate_simple_self_signed(names).context("a certificate cannot be made")?;
    let (certificate, key) = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
    Ok(Pair { certificate, key })
}

fn config(pair: &Pair, client_ca: Option<&str>) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = certificates(&pair.certificate).context("the server's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&pair.key).context("the server's private key is not in PEM")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("TLS versions")?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(pem.as_bytes()).context("the authority of client certificates")? {
                roots.add(authority).context("the authority of client certificates")?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .context("the authority of client certificates")?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(chain, key).context("the certificate and the private key do not fit")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found =
        CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().context("is not in PEM")?;
    if found.is_empty() {
        bail!("holds no certificate in PEM");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["localhost".to_string()]
    }

    fn files(directory: &Path) -> Certificate {
        let pair = self_signed(names()).unwrap();
        fs::write(directory.join("tls.crt"), pair.certificate).unwrap();
        fs::write(directory.join("tls.key"), pair.key).unwrap();
        Certificate { directory: Some(directory.to_path_buf()), ..Certificate::default() }
    }

    #[test]
    fn changed_files_are_taken_in_and_bad_ones_are_not() {
        let directory = std::env::temp_dir().join(format!("longshore-tls-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let tls = Tls::new(&files(&directory), names(), None).unwrap();
        let first = tls.config();
        assert!(!tls.refresh(None).unwrap());
        files(&directory);
        assert!(tls.refresh(None).unwrap());
        let second = tls.config();
        assert!(!Arc::ptr_eq(&first, &second));
        fs::write(directory.join("tls.key"), "no key").unwrap();
        assert!(tls.refresh(None).is_err());
        assert!(Arc::ptr_eq(&second, &tls.config()));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn what_cannot_work_is_said() {
        let check = |certificate: &Certificate, want: &str| {
            let error = Tls::new(certificate, names(), None).err().map(|e| format!("{e:#}")).unwrap();
            assert!(error.contains(want), "{error}");
        };
        let file = |name: &str| Some(PathBuf::from(name));
        check(&Certificate { cert_file: file("a"), ..Certificate::default() }, "go together");
        let missing = Certificate { cert_file: file("/no/a"), key_file: file("/no/b"), directory: None };
        check(&missing, "/no/a: cannot be read");
    }

    #[test]
    fn a_bad_authority_does_not_keep_the_server_down() {
        let tls = Tls::new(&Certificate::default(), names(), Some("nonsense".to_string())).unwrap();
        let good = String::from_utf8(self_signed(names()).unwrap().certificate).unwrap();
        assert!(tls.refresh(Some(good)).unwrap());
        assert!(tls.refresh(Some("nonsense".to_string())).is_err());
    }
}
