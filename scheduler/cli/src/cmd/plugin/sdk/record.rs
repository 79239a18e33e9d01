//! What an SDK's folder says about itself: whose it is, of which version, and the digest of every file as it was written.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path};

use anyhow::{Context, bail};
use longshore_plugin_build::VERSION;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{put, sources};
use crate::args::plugin::Language;

/// The record's name in the SDK's folder.
const NAME: &str = "longshore-sdk.json";

/// The largest record that is read. One file of an SDK takes about a hundred bytes of it.
const LARGEST: u64 = 1 << 20;

/// The record.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// `rust` or `go`.
    language: String,
    /// The version of Longshore that wrote the SDK.
    pub(crate) longshore: String,
    /// The interface that plugins are built for.
    pub(crate) interface: String,
    /// Path to SHA-256, in hexadecimal digits.
    pub(crate) files: BTreeMap<String, String>,
}

impl Record {
    /// Of the SDK that is in this program.
    pub(crate) fn of(language: Language) -> Self {
        let files = sources(language).iter();
        Self {
            language: word(language).to_string(),
            longshore: env!("CARGO_PKG_VERSION").to_string(),
            interface: format!("longshore:scheduler@{VERSION}"),
            files: files.map(|(path, text)| ((*path).to_string(), digest(text.as_bytes()))).collect(),
        }
    }

    /// The one in a folder; none when there is none.
    ///
    /// # Errors
    /// It cannot be read, is of another language, or names files outside of the folder.
    pub(crate) fn read(folder: &Path, language: Language) -> anyhow::Result<Option<Self>> {
        let path = folder.join(NAME);
        let shown = path.display();
        match std::fs::metadata(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e).with_context(|| format!("{shown}: cannot be read")),
            Ok(found) if found.len() > LARGEST => bail!("{shown}: is too large to be the record of an SDK"),
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("{shown}: cannot be read"))?;
        let fix =
            "bring back the file as it was, or write the SDK again: longshore plugin update-sdk --force";
        let record: Self = serde_json::from_str(&text)
            .with_context(|| format!("{shown}: is not the record of an SDK; {fix}"))?;
        if record.language != word(language) {
            bail!("{shown}: language: is {:?} in a plugin in {}; {fix}", record.language, word(language));
        }
        match record.files.keys().find(|path| !inside(path)) {
            Some(path) => bail!("{shown}: files: {path:?} is not a path within the folder; {fix}"),
            None => Ok(Some(record)),
        }
    }

    /// Writes it into a folder.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        put(&folder.join(NAME), &(serde_json::to_string_pretty(self)? + "\n"))
    }
}

/// The word for a language.
fn word(language: Language) -> &'static str {
    match language {
        Language::Rust => "rust",
        Language::Go => "go",
    }
}

/// Whether a path leads nowhere but down.
fn inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(dir.path(), Language::Go).unwrap(), None);
        Record::of(Language::Go).write(dir.path()).unwrap();
        assert_eq!(Record::read(dir.path(), Language::Go).unwrap(), Some(Record::of(Language::Go)));
    }

    #[test]
    fn a_record_that_makes_no_sense_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let check = |text: &str, want: &str| {
            std::fs::write(dir.path().join(NAME), text).unwrap();
            let error = format!("{:#}", Record::read(dir.path(), Language::Go).unwrap_err());
            assert!(error.contains(want) && error.contains("--force"), "{error}");
        };
        let with = |language: &str, path: &str| {
            format!(
                r#"{{"language": "{language}", "longshore": "0.1.0", "interface": "i", "files": {{"{path}": "00"}}}}"#
            )
        };
        check("{", "is not the record of an SDK");
        check(&with("rust", "a.go"), "language: is \"rust\" in a plugin in go");
        for path in ["../a.go", "/etc/passwd", "a/../../b", "", "./a"] {
            check(&with("go", path), "is not a path within the folder");
        }
    }
}
