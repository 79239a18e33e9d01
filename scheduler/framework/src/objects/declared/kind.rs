//! Names of kinds.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

/// Kinds that one process may ever be told of. Only profiles name kinds, and each name is kept for good.
const MOST_KINDS: usize = 1024;

/// A group, a version and a kind. Cheap to copy: each is kept once for the whole process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclaredKind(&'static Name);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name {
    group: String,
    version: String,
    kind: String,
    api_version: String,
    label: String,
}

static KNOWN: Mutex<BTreeSet<&'static Name>> = Mutex::new(BTreeSet::new());

/// The profiles of this process have named too many kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("plugins have declared more than {MOST_KINDS} kinds of objects since this process began")]
pub struct TooManyKinds;

impl DeclaredKind {
    /// The kind of these names; `group` is empty for the core group.
    ///
    /// # Errors
    /// More than a thousand different kinds were asked for already.
    pub fn of(group: &str, version: &str, kind: &str) -> Result<Self, TooManyKinds> {
        let dotted = if group.is_empty() { String::new() } else { format!(".{group}") };
        let name = Name {
            group: group.to_string(),
            version: version.to_string(),
            kind: kind.to_string(),
            api_version: if group.is_empty() { version.to_string() } else { format!("{group}/{version}") },
            label: format!("{kind}.{version}{dotted}"),
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&name) {
            return Ok(Self(known));
        }
        if known.len() >= MOST_KINDS {
            return Err(TooManyKinds);
        }
        let kept: &'static Name = Box::leak(Box::new(name));
        known.insert(kept);
        Ok(Self(kept))
    }

    /// The API group, empty for core.
    pub fn group(self) -> &'static str {
        &self.0.group
    }

    /// The version.
    pub fn version(self) -> &'static str {
        &self.0.version
    }

    /// The kind.
    pub fn kind(self) -> &'static str {
        &self.0.kind
    }

    /// Group and version, as objects write them.
    pub fn api_version(self) -> &'static str {
        &self.0.api_version
    }

    /// All of it in one word, as events and messages have it: `Kind.version.group`.
    pub fn label(self) -> &'static str {
        &self.0.label
    }
}

impl fmt::Debug for DeclaredKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl fmt::Display for DeclaredKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
