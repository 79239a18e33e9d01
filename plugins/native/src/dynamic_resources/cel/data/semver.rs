//! Semantic versions, as the library reads them that Kubernetes uses.

use std::cmp::Ordering;

/// A version. Build metadata is checked when it is read, and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Semver {
    pub(in super::super) major: u64,
    pub(in super::super) minor: u64,
    pub(in super::super) patch: u64,
    pre: Vec<Identifier>,
}

/// A part of a pre-release. Numbers come before names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Name(Box<str>),
}

impl Semver {
    /// Reads `MAJOR.MINOR.PATCH[-PRE][+BUILD]`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Version string empty".into());
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("No Major.Minor.Patch elements found".into());
        };
        let (rest, build) = split(rest, '+');
        let (patch, pre) = split(rest, '-');
        let version = Self {
            major: number(major, "major", "Major")?,
            minor: number(minor, "minor", "Minor")?,
            patch: number(patch, "patch", "Patch")?,
            pre: pre.map_or(Ok(Vec::new()), |pre| pre.split('.').map(identifier).collect())?,
        };
        match build.map(|build| build.split('.').find(|part| !is_identifier(part))) {
            Some(Some("")) => Err("Build meta data is empty".into()),
            Some(Some(part)) => Err(format!("Invalid character(s) found in build meta data {part:?}")),
            _ => Ok(version),
        }
    }

    /// The same of a version that may begin with `v`, have leading zeros or lack its last parts.
    pub(in super::super) fn parse_lenient(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text.splitn(3, '.').map(without_zeros).collect();
        if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return Err("short version cannot contain PreRelease/Build meta data".into());
        }
        parts.resize(3, "0".into());
        Self::parse(&parts.join("."))
    }

    /// Which of the two comes first.
    pub(in super::super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        let pre = || match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.pre.cmp(&other.pre),
        };
        numbers(self).cmp(&numbers(other)).then_with(pre)
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn without_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.into();
    }
    let rest = part.trim_start_matches('0');
    match rest.starts_with(|c: char| c.is_ascii_digit()) {
        true => rest.into(),
        false => format!("0{rest}"),
    }
}

fn number(text: &str, name: &str, title: &str) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {name} number {text:?}"));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("{title} number must not contain leading zeroes {text:?}"));
    }
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {text:?}: value out of range"))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn identifier(text: &str) -> Result<Identifier, String> {
    if text.is_empty() {
        return Err("Prerelease is empty".into());
    }
    if !is_identifier(text) {
        return Err(format!("Invalid character(s) found in prerelease {text:?}"));
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Identifier::Name(text.into()));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("Numeric PreRelease version must not contain leading zeroes {text:?}"));
    }
    let range = || format!("strconv.ParseUint: parsing {text:?}: value out of range");
    text.parse().map(Identifier::Number).map_err(|_| range())
}
