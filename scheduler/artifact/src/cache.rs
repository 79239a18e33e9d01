//! Downloads on disk, by their digest.
//!
//! Nothing in the folder is trusted: every read hashes what it found, and throws it away when it is not what its name
//! says. So an entry that another process damages costs a download, never a wrong plugin.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{debug, warn};

use crate::digest::Digest;
use crate::file;
use crate::signing::proof::{self, Proof};

/// A folder of files named by their SHA-256, and of what shows that they are signed.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    proofs: PathBuf,
}

impl Cache {
    /// In `dir`, which is made when the first entry is written.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { folder: dir.join("sha256"), proofs: dir.join("signed") }
    }

    /// The bytes with this digest, if they are here and at most `limit`. A damaged entry is removed.
    pub(crate) async fn get(&self, digest: Digest, limit: usize) -> Option<Vec<u8>> {
        let path = self.path(digest);
        tokio::task::spawn_blocking(move || read_checked(&path, digest, limit)).await.ok().flatten()
    }

    /// Keeps `bytes` under `digest`, which is theirs. Trouble is logged: the bytes are at hand anyway.
    pub(crate) async fn put(&self, digest: Digest, bytes: Arc<Vec<u8>>) {
        self.write(self.path(digest), bytes).await;
    }

    /// What was kept to show that the module with this digest is signed. Whoever reads it has to check it.
    pub(crate) async fn proof(&self, module: Digest) -> Option<Proof> {
        let path = self.proofs.join(module.hex());
        let read = move || file::read(&path, proof::LONGEST).ok().and_then(|text| Proof::read(&text));
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// Keeps what shows that the module with this digest is signed.
    pub(crate) async fn put_proof(&self, module: Digest, proof: &Proof) {
        self.write(self.proofs.join(module.hex()), Arc::new(proof.write())).await;
    }

    async fn write(&self, path: PathBuf, bytes: Arc<Vec<u8>>) {
        let written = tokio::task::spawn_blocking(move || {
            if let Err(error) = write_whole(&path, &bytes) {
                warn!(path = %path.display(), %error, "a download cannot be kept; the next start needs the network");
            }
        });
        if let Err(error) = written.await {
            warn!(%error, "a download was not kept");
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

fn read_checked(path: &Path, digest: Digest, limit: usize) -> Option<Vec<u8>> {
    if !path.exists() {
        return None;
    }
    match file::read(path, limit) {
        Ok(bytes) if Digest::of(&bytes) == digest => Some(bytes),
        Ok(_) => {
            warn!(path = %path.display(), "a kept download is damaged; it is removed and fetched again");
            remove(path);
            None
        }
        Err(problem) => {
            debug!(path = %path.display(), %problem, "a kept download cannot be read");
            None
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        warn!(path = %path.display(), %error, "a damaged download cannot be removed");
    }
}

/// Writes to a file of another name and renames it, so that nobody sees half of it, not even after a power cut.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_private(folder)?;
    let unique = format!(".new-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let temporary = folder.join(unique);
    let written = (|| {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        fs::File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // The rename may have happened: then there is nothing to remove.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
