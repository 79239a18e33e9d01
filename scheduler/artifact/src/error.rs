//! What can go wrong on the way, in words that name the reference, the trouble and the fix.

use std::path::PathBuf;
use std::time::Duration;

use crate::digest::Digest;
use crate::reference::Reference;

/// Bytes that could not be had, or not be handed out.
#[derive(Debug, thiserror::Error)]
#[error("{reference}: {problem}")]
pub struct FetchError {
    /// What was asked for.
    pub reference: String,
    /// What happened.
    pub problem: Problem,
}

impl FetchError {
    pub(crate) fn new(reference: &Reference, problem: Problem) -> Self {
        Self { reference: reference.to_string(), problem }
    }
}

/// What happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A remote source without a digest.
    #[error("is not pinned; add sha256 with the 64 digits that `sha256sum FILE` prints{}",
        if *image { ", or name the image by @sha256:DIGEST" } else { "" })]
    Unpinned {
        /// Whether it is an image.
        image: bool,
    },
    /// Other bytes than were asked for. They are thrown away.
    #[error("is not what was asked for: expected {expected}, got {actual}; {fix}")]
    WrongDigest {
        /// What was asked for.
        expected: Digest,
        /// What is there.
        actual: Digest,
        /// What to do about it.
        fix: &'static str,
    },
    /// More bytes than allowed.
    #[error("is larger than {limit} bytes; strip the file (`wasm-tools strip`), or raise the limit")]
    TooLarge {
        /// How many are allowed.
        limit: usize,
    },
    /// Not there in time, all attempts included.
    #[error("did not arrive within {} s; check the network, or put the file on disk and use file://", .limit.as_secs_f32())]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// An answer other than success.
    #[error("{url} answered {status}{}{said}; {fix}", if said.is_empty() { "" } else { ": " })]
    Status {
        /// Who answered.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The first words of the answer.
        said: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// No answer, or half of one.
    #[error(
        "{url} could not be read after {attempts} attempt(s): {why}; check the address, the network and the proxy"
    )]
    Network {
        /// Who was asked.
        url: String,
        /// How often.
        attempts: u32,
        /// The innermost cause.
        why: String,
    },
    /// The server sends the client elsewhere too often, or to an unsafe place.
    #[error("{url} redirects {why}; name the last address of the chain itself")]
    Redirect {
        /// Who was asked.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file that cannot be read.
    #[error("{}: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not, and the fix.
        why: String,
    },
    /// The registry wants other credentials.
    #[error("{registry} refuses {who}: {why}")]
    Refused {
        /// The registry.
        registry: String,
        /// As whom it was asked.
        who: String,
        /// What it said and how to fix it.
        why: String,
    },
    /// The image is there but holds something else than one wasm file.
    #[error("is not a wasm artifact: {0}")]
    NotWasm(String),
    /// Nobody who is trusted signed it.
    #[error("{0}")]
    Untrusted(Box<Untrusted>),
    /// What was asked for cannot be done with such a reference.
    #[error("{0}")]
    Unsupported(String),
    /// The HTTP client does not start: no certificates, a bad CA file.
    #[error("TLS cannot be set up: {0}; install the system's CA certificates or point SSL_CERT_FILE at them")]
    Setup(String),
}

/// Why no signature counts where one is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// There is none.
    #[error(
        "is not signed: {looked} has no signature of it, and one by {keys} is asked for; let the owner of that key sign it: \
         longshore plugin sign --key KEY"
    )]
    Unsigned {
        /// Where signatures were looked for.
        looked: String,
        /// Whose was wanted.
        keys: String,
    },
    /// Signatures of an image, none by a key that is trusted.
    #[error(
        "is not signed by {keys}: {looked} has {count} signature(s), none of them by that key; let its owner sign the module \
         (longshore plugin sign --key KEY), or, if you trust who signed, add that key to verification.keys"
    )]
    OtherKey {
        /// Where signatures were looked for.
        looked: String,
        /// How many there are.
        count: usize,
        /// Whose was wanted.
        keys: String,
    },
    /// Signatures beside a file that are not of its bytes.
    #[error(
        "is not what {keys} signed: no signature in {looked} is of these bytes by that key, so the file was changed after it was \
         signed or another key signed it; find out which, then let the owner of the key sign it: longshore plugin sign --key KEY"
    )]
    OtherBytes {
        /// The file with the signatures.
        looked: String,
        /// Whose was wanted.
        keys: String,
    },
    /// A signature by a key that is trusted, of another image.
    #[error(
        "has a signature by {key} that is of another module: it is of {signed}, and this is {actual}; look into who put it there, \
         then let the owner of the key sign this one: longshore plugin sign --key KEY"
    )]
    OtherModule {
        /// Who signed.
        key: String,
        /// What was signed.
        signed: String,
        /// What was fetched.
        actual: Digest,
    },
}

impl From<Untrusted> for Problem {
    fn from(untrusted: Untrusted) -> Self {
        Self::Untrusted(Box::new(untrusted))
    }
}

/// The innermost cause of an error: the outer ones say that something failed.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
