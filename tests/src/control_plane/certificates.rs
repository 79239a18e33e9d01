//! Throw-away keys and certificates of one cluster.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Where the files of one cluster are.
#[derive(Debug)]
pub(super) struct Certificates {
    /// The authority that signed everything else.
    pub(super) authority: PathBuf,
    /// What kube-apiserver serves with.
    pub(super) serving: PathBuf,
    /// Its key.
    pub(super) serving_key: PathBuf,
    /// What service-account tokens are signed with.
    pub(super) accounts_key: PathBuf,
    /// What they are checked with.
    pub(super) accounts_public: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`.
    pub(super) fn create(folder: &Path) -> Self {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (authority, issuer) = new_authority("longshore test authority");
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let accounts = KeyPair::generate().unwrap();
        let serving = params.signed_by(&key, &issuer).unwrap();
        Self {
            authority: write("ca.crt", authority),
            serving: write("apiserver.crt", serving.pem()),
            serving_key: write("apiserver.key", key.serialize_pem()),
            accounts_key: write("sa.key", accounts.serialize_pem()),
            accounts_public: write("sa.pub", accounts.public_key_pem()),
        }
    }
}

/// The certificate of a new authority, in PEM, and what signs with it.
pub(super) fn new_authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), Issuer::new(params, key))
}

/// The certificate, in PEM, of an authority that has signed nothing.
pub fn new_authority_certificate() -> String {
    new_authority("somebody else").0
}
