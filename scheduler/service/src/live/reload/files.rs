//! Whether files have changed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What tells one state of a file from another without reading it. A ConfigMap's files are links: it is what they lead to
/// that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// `None` when there is no file.
    fn of(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        let modified = (about.mtime(), about.mtime_nsec());
        Some(Self { device: about.dev(), inode: about.ino(), size: about.len(), modified })
    }
}

/// The modules of plugins, as they were when they were read, and when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Modules {
    read: BTreeMap<PathBuf, Option<Stamp>>,
    seen: BTreeMap<PathBuf, Option<Stamp>>,
}

impl Modules {
    /// Files that are about to be read.
    pub(super) fn about_to_read(files: &[PathBuf]) -> Self {
        let read: BTreeMap<_, _> = files.iter().map(|file| (file.clone(), Stamp::of(file))).collect();
        Self { seen: read.clone(), read }
    }

    /// Files that were read after the last look: what was written since then is news.
    pub(super) fn read_since(&self, files: &[PathBuf]) -> Self {
        let stamp = |file: &PathBuf| self.seen.get(file).cloned().unwrap_or_else(|| Stamp::of(file));
        let read: BTreeMap<_, _> = files.iter().map(|file| (file.clone(), stamp(file))).collect();
        Self { seen: read.clone(), read }
    }

    /// Whether one is another since it was read, and was the same at the last two looks: one that is being written is left
    /// alone, and so is one that is gone.
    pub(super) fn changed(&mut self) -> bool {
        let now: BTreeMap<_, _> = self.read.keys().map(|file| (file.clone(), Stamp::of(file))).collect();
        let changed = |(file, now): (&PathBuf, &Option<Stamp>)| {
            now.is_some() && self.read.get(file) != Some(now) && self.seen.get(file) == Some(now)
        };
        let any = now.iter().any(changed);
        self.seen = now;
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_changed_once_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plugin.wasm");
        std::fs::write(&file, "one").unwrap();
        let mut modules = Modules::about_to_read(std::slice::from_ref(&file));
        assert!(!modules.changed());
        std::fs::write(&file, "two of").unwrap();
        assert!(!modules.changed(), "it may be half written");
        std::fs::write(&file, "two of them").unwrap();
        assert!(!modules.changed(), "it was");
        assert!(modules.changed());
        std::fs::remove_file(&file).unwrap();
        assert!(!modules.changed() && !modules.changed(), "it is being replaced");
        std::fs::write(&file, "three").unwrap();
        assert!(!modules.changed() && modules.changed());
        assert!(!Modules::about_to_read(&[file]).changed());
    }
}
