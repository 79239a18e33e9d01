//! How a command ends.

use std::process::ExitCode;

/// Exit codes, which are documented and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something failed, a plugin whose failures are not ignored included, or a part of the input could not be read.
    Failure = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Some pod does not fit, and `--fail-on-pending` was given.
    Pending = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command line that clap accepts and that makes no sense all the same.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
