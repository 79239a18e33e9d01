//! The turns of a segment.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::block::{self, word};
use crate::entry::Entry;
use crate::error::ReadError;
use crate::limits::MOST_LINE;
use crate::line::Unlined;
use crate::segment::Header;

/// Reads a segment from its beginning. After an error there is nothing more to be had of it.
#[derive(Debug)]
pub struct SegmentReader {
    path: PathBuf,
    file: BufReader<File>,
    header: Header,
    offset: u64,
    /// The block at hand, where it began, and how much of it was read.
    block: (Vec<u8>, u64, usize),
    lines: Unlined,
    ended: bool,
}

impl SegmentReader {
    /// Opens a segment.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let mut file = BufReader::new(File::open(path).map_err(|error| ReadError::io(path, error))?);
        let (header, offset) = Header::read(&mut file, path)?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            header,
            offset,
            block: (Vec::new(), offset, 0),
            lines: Unlined::default(),
            ended: false,
        })
    }

    /// What stands before the turns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where in the file the next block begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn step(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let (bytes, began, at) = &mut self.block;
            if *at >= bytes.len() {
                let begins = self.offset;
                let Some(next) = block::next(&mut self.file, &self.path, &mut self.offset)? else {
                    return Ok(None);
                };
                self.block = (next, begins, 0);
                continue;
            }
            let damaged = |problem: String| ReadError::damaged(&self.path, *began, problem);
            let length = word(bytes, *at) as usize;
            let rest = bytes.len() - *at;
            if rest < 4 || length > rest - 4 || length > MOST_LINE {
                return Err(damaged("a line is longer than its block".to_string()));
            }
            let line = &bytes[*at + 4..*at + 4 + length];
            let entry = self.lines.read(line).map_err(damaged)?;
            *at += 4 + length;
            if let Some(entry) = entry {
                return Ok(Some(entry));
            }
        }
    }
}

impl Iterator for SegmentReader {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.step().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}
