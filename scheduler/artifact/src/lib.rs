//! Files by reference: from a path, a URL or an OCI registry, checked against their digest.
//!
//! A [`Reference`] says where bytes are, a [`Digest`] which bytes they must be, and a [`Fetcher`] brings them. What
//! comes from another machine is never handed out before its digest was checked; it is then kept in a cache on disk, so
//! that a restart needs no network. Where [`Keys`] are given, one of them has to have signed it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use longshore_artifact::{Fetcher, Options, Reference};
//!
//! let fetcher = Fetcher::new(Options::default());
//! let reference = Reference::parse("https://example.com/zonepack.wasm")?;
//! let expected = "7ad1f3b1a55a5a6a0f9f4c1b1f6e8f3a0c9a1d2e3f405162738495a6b7c8d9e0".parse()?;
//! let fetched = fetcher.fetch(&reference, Some(expected)).await?;
//! # let _ = fetched;
//! # Ok(())
//! # }
//! ```

mod cache;
mod credentials;
mod digest;
mod error;
mod fetcher;
mod file;
mod http;
mod options;
mod pin;
mod reference;
mod registry;
mod signing;

pub use credentials::CredentialFiles;
pub use digest::{Digest, DigestError};
pub use error::{FetchError, Problem, Untrusted};
pub use fetcher::{Fetched, Fetcher, Signature};
pub use options::{Options, default_cache_dir};
pub use reference::{PlainHttp, Reference, ReferenceError};
pub use registry::package::{
    CONFIG_MEDIA_TYPE, LAYER_MEDIA_TYPE, OLDER_LAYER_MEDIA_TYPES, Package, PackageKind,
};
pub use signing::beside::signatures_beside;
pub use signing::keys::Keys;
pub use signing::private::{NewKey, SigningKey};
pub use signing::public::{Algorithm, KeyError, PublicKey};
