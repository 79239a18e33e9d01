//! Keys that signatures are checked with.

use std::fmt;

use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

use super::pem;
use crate::digest::Digest;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on the curve P-256 with SHA-256, signatures in ASN.1: what cosign makes.
    EcdsaP256,
    /// Ed25519.
    Ed25519,
}

/// What comes before the bytes of a key in its `SubjectPublicKeyInfo`, which DER writes in one way only.
pub(super) const P256_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
pub(super) const ED25519_PREFIX: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Object identifiers of keys that are not taken, with their names.
const OTHERS: [(&[u8], &str); 5] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01], "RSA"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "ECDSA P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "ECDSA P-521"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x0a], "ECDSA secp256k1"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
];

/// A key that signatures are checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// As ring takes it.
    bytes: Vec<u8>,
}

/// A text that is no key that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub(crate) String);

impl PublicKey {
    /// Reads `-----BEGIN PUBLIC KEY-----`, as cosign, openssl and `longshore plugin keygen` write it.
    ///
    /// # Errors
    /// It is none, or one of another kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::only(text).map_err(KeyError)?;
        match block.label {
            "PUBLIC KEY" => Self::from_der(&block.bytes),
            "CERTIFICATE" => Err(KeyError(
                "it is a certificate; take its key: openssl x509 -in FILE -pubkey -noout".into(),
            )),
            label if label.ends_with("PRIVATE KEY") => Err(KeyError(
                "it is a private key, which signs; give the public key, and keep this one to yourself".into(),
            )),
            label => Err(KeyError(format!(
                "it is a {}, and not a PUBLIC KEY",
                label.chars().take(40).collect::<String>()
            ))),
        }
    }

    /// Reads a `SubjectPublicKeyInfo`.
    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let tail =
            |prefix: &[u8], length: usize| der.strip_prefix(prefix).filter(|rest| rest.len() == length);
        if let Some(point) = tail(P256_PREFIX, 65).filter(|point| point[0] == 4) {
            return Ok(Self { algorithm: Algorithm::EcdsaP256, bytes: point.to_vec() });
        }
        if let Some(key) = tail(ED25519_PREFIX, 32) {
            return Ok(Self { algorithm: Algorithm::Ed25519, bytes: key.to_vec() });
        }
        let other =
            OTHERS.iter().find(|(oid, _)| der.windows(oid.len()).take(64).any(|window| window == *oid));
        let kind = other.map_or("it is a key of an unknown kind, or cut".to_string(), |(_, name)| {
            format!("it is a key for {name}")
        });
        Err(KeyError(format!(
            "{kind}; only ECDSA P-256 and Ed25519 are taken: longshore plugin keygen makes one"
        )))
    }

    pub(super) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        Self { algorithm, bytes: bytes.to_vec() }
    }

    fn der(&self) -> Vec<u8> {
        let prefix = match self.algorithm {
            Algorithm::EcdsaP256 => P256_PREFIX,
            Algorithm::Ed25519 => ED25519_PREFIX,
        };
        [prefix, &self.bytes].concat()
    }

    /// The key as `-----BEGIN PUBLIC KEY-----`.
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.der())
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What it is known by: the SHA-256 of its DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
    pub fn id(&self) -> Digest {
        Digest::of(&self.der())
    }

    /// Whether the owner of this key signed `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self.algorithm {
            Algorithm::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
            Algorithm::Ed25519 => &ED25519,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.algorithm, self.id())
    }
}
