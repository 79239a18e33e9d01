//! A folder with a recording.

use std::fs;
use std::path::{Path, PathBuf};

use longshore_framework::Timestamp;

use crate::error::ReadError;
use crate::index::{Index, SegmentEntry};
use crate::limits::MOST_FILES;
use crate::segment::{Begins, Header, SUFFIX};

/// A file of a recording.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// How it begins.
    pub header: Header,
    /// What the index says of it.
    pub entry: Option<SegmentEntry>,
}

/// Segments that belong together: nothing is missing between them.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The segments, in order; at least one.
    pub segments: Vec<Segment>,
    /// Whether the process went on to record after its end, so that nothing of it is missing by a crash.
    pub is_followed: bool,
}

impl Stretch {
    /// The first segment.
    pub fn first(&self) -> Option<&Segment> {
        self.segments.first()
    }

    /// When it begins.
    pub fn from(&self) -> Timestamp {
        Timestamp(self.first().map_or(0, |first| first.header.at))
    }

    /// Whether it begins with an engine that knew nothing, so that a replay comes to the same in everything.
    pub fn is_from_start(&self) -> bool {
        self.first().is_some_and(|first| first.header.begins == Begins::Empty)
    }
}

/// A recording: the segments of a folder.
#[derive(Debug)]
pub struct Recording {
    /// Its stretches, in the order of time.
    pub stretches: Vec<Stretch>,
    /// Files that are no segments though they are called so, and why.
    pub unreadable: Vec<ReadError>,
}

impl Recording {
    /// Looks at a folder, and at the beginning of each segment in it.
    ///
    /// # Errors
    /// The folder cannot be read, or has nothing that can.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        let (mut stretches, mut unreadable) = (Vec::<Stretch>::new(), Vec::new());
        let index = Index::read(folder);
        for path in files(folder)? {
            let header = match Header::of(&path) {
                Ok(header) => header,
                Err(error) => {
                    unreadable.push(error);
                    continue;
                }
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = fs::metadata(&path).map_or(0, |found| found.len());
            let entry = index.0.get(&name).filter(|entry| entry.bytes == bytes).cloned();
            let segment = Segment { path, header, entry };
            let last = stretches.last_mut();
            let before = last.as_ref().and_then(|last| last.segments.last()).map(|last| &last.header);
            let same = before.is_some_and(|before| before.session == segment.header.session);
            let next = same && before.is_some_and(|b| b.number.checked_add(1) == Some(segment.header.number));
            match last {
                Some(last) if next && segment.header.begins == Begins::Checkpoint => {
                    last.segments.push(segment);
                }
                last => {
                    if let (Some(last), true) = (last, same) {
                        last.is_followed = true;
                    }
                    stretches.push(Stretch { segments: vec![segment], is_followed: false });
                }
            }
        }
        if stretches.is_empty() {
            return Err(match unreadable.into_iter().next() {
                Some(error) => error,
                None => ReadError::Empty { folder: folder.to_path_buf() },
            });
        }
        Ok(Self { stretches, unreadable })
    }
}

/// The files of a folder that are called as segments are, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let io = |error| ReadError::io(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.to_string_lossy().ends_with(SUFFIX) {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            return Err(ReadError::Crowded { folder: folder.to_path_buf(), most: MOST_FILES });
        }
    }
    files.sort_unstable();
    Ok(files)
}
