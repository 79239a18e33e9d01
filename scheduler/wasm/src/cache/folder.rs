//! A folder that is ours alone, with files that appear whole and the least recently used of which go first.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::debug;

/// How names of entries end.
pub(super) const SUFFIX: &str = ".compiled";
/// How names of unfinished files begin.
const UNFINISHED: &str = ".new-";

/// A private folder of entries.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    most: u64,
}

impl Folder {
    /// `most`: bytes of all entries together.
    pub(super) fn new(path: PathBuf, most: u64) -> Self {
        Self { path, most }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file `name`; `None` when there is none.
    ///
    /// # Errors
    /// The folder or the file is not ours alone, or cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        match fs::symlink_metadata(&self.path) {
            Ok(about) => private(&about, &self.path)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        }
        let path = self.path.join(name);
        let named = match fs::symlink_metadata(&path) {
            Ok(named) if named.is_file() => named,
            Ok(_) => return Err(format!("{} is not a regular file; remove it", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = File::open(&path).map_err(failed)?;
        let opened = file.metadata().map_err(failed)?;
        if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
            return Err(format!("{} was replaced while it was opened", path.display()));
        }
        private(&opened, &path)?;
        if opened.len() > self.most {
            return Err(format!("{} is larger than the whole cache may be; remove it", path.display()));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }

    /// Puts a file there, all at once, and removes what was used longest ago when there is too much.
    ///
    /// # Errors
    /// The folder is not ours alone, the file too large, or the disk full.
    pub(super) fn write(&self, name: &str, header: &[u8], body: &[u8]) -> Result<(), String> {
        let size = (header.len() as u64).saturating_add(body.len() as u64);
        if size > self.most {
            return Err(format!("it has {size} bytes, the whole cache may have {}", self.most));
        }
        let failed = |error: std::io::Error| error.to_string();
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        private(&fs::symlink_metadata(&self.path).map_err(failed)?, &self.path)?;
        let (unfinished, mut file) = self.unfinished()?;
        let written = (|| {
            file.write_all(header)?;
            file.write_all(body)?;
            // Without this, a power cut could leave a whole name on half a file; its checksum would show it.
            file.sync_all()?;
            fs::rename(&unfinished, self.path.join(name))
        })();
        if let Err(error) = written {
            // It is of no use any more, and may be gone already.
            let _ = fs::remove_file(&unfinished);
            return Err(error.to_string());
        }
        self.shrink(name);
        Ok(())
    }

    /// Notes that `name` was used.
    #[allow(clippy::disallowed_methods, reason = "the age of files on disk; no decision depends on it")]
    pub(super) fn touch(&self, name: &str) {
        let opened = OpenOptions::new().append(true).open(self.path.join(name));
        if let Err(error) = opened.and_then(|file| file.set_modified(SystemTime::now())) {
            debug!(name, %error, "the use of an entry cannot be noted");
        }
    }

    /// Removes `name`.
    pub(super) fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.path.join(name)) {
            debug!(name, %error, "an entry cannot be removed");
        }
    }

    /// A new file for this user only. Another process may have the same number, in a container of its own.
    fn unfinished(&self) -> Result<(PathBuf, File), String> {
        let mut last = String::new();
        for number in 0..64 {
            let path = self.path.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error.to_string(),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err(format!("{}: {last}; remove the files {UNFINISHED}*", self.path.display()))
    }

    /// Removes the entries used longest ago until the rest is small enough. `newest` stays.
    fn shrink(&self, newest: &str) {
        let mut entries = self.entries();
        let mut total = entries.iter().fold(0_u64, |total, entry| total.saturating_add(entry.size));
        entries.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
        for entry in entries {
            if total <= self.most {
                return;
            }
            if entry.name != newest {
                self.remove(&entry.name);
                total = total.saturating_sub(entry.size);
            }
        }
    }

    /// Every file of ours, those left unfinished by a crash too. What else is in the folder is none of our business.
    fn entries(&self) -> Vec<CachedFile> {
        let Ok(listing) = fs::read_dir(&self.path) else { return Vec::new() };
        let entry = |found: fs::DirEntry| {
            let name = found.file_name().into_string().ok()?;
            if !name.ends_with(SUFFIX) && !name.starts_with(UNFINISHED) {
                return None;
            }
            let about = found.metadata().ok()?;
            Some(CachedFile { name, size: about.len(), used: about.modified().ok()? })
        };
        listing.flatten().filter_map(entry).collect()
    }
}

/// A file in the folder.
struct CachedFile {
    name: String,
    size: u64,
    used: SystemTime,
}

/// Whether a folder or file belongs to us and nobody else may write to it.
fn private(about: &Metadata, path: &Path) -> Result<(), String> {
    let path = path.display();
    if about.is_symlink() {
        return Err(format!("{path} is a symbolic link; name the folder itself"));
    }
    let (owner, us) = (about.uid(), rustix::process::geteuid().as_raw());
    if owner != us {
        return Err(format!(
            "{path} belongs to user {owner}, not to user {us}; give it away or name another folder"
        ));
    }
    if about.mode() & 0o022 != 0 {
        return Err(format!("{path} may be written to by others; chmod go-w it"));
    }
    Ok(())
}
