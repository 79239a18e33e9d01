//! The beginning of a segment, and its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::block::{fill, word};
use crate::error::ReadError;
use crate::limits::MOST_HEADER;
use crate::settings::Settings;

/// What a file begins with, before the number of its format.
const MAGIC: &[u8; 7] = b"LSHREC\n";
/// The format that is written, and the only one that is read.
const FORMAT: u8 = 1;
/// How names of segments end.
pub(crate) const SUFFIX: &str = ".lsr";
/// Bytes before the header.
const PREAMBLE: usize = 16;

/// How a segment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begins {
    /// With an engine that knew nothing.
    Empty,
    /// With a checkpoint; the segment before it ends where this one begins.
    Checkpoint,
    /// With a checkpoint after so many turns that are missing.
    AfterHole(u64),
}

/// What stands before the turns of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Which process recorded: when it began, in milliseconds, and a number by chance.
    pub session: (i64, u32),
    /// The how-manieth segment of it.
    pub number: u32,
    /// When it begins, in milliseconds.
    pub at: i64,
    /// With what it begins.
    pub begins: Begins,
    /// What the engine was given.
    pub settings: Settings,
}

impl Header {
    /// The name of the file: segments of a folder, by name, are in the order of time.
    pub(crate) fn file_name(&self) -> String {
        let (began, chance) = self.session;
        format!("{began:015}-{chance:08x}-{:06}{SUFFIX}", self.number)
    }

    /// The bytes of it.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, String> {
        let json = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let length = u32::try_from(json.len()).ok().filter(|l| *l as usize <= MOST_HEADER);
        let length = length.ok_or("the configuration is too large to be recorded")?;
        let mut bytes = MAGIC.to_vec();
        bytes.push(FORMAT);
        bytes.extend(length.to_le_bytes());
        bytes.extend(crc32fast::hash(&json).to_le_bytes());
        bytes.extend(json);
        Ok(bytes)
    }

    /// Reads it from the beginning of a file. Returns it with its length.
    pub(crate) fn read(from: &mut impl Read, file: &Path) -> Result<(Self, u64), ReadError> {
        let cut = || ReadError::Cut { file: file.to_path_buf(), offset: 0, what: "its beginning" };
        let mut preamble = [0; PREAMBLE];
        let read = fill(from, &mut preamble).map_err(|error| ReadError::io(file, error))?;
        let have = read.min(MAGIC.len());
        if preamble[..have] != MAGIC[..have] {
            return Err(ReadError::Foreign { file: file.to_path_buf() });
        }
        if read > MAGIC.len() && preamble[MAGIC.len()] != FORMAT {
            let format = preamble[MAGIC.len()];
            return Err(ReadError::Format { file: file.to_path_buf(), format, known: FORMAT });
        }
        if read < PREAMBLE {
            return Err(cut());
        }
        let length = word(&preamble, 8) as usize;
        let damaged = |problem: String| ReadError::damaged(file, 8, problem);
        if length > MOST_HEADER {
            return Err(damaged("its beginning is longer than any that is written".to_string()));
        }
        let mut json = Vec::new();
        from.take(length as u64).read_to_end(&mut json).map_err(|error| ReadError::io(file, error))?;
        if json.len() < length {
            return Err(cut());
        }
        if word(&preamble, 12) != crc32fast::hash(&json) {
            return Err(damaged("its beginning does not match its checksum".to_string()));
        }
        let header = serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
        Ok((header, (PREAMBLE + length) as u64))
    }

    /// The header of a file.
    pub(crate) fn of(path: &Path) -> Result<Self, ReadError> {
        let mut file = File::open(path).map_err(|error| ReadError::io(path, error))?;
        Ok(Self::read(&mut file, path)?.0)
    }
}
