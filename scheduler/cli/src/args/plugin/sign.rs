//! The flags of the commands that sign plugins and check signatures.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::make::PlaceArgs;

pub(super) const KEYGEN_HELP: &str = "\
NAME.key is the private key (PEM, PKCS #8, not encrypted, readable by its owner only), NAME.pub the public one, which goes into \
`verification` of a configuration. Keys that openssl makes serve as well, and cosign imports the private key (cosign \
import-key-pair --key NAME.key).

Examples:
  longshore plugin keygen
  longshore plugin keygen release --type ed25519";

pub(super) const SIGN_HELP: &str = "\
Of a file its bytes are signed, and FILE.sig is written beside it, as cosign sign-blob does. Of an image in a registry the digest of \
its manifest is signed, and the signature is put beside it in the registry, as cosign sign does; signatures of others stay.

Examples:
  longshore plugin sign --key longshore.key zone-pack.wasm
  longshore plugin sign --key longshore.key oci://ghcr.io/acme/zone-pack:1.2
  longshore plugin sign --key longshore.key target/catalogue-plugins/*.wasm target/catalogue-plugins/catalogue.json";

pub(super) const VERIFY_HELP: &str = "\
One of the keys has to have signed each. The exit code is 1 when one is not signed, or not by these keys, or was changed.

Examples:
  longshore plugin verify --key longshore.pub zone-pack.wasm
  longshore plugin verify --key longshore.pub --key cosign.pub oci://ghcr.io/acme/zone-pack:1.2";

/// How a key signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyType {
    /// ECDSA on P-256 with SHA-256, as cosign's own keys
    #[default]
    P256,
    /// Ed25519
    Ed25519,
}

/// `longshore plugin keygen`.
#[derive(Args, Debug)]
pub struct KeygenArgs {
    /// The files are called NAME.key and NAME.pub
    #[arg(value_name = "NAME", default_value = "longshore")]
    pub name: PathBuf,
    /// The kind of key
    #[arg(long = "type", value_enum, default_value_t)]
    pub kind: KeyType,
}

/// `longshore plugin sign`.
#[derive(Args, Debug)]
pub struct SignArgs {
    /// What is signed: files, or images as oci://REGISTRY/REPOSITORY:TAG or @sha256:DIGEST
    #[arg(value_name = "FILE|REFERENCE", required = true)]
    pub what: Vec<String>,
    /// A private key in PEM form; repeatable
    #[arg(long, value_name = "FILE", required = true)]
    pub key: Vec<PathBuf>,
    /// How registries are spoken to.
    #[command(flatten)]
    pub transport: PlaceArgs,
}

/// `longshore plugin verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// What is checked: files, or file://, https:// or oci://
    #[arg(value_name = "FILE|REFERENCE", required = true)]
    pub what: Vec<String>,
    /// A public key in PEM form; repeatable, one of them has to have signed
    #[arg(long, value_name = "FILE", required = true)]
    pub key: Vec<PathBuf>,
    /// How registries are spoken to.
    #[command(flatten)]
    pub transport: PlaceArgs,
}
