//! Signatures of modules: keys, what is signed, and where signatures lie.
//!
//! ```text
//! a file, a URL ──▶ NAME.sig beside it: signatures of its bytes, as `cosign sign-blob` and openssl write them
//! an image      ──▶ artifacts of the registry: signatures of a text that names the manifest's digest, as `cosign sign` does
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `pem` | texts with keys |
//! | `public`, `private` | keys: ECDSA on P-256 with SHA-256, and Ed25519 |
//! | `keys` | those that a configuration trusts |
//! | `payload`, `bundle` | what is signed of an image: simple signing, and Sigstore's bundles |
//! | `beside` | the file beside a file |
//! | `judge` | whether a signature counts, and if none does, why |
//! | `proof` | a signature that is kept, so that a restart needs no registry |

pub(crate) mod beside;
pub(crate) mod bundle;
pub(crate) mod judge;
pub(crate) mod keys;
pub(crate) mod payload;
mod pem;
pub(crate) mod private;
pub(crate) mod proof;
pub(crate) mod public;
