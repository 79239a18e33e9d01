//! What can go wrong with a guest.

use std::fmt;

use longshore_framework::verdict::PluginError;
use thiserror::Error;
use wasmtime::Trap;

/// The kind of a failure, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The guest said that it failed; its instance is kept.
    Error,
    /// It broke: unreachable code, an access out of bounds, a stack overflow.
    Trap,
    /// It took too long.
    Timeout,
    /// It asked for more memory than it may have.
    Memory,
    /// Its answer makes no sense: a wrong length, a score out of range, a row that was not asked about.
    Answer,
    /// It could not be made ready: `init` failed.
    Start,
    /// It was not asked, because it failed too often.
    Breaker,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Error, Self::Trap, Self::Timeout, Self::Memory, Self::Answer, Self::Start, Self::Breaker];

    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Answer => "answer",
            Self::Start => "start",
            Self::Breaker => "breaker",
        }
    }

    /// Whether the instance is of no use any more: its own state may be half changed.
    pub(crate) fn spoils(self) -> bool {
        matches!(self, Self::Trap | Self::Timeout | Self::Memory | Self::Answer | Self::Start)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call of a guest that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{stage} of the WebAssembly plugin failed ({kind}): {message}")]
pub struct Failure {
    /// The stage, as messages name it.
    pub stage: &'static str,
    /// What kind it is.
    pub kind: FailureKind,
    /// What happened.
    pub message: String,
}

impl Failure {
    /// A failure in words.
    pub(crate) fn new(stage: &'static str, kind: FailureKind, message: impl Into<String>) -> Self {
        Self { stage, kind, message: cut(message.into()) }
    }

    /// An answer that makes no sense.
    pub(crate) fn answer(stage: &'static str, message: impl Into<String>) -> Self {
        Self::new(stage, FailureKind::Answer, message)
    }

    /// What a call into wasm ended with.
    pub(crate) fn of_call(stage: &'static str, error: &wasmtime::Error, memory: Option<String>) -> Self {
        if let Some(refused) = memory {
            return Self::new(stage, FailureKind::Memory, refused);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => {
                Self::new(stage, FailureKind::Timeout, "it took longer than limits.time allows")
            }
            Some(trap) => Self::new(stage, FailureKind::Trap, trap.to_string()),
            None => Self::new(stage, FailureKind::Trap, error.root_cause().to_string()),
        }
    }
}

impl From<Failure> for PluginError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.to_string())
    }
}

/// The longest text of a guest that is kept, in bytes.
pub(crate) const LONGEST_TEXT: usize = 1024;

/// Texts of guests end up in messages and events; they are not trusted to be short.
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The same as one line: what a guest says must not look like lines of the log that are not its own.
pub(crate) fn one_line(text: String) -> String {
    let text = cut(text);
    if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text }
}
