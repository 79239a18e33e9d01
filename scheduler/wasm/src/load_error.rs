//! Why a module is not taken.

use thiserror::Error;

use crate::failure::Failure;

/// The largest module that is compiled, in bytes.
pub(crate) const LARGEST_MODULE: usize = 64 << 20;

/// A module that is not taken.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It is too large.
    #[error("the module has {0} bytes, at most {LARGEST_MODULE} are taken")]
    TooLarge(usize),
    /// It is not a component or module that can be compiled.
    #[error("it is not a WebAssembly component or module that can be used: {0}")]
    Invalid(String),
    /// It does not speak the interface.
    #[error("it is not a plugin: {0}")]
    Foreign(String),
    /// It imports what it is not granted.
    #[error("it imports {interface}, which it is not granted; add {capability} to capabilities if it may")]
    NotGranted {
        /// The import.
        interface: String,
        /// The capability.
        capability: &'static str,
    },
    /// Its manifest makes no sense.
    #[error("its manifest cannot be used: {0}")]
    Manifest(String),
    /// It failed on its first calls.
    #[error(transparent)]
    Failed(#[from] Failure),
}
