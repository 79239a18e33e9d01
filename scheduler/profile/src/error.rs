//! What is wrong with a file, as the user sees it.

use std::fmt::{self, Write};

use longshore_framework::fields::Problem;
use longshore_framework::text::escaped;

/// How many problems are shown; a file with more is not of this kind at all.
const SHOWN: usize = 100;

/// Everything that is wrong with a configuration file. Shown with one line per problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file, as the caller named it.
    pub source_name: String,
    /// At least one problem, in the order of the checks.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// `value` when nothing was found wrong.
    pub(crate) fn unless_empty<T>(
        source_name: &str,
        problems: Vec<Problem>,
        value: Option<T>,
    ) -> Result<T, Self> {
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(Self { source_name: source_name.to_string(), problems }),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().take(SHOWN).enumerate() {
            if at > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{}: {}", self.source_name, escaped(&problem.to_string()))?;
        }
        match self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n{}: and {more} more problems", self.source_name),
        }
    }
}

/// Text from a file as a message quotes it: escaped, and cut short.
pub(crate) fn quote(text: &str) -> String {
    format!("{:?}", clip(text, 60))
}

/// The first `length` characters of `text`, with a mark when there were more.
pub(crate) fn clip(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}
