//! Minors of Kubernetes.

use std::fmt;

/// A minor whose decisions can be made here, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Minor {
    /// 1.36
    V1_36,
    /// 1.37
    V1_37,
    /// 1.38, read ahead from its beta: experimental.
    V1_38,
}

/// The server's minor is none of those whose decisions can be made; the nearest is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// The server is older than what is known.
    Older,
    /// The server is newer than what is known.
    Newer,
}

impl Minor {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_36, Self::V1_37, Self::V1_38];

    /// The newest one that is stable: what is taken where nothing else is said.
    pub const STABLE: Self = Self::V1_37;

    /// The number behind `1.`.
    pub fn number(self) -> u32 {
        match self {
            Self::V1_36 => 36,
            Self::V1_37 => 37,
            Self::V1_38 => 38,
        }
    }

    /// The release of kube-scheduler that decisions are held against.
    pub fn release(self) -> &'static str {
        match self {
            Self::V1_36 => "v1.36.2",
            Self::V1_37 => "v1.37.2",
            Self::V1_38 => "v1.38.0-beta.0",
        }
    }

    /// Whether its rules were only read, and never held against a running kube-scheduler.
    pub fn is_experimental(self) -> bool {
        self > Self::STABLE
    }

    /// `1.37`, also `v1.37` and with a patch behind it.
    ///
    /// # Errors
    /// What is wrong with it, and which minors there are.
    pub fn parse(text: &str) -> Result<Self, UnknownMinor> {
        let number = number(text);
        Self::ALL
            .into_iter()
            .find(|minor| number == Some(minor.number()))
            .ok_or_else(|| UnknownMinor { text: text.to_string() })
    }

    /// The minor to decide by in a cluster whose server says `version`, such as `v1.37.2`; where there is none, the nearest
    /// and why. `None` when that is not a version of Kubernetes 1.
    pub fn of_server(version: &str) -> Option<(Self, Option<Nearest>)> {
        let number = number(version)?;
        let exact = Self::ALL.into_iter().find(|minor| minor.number() == number);
        let oldest = Self::ALL[0];
        Some(match exact {
            Some(minor) => (minor, None),
            None if number < oldest.number() => (oldest, Some(Nearest::Older)),
            None => (Self::ALL[Self::ALL.len() - 1], Some(Nearest::Newer)),
        })
    }

    /// As an index into the columns of a table.
    pub(super) fn column(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.number())
    }
}

/// A version of Kubernetes whose decisions cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decisions of Kubernetes {text:?} cannot be made; give one of 1.36, 1.37 and 1.38 (experimental)")]
pub struct UnknownMinor {
    /// What was asked for.
    pub text: String,
}

/// The number behind `1.`, with or without a `v` before it and anything that begins with no digit after it.
fn number(version: &str) -> Option<u32> {
    let rest = version.strip_prefix('v').unwrap_or(version).strip_prefix("1.")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_is_read_with_and_without_its_patch() {
        #[track_caller]
        fn check(text: &str, want: Option<Minor>) {
            assert_eq!(Minor::parse(text).ok(), want, "{text}");
        }
        check("1.36", Some(Minor::V1_36));
        check("1.37", Some(Minor::V1_37));
        check("v1.37.2", Some(Minor::V1_37));
        check("1.38.0-beta.0", Some(Minor::V1_38));
        check("1.35", None);
        check("1.3", None);
        check("2.37", None);
        check("", None);
        check("newest", None);
    }

    #[test]
    fn a_server_that_is_not_known_is_taken_for_the_nearest() {
        #[track_caller]
        fn check(version: &str, want: Option<(Minor, Option<Nearest>)>) {
            assert_eq!(Minor::of_server(version), want, "{version}");
        }
        check("v1.33.9", Some((Minor::V1_36, Some(Nearest::Older))));
        check("v1.35.10", Some((Minor::V1_36, Some(Nearest::Older))));
        check("v1.36.2", Some((Minor::V1_36, None)));
        check("v1.37.2-eks-1", Some((Minor::V1_37, None)));
        check("v1.39.0", Some((Minor::V1_38, Some(Nearest::Newer))));
        check("v2.0.0", None);
        check("", None);
    }
}
