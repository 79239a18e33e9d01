//! The files that are written, and how many of them are kept.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use longshore_framework::Timestamp;

use crate::block;
use crate::directory::files;
use crate::index::{Index, SegmentEntry};
use crate::limits::Limits;
use crate::segment::Header;
use crate::status::Status;

/// A segment that is complete.
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    bytes: u64,
    /// When its last turn was; unknown of those that another process left in the middle.
    until: Option<i64>,
}

/// The segment that is being written.
#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    began: Instant,
    entry: SegmentEntry,
}

#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    limits: Limits,
    kept: VecDeque<Kept>,
    index: Index,
    open: Option<Open>,
    status: Arc<Status>,
}

impl Files {
    /// The files of a folder, which is made if it is not there.
    pub(super) fn open(folder: &Path, limits: Limits, status: Arc<Status>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let index = Index::read(folder);
        let kept = files(folder).map_err(|error| io::Error::other(error.to_string()))?;
        let kept = kept.into_iter().map(|path| {
            let bytes = fs::metadata(&path).map_or(0, |found| found.len());
            let until = index.0.get(&name(&path)).map(|entry| entry.until);
            Kept { path, bytes, until }
        });
        let kept = kept.collect();
        Ok(Self { folder: folder.to_path_buf(), limits, kept, index, open: None, status })
    }

    /// Begins a segment.
    pub(super) fn begin(&mut self, header: &Header, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(header.file_name());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        let bytes = bytes.len() as u64;
        let entry = SegmentEntry {
            bytes,
            from: header.at,
            until: header.at,
            turns: 0,
            attempts: 0,
            begins: header.begins,
        };
        self.open = Some(Open { file, path, began: Instant::now(), entry });
        self.status.segments.fetch_add(1, Ordering::Relaxed);
        self.status.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.remove_old();
        Ok(())
    }

    /// A turn is among what is appended next.
    pub(super) fn saw(&mut self, at: Timestamp, is_attempt: bool) {
        if let Some(open) = &mut self.open {
            open.entry.until = open.entry.until.max(at.0);
            open.entry.turns += 1;
            open.entry.attempts += u64::from(is_attempt);
        }
    }

    /// Writes lines as a block.
    pub(super) fn append(&mut self, raw: &[u8]) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let block = block::pack(raw)?;
        open.file.write_all(&block)?;
        open.entry.bytes += block.len() as u64;
        self.status.bytes.fetch_add(block.len() as u64, Ordering::Relaxed);
        self.remove_old();
        Ok(())
    }

    /// Makes sure that what was written outlives the machine.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.open.as_ref().map_or(Ok(()), |open| open.file.sync_data())
    }

    /// Whether it is time for the next segment.
    pub(super) fn is_full(&self) -> bool {
        self.open.as_ref().is_some_and(|open| {
            open.entry.bytes >= self.limits.segment_bytes || open.began.elapsed() >= self.limits.segment_age
        })
    }

    /// Ends the segment.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        open.file.sync_data()?;
        let Open { path, entry, .. } = open;
        self.kept.push_back(Kept { path: path.clone(), bytes: entry.bytes, until: Some(entry.until) });
        self.index.0.insert(name(&path), entry);
        self.index.write(&self.folder)
    }

    /// Something failed: what was written in part is taken back, as far as that goes.
    pub(super) fn give_up(&mut self) {
        if let Some(open) = self.open.take() {
            // It is read up to its last whole block in any case.
            let _ = open.file.set_len(open.entry.bytes);
        }
    }

    /// What went wrong, with the file.
    pub(super) fn explained(&self, error: &io::Error) -> String {
        let at = self.open.as_ref().map_or(&self.folder, |open| &open.path);
        format!("{}: {error}", at.display())
    }

    /// Removes the oldest segments until what is kept is no more than it may be. The one that is being written stays.
    fn remove_old(&mut self) {
        let Some(open) = &self.open else { return };
        let mut total = open.entry.bytes + self.kept.iter().map(|kept| kept.bytes).sum::<u64>();
        let age = i64::try_from(self.limits.age.as_millis()).unwrap_or(i64::MAX);
        let oldest = open.entry.until.saturating_sub(age);
        while let Some(first) = self.kept.front() {
            let is_old = first.until.is_some_and(|until| until < oldest);
            if total <= self.limits.bytes && !is_old {
                return;
            }
            total -= first.bytes;
            // One that somebody else removed is gone as well.
            let _ = fs::remove_file(&first.path);
            self.index.0.remove(&name(&first.path));
            self.kept.pop_front();
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
