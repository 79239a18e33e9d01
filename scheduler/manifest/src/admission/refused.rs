//! The answer of admission.

/// Why a pod would not be created, in the API server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);
