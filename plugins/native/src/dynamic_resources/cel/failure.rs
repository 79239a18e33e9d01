//! What can go wrong while an expression is compiled or evaluated.

use thiserror::Error;

/// Why an expression is none that selects devices.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// It is no CEL, names what does not exist, or its types do not go together.
    #[error("compilation failed: {0}")]
    Invalid(String),
    /// It computes something that is no bool.
    #[error("must evaluate to bool or the unknown type, not {0}")]
    NotBool(String),
}

/// Why an expression has no result for a device.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// It failed, in the words of kube-scheduler where they are known.
    #[error("{0}")]
    Failed(String),
    /// It costs more than is allowed, in time or memory.
    #[error("operation cancelled: actual cost limit exceeded")]
    CostLimit,
}

impl EvalError {
    /// It failed, and this is why.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Nothing of that name takes what it was given.
    pub(super) fn no_overload() -> Self {
        Self::failed("no such overload")
    }
}
