use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

// Made with OpenSSL 3.0 for these tests, as are the signatures of "hello".
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgElQ4DKlxdTTKvfFC
/OdhJcv9yYpNSQh5HpUMwFluwqihRANCAARtZa6Wuc2A4Uw0VUVr1EMWCHipn9VF
D1qGjqMMOeGiiFfWyGwOpz/QzBs6cz1CynZfJQxbmTk2gXT9FSs4vxRY
-----END PRIVATE KEY-----
";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbWWulrnNgOFMNFVFa9RDFgh4qZ/V
RQ9aho6jDDnhoohX1shsDqc/0MwbOnM9Qsp2XyUMW5k5NoF0/RUrOL8UWA==
-----END PUBLIC KEY-----
";
const P256_SIGNED: &str =
    "MEYCIQC3l9eJwq0Qkrd7uV6GKQqpJ6NnI1Y/orLFCjnAPTC1XQIhAO70ygaF2iI+bTtcXSYMdOl+DiI+2XwgboYP1JZzxRfQ";
const SEC1: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGa9f7EJ8fp6HLydf7nFCdtZJ+lKRMCvGd2GuKjL3szBoAoGCCqGSM49
AwEHoUQDQgAE7zt0UsU1mmfan2YGl/49hxcKcwwghTeF3DVPwAqNdvNUa+ktl81z
cfnmcuu/IeaBx3VJ+3JpQmrZ2mklOi0ebw==
-----END EC PRIVATE KEY-----
";
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ2XJ0i5go7orkgpXjLGKjMujcIPRQJe51/vSSzhFx7T
-----END PRIVATE KEY-----
";
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAg+/5OEjpvFcvClq+u489NE13EUlqj38v+H0aQ7dBCxY=
-----END PUBLIC KEY-----
";
const ED25519_SIGNED: &str =
    "Ozs72JZ15e6194xiXsn5MfRPhqHb+y8glnHZcW+U6c7hF838EytRG6Wg4Boe8l9HkZW1MVvomwpzG87DfS5tAQ==";
const P384_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEBc2gURZwvHYsin1FsACfMNIH5Hmb6buC
g2tMMN9nZkX3thgjdi4GTwyFa7D1C8uOL2Pjkp1Rb5KXADL4/VXeOU15AO/r80p9
mu6KC5i6r35AJ4sd34Cv22QTNCQK2hyr
-----END PUBLIC KEY-----
";

#[test]
fn signatures_of_openssl_are_good_and_no_other_bytes_are() {
    for (public, signed) in [(P256_PUBLIC, P256_SIGNED), (ED25519_PUBLIC, ED25519_SIGNED)] {
        let (key, signature) = (PublicKey::from_pem(public).unwrap(), STANDARD.decode(signed).unwrap());
        assert_eq!(key.to_pem(), public);
        assert!(key.verifies(b"hello", &signature));
        assert!(!key.verifies(b"hellO", &signature));
        for cut in [0, 1, signature.len() - 1] {
            assert!(!key.verifies(b"hello", &signature[..cut]), "{cut}");
        }
        let mut changed = signature.clone();
        changed[20] ^= 1;
        assert!(!key.verifies(b"hello", &changed));
        assert!(!key.verifies(b"hello", &[signature, vec![0]].concat()));
    }
}

#[test]
fn keys_of_openssl_sign_as_their_public_keys_say() {
    for (private, public) in [(P256, P256_PUBLIC), (ED25519, ED25519_PUBLIC)] {
        let key = SigningKey::from_pem(private).unwrap();
        assert_eq!(key.public().to_pem(), public);
        assert!(key.public().verifies(b"text", &key.sign(b"text").unwrap()));
    }
    let older = SigningKey::from_pem(SEC1).unwrap();
    assert!(older.public().verifies(b"text", &older.sign(b"text").unwrap()));
}

#[test]
fn a_new_key_is_read_again_and_is_another_each_time() {
    for algorithm in [Algorithm::EcdsaP256, Algorithm::Ed25519] {
        let [one, other] = [0, 1].map(|_| SigningKey::generate(algorithm).unwrap());
        let again = SigningKey::from_pem(&one.pem).unwrap();
        assert_eq!((again.public(), again.public().algorithm()), (one.key.public(), algorithm));
        assert_ne!(one.key.public().id(), other.key.public().id());
        assert!(!format!("{again:?}").contains(one.pem.lines().nth(1).unwrap()));
    }
}

#[test]
fn what_is_no_key_says_what_to_do() {
    let public = |text: &str, piece: &str| {
        let error = PublicKey::from_pem(text).unwrap_err().to_string();
        assert!(error.contains(piece), "{error}");
    };
    public(P384_PUBLIC, "it is a key for ECDSA P-384; only ECDSA P-256 and Ed25519 are taken");
    public(P256, "it is a private key, which signs");
    public(&P256_PUBLIC.replace("MFkw", "MFkx"), "of an unknown kind, or cut");
    public(&P256_PUBLIC.replace("PUBLIC KEY", "CERTIFICATE"), "openssl x509");
    public("ssh-ed25519 AAAA", "begins with -----BEGIN");

    let private = |text: &str, piece: &str| {
        let error = SigningKey::from_pem(text).unwrap_err().to_string();
        assert!(error.contains(piece), "{error}");
    };
    private(P256_PUBLIC, "it is a public key");
    private(
        &P256.replace("PRIVATE", "ENCRYPTED SIGSTORE PRIVATE"),
        "which only cosign opens: sign with cosign",
    );
    private(&P256.replace("PRIVATE", "ENCRYPTED PRIVATE"), "openssl pkey -in FILE");
    private(&ED25519.replace("IJ2X", "IJ2"), "it is cut");
    private(&ED25519.replace("MC4CAQAw", "MC4CAQAx"), "it is cut, or not a key for");
    private(&SEC1.replace("MHcC", "MHcD"), "it is cut, or not a key for");
}
