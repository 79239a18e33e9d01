//! Keys that sign.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::pem;
use super::public::{Algorithm, KeyError, PublicKey};

/// What comes before the 32 bytes of an Ed25519 key in PKCS #8, version 1.
const ED25519_PKCS8: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// What comes before an `ECPrivateKey` on P-256 in PKCS #8, lengths apart.
const P256_ALGORITHM: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];

/// A key that signs.
pub struct SigningKey(Kind);

enum Kind {
    EcdsaP256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A new key, with its text for a file.
pub struct NewKey {
    /// The key.
    pub key: SigningKey,
    /// `-----BEGIN PRIVATE KEY-----`: PKCS #8, not encrypted.
    pub pem: String,
}

impl SigningKey {
    /// Makes a key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate(algorithm: Algorithm) -> Result<NewKey, KeyError> {
        let random = SystemRandom::new();
        let failed = |_| KeyError("the system gives no random numbers".into());
        let der = match algorithm {
            Algorithm::EcdsaP256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            // Version 2, which ring would make, is not read by OpenSSL 3.0.
            Algorithm::Ed25519 => {
                let mut seed = [0; 32];
                random.fill(&mut seed).map_err(failed)?;
                [ED25519_PKCS8, &seed].concat()
            }
        };
        Ok(NewKey { key: Self::from_pkcs8(&der)?, pem: pem::write("PRIVATE KEY", &der) })
    }

    /// Reads `-----BEGIN PRIVATE KEY-----` (PKCS #8) and `-----BEGIN EC PRIVATE KEY-----`, both not encrypted.
    ///
    /// # Errors
    /// It is none, or one of another kind; what to do about it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::only(text).map_err(KeyError)?;
        let advice = match block.label {
            "PRIVATE KEY" => return Self::from_pkcs8(&block.bytes),
            "EC PRIVATE KEY" => return Self::from_pkcs8(&wrapped(&block.bytes)),
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                "it is a key that cosign encrypted, which only cosign opens: sign with cosign (cosign sign --key, cosign sign-blob \
                 --key; docs/plugins/signing.md has the commands), or make a key with longshore plugin keygen, which cosign can \
                 import (cosign import-key-pair --key)"
            }
            "ENCRYPTED PRIVATE KEY" => "it is encrypted; decrypt it first: openssl pkey -in FILE -out PLAIN",
            "PUBLIC KEY" => "it is a public key, which checks signatures; give the private one",
            "OPENSSH PRIVATE KEY" => "it is a key of OpenSSH; make one with longshore plugin keygen",
            _ => "it is no PRIVATE KEY; longshore plugin keygen makes one",
        };
        Err(KeyError(advice.into()))
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let ecdsa =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &random).map(Kind::EcdsaP256);
        let key = ecdsa.or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Kind::Ed25519));
        key.map(Self).map_err(|_| {
            let what = "it is cut, or not a key for ECDSA P-256 or Ed25519, the only ones that are taken";
            KeyError(format!("{what}; longshore plugin keygen makes one"))
        })
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Kind::EcdsaP256(pair) => PublicKey::of(Algorithm::EcdsaP256, pair.public_key().as_ref()),
            Kind::Ed25519(pair) => PublicKey::of(Algorithm::Ed25519, pair.public_key().as_ref()),
        }
    }

    /// The signature of `message`.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Kind::EcdsaP256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError("the system gives no random numbers".into())),
            Kind::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// Nothing of the key is shown.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

/// An `ECPrivateKey` as PKCS #8. What is too long to be one becomes nonsense, which is refused when it is read.
fn wrapped(key: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| match u8::try_from(bytes) {
        Ok(short) if short < 0x80 => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => Vec::new(),
    };
    let octets = [&[0x04], length(key.len()).as_slice(), key].concat();
    let body = [&[0x02, 0x01, 0x00], P256_ALGORITHM, &octets].concat();
    [&[0x30], length(body.len()).as_slice(), &body].concat()
}

#[cfg(test)]
mod tests;
