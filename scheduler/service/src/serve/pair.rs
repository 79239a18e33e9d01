//! The server's certificates with their keys: from files, or made here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Names under which `--cert-dir` may hold a certificate: those of a TLS Secret, and kube-scheduler's own.
const NAMES: [&str; 2] = ["tls", "kube-scheduler"];

/// Where the server's certificate comes from. With nothing given it is made in memory and signed by itself.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    /// `--tls-cert-file`, in PEM, the server's own certificate first.
    pub cert_file: Option<PathBuf>,
    /// `--tls-private-key-file`, in PEM.
    pub key_file: Option<PathBuf>,
    /// `--cert-dir`: holds `tls.crt` and `tls.key`, or `kube-scheduler.crt` and `kube-scheduler.key`.
    pub directory: Option<PathBuf>,
}

/// A certificate with its chain, and its key, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Pair {
    /// Reads both files.
    ///
    /// # Errors
    /// One cannot be read or is too large.
    pub(super) fn read(cert: &Path, key: &Path) -> anyhow::Result<Self> {
        Ok(Self { certificate: read_file(cert)?, key: read_file(key)? })
    }

    /// Made for these names.
    ///
    /// # Errors
    /// The system has no randomness, or a name is none.
    pub(super) fn self_signed(names: Vec<String>) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(names).context("a certificate cannot be made")?;
        let (certificate, key) =
            (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
        Ok(Self { certificate, key })
    }
}

/// The files to read; `None` when the certificate is made here.
///
/// # Errors
/// One of two files that go together is not given.
pub(super) fn source(certificate: &Certificate) -> anyhow::Result<Option<(PathBuf, PathBuf)>> {
    match (&certificate.cert_file, &certificate.key_file) {
        (Some(cert), Some(key)) => return Ok(Some((cert.clone(), key.clone()))),
        (None, None) => {}
        _ => bail!("--tls-cert-file and --tls-private-key-file go together: give both or neither"),
    }
    let Some(directory) = &certificate.directory else { return Ok(None) };
    let pairs =
        NAMES.map(|name| (directory.join(format!("{name}.crt")), directory.join(format!("{name}.key"))));
    let found = pairs.into_iter().find(|(cert, key)| cert.exists() || key.exists());
    if found.is_none() {
        tracing::warn!(
            directory = %directory.display(),
            "--cert-dir holds neither tls.crt and tls.key nor kube-scheduler.crt and kube-scheduler.key; \
             serving with a self-signed certificate, made in memory"
        );
    }
    Ok(found)
}

/// A file that may be a certificate or a key.
///
/// # Errors
/// It cannot be read or is too large.
pub(super) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(path).with_context(|| format!("{}: cannot be read", path.display()))?.len();
    if size > LARGEST {
        bail!("{}: is larger than 1 MiB, so it is not a certificate or a key", path.display());
    }
    fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
}

/// The certificates in a file.
///
/// # Errors
/// There is none.
pub(super) fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found =
        CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().context("is not in PEM")?;
    if found.is_empty() {
        bail!("holds no certificate in PEM");
    }
    Ok(found)
}
