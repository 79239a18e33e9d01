//! What is wrong with a recording.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A recording cannot be read, or not from some place on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system does not let us.
    #[error("{}: cannot be read: {error}", file.display())]
    Io {
        /// File or folder.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no recording.
    #[error("{}: holds no recording (files *.lsr); `longshore run --record DIR` makes one", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// There are too many files.
    #[error("{}: holds more than {most} files; a recording has fewer", folder.display())]
    Crowded {
        /// The folder.
        folder: PathBuf,
        /// How many there may be.
        most: usize,
    },
    /// The file is something else.
    #[error("{}: is no recording: it does not begin as one does", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file is of a format that this program does not know.
    #[error(
        "{}: is of format {format}, and this program reads format {known}; use the program that recorded it",
        file.display()
    )]
    Format {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: u8,
        /// Ours.
        known: u8,
    },
    /// The file ends in the middle, as one does whose writer was killed.
    #[error("{}: ends at byte {offset} in the middle of {what}; what comes before is whole", file.display())]
    Cut {
        /// The file.
        file: PathBuf,
        /// Where what is incomplete begins.
        offset: u64,
        /// What is incomplete.
        what: &'static str,
    },
    /// The content is damaged.
    #[error("{}: is damaged at byte {offset}: {problem}; what comes before is whole", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where what is damaged begins.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
}

impl ReadError {
    pub(crate) fn io(file: &Path, error: io::Error) -> Self {
        Self::Io { file: file.to_path_buf(), error }
    }

    pub(crate) fn damaged(file: &Path, offset: u64, problem: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_path_buf(), offset, problem: problem.into() }
    }

    /// Whether the file just ends too early.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Cut { .. })
    }
}
