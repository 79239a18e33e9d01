//! What has to be done to a folder that has an SDK, so that it has another.

use std::path::Path;

use anyhow::Context;
use longshore_plugin_build::sdk::File;

use super::put;
use super::record::{Record, digest};

/// What is to be done. Made by looking only.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Files to be written.
    pub(crate) write: Vec<&'static File>,
    /// Files that are no part of the SDK any more.
    pub(crate) remove: Vec<String>,
    /// Files that are not as the record says: somebody changed them.
    pub(crate) changed: Vec<String>,
}

/// A file as it is on disk.
enum Found {
    Nothing,
    /// With this digest.
    File(String),
    /// A link, a folder.
    Other,
}

impl Plan {
    /// From what lies in the folder, and was written by `before`, to `after`.
    ///
    /// A file that is as `after` has it already is left alone, so that an update that was cut short can be done again.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn of(folder: &Path, before: Option<&Record>, after: &'static [File]) -> anyhow::Result<Self> {
        let mut plan = Self::default();
        let written = |path: &str| before.and_then(|record| record.files.get(path));
        for file in after {
            let (path, text) = file;
            let found = look(&folder.join(path))?;
            if matches!(&found, Found::File(is) if *is == digest(text.as_bytes())) {
                continue;
            }
            if foreign(&found, written(path)) {
                plan.changed.push((*path).to_string());
            }
            plan.write.push(file);
        }
        let gone = before.iter().flat_map(|record| &record.files);
        for (path, was) in gone.filter(|(path, _)| after.iter().all(|(other, _)| other != path)) {
            let found = look(&folder.join(path))?;
            if foreign(&found, Some(was)) {
                plan.changed.push(path.clone());
            }
            if !matches!(found, Found::Nothing) {
                plan.remove.push(path.clone());
            }
        }
        plan.changed.sort();
        Ok(plan)
    }

    /// Does it.
    ///
    /// # Errors
    /// A file cannot be written or removed.
    pub(crate) fn carry_out(&self, folder: &Path) -> anyhow::Result<()> {
        for (path, text) in &self.write {
            put(&folder.join(path), text)?;
        }
        for path in &self.remove {
            let file = folder.join(path);
            std::fs::remove_file(&file).with_context(|| format!("{}: cannot be removed", file.display()))?;
            // Only those of the SDK's own folders that nothing is left in.
            for parent in file.ancestors().skip(1).take_while(|parent| *parent != folder) {
                if std::fs::remove_dir(parent).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn look(path: &Path) -> anyhow::Result<Found> {
    let Ok(about) = path.symlink_metadata() else { return Ok(Found::Nothing) };
    if !about.is_file() {
        return Ok(Found::Other);
    }
    let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    Ok(Found::File(digest(&bytes)))
}

/// Whether something is there that the SDK did not write.
fn foreign(found: &Found, written: Option<&String>) -> bool {
    match found {
        Found::Nothing => false,
        Found::File(is) => written != Some(is),
        Found::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::args::plugin::Language;

    const BEFORE: &[File] = &[("a.go", "one"), ("b/b.go", "two"), ("old/c.go", "three")];
    const AFTER: &[File] = &[("a.go", "1"), ("b/b.go", "two"), ("new/d.go", "4")];

    fn begun() -> (tempfile::TempDir, Record) {
        let dir = tempfile::tempdir().unwrap();
        let mut record = Record::of(Language::Go);
        record.files =
            BEFORE.iter().map(|(path, text)| (path.to_string(), digest(text.as_bytes()))).collect();
        for (path, text) in BEFORE {
            put(&dir.path().join(path), text).unwrap();
        }
        (dir, record)
    }

    #[test]
    fn files_come_change_and_go() {
        let (dir, record) = begun();
        let plan = Plan::of(dir.path(), Some(&record), AFTER).unwrap();
        assert_eq!(
            (plan.write.len(), &plan.remove[..], plan.changed.len()),
            (2, &["old/c.go".to_string()][..], 0)
        );
        plan.carry_out(dir.path()).unwrap();
        for (path, text) in AFTER {
            assert_eq!(fs::read_to_string(dir.path().join(path)).unwrap(), *text);
        }
        assert!(!dir.path().join("old").exists());
        // Done once more, as after an update that was cut short before the record was written.
        let again = Plan::of(dir.path(), Some(&record), AFTER).unwrap();
        assert!(again.write.is_empty() && again.remove.is_empty() && again.changed.is_empty(), "{again:?}");
    }

    #[test]
    fn what_a_person_changed_is_named() {
        let check = |path: &str, text: &str, want: &[&str]| {
            let (dir, record) = begun();
            put(&dir.path().join(path), text).unwrap();
            assert_eq!(Plan::of(dir.path(), Some(&record), AFTER).unwrap().changed, want, "{path}");
        };
        check("a.go", "mine", &["a.go"]);
        check("old/c.go", "mine", &["old/c.go"]);
        check("new/d.go", "mine", &["new/d.go"]);
        check("b/b.go", "mine", &["b/b.go"]);
        check("mine.go", "mine", &[]);
        check("a.go", "1", &[]);
    }

    #[test]
    fn a_file_that_was_removed_comes_back() {
        let (dir, record) = begun();
        fs::remove_file(dir.path().join("b/b.go")).unwrap();
        let plan = Plan::of(dir.path(), Some(&record), AFTER).unwrap();
        assert!(plan.changed.is_empty() && plan.write.iter().any(|(path, _)| *path == "b/b.go"), "{plan:?}");
    }

    #[test]
    fn without_a_record_every_other_file_is_a_persons() {
        let (dir, _) = begun();
        assert_eq!(Plan::of(dir.path(), None, AFTER).unwrap().changed, ["a.go"]);
    }
}
