//! Blocks: a number of lines, packed, with checksums of what is packed and of how much it is.
//!
//! ```text
//!  packed length · raw length · checksum of these two │ packed bytes │ checksum of the packed bytes
//!       4               4                4            │              │             4
//! ```

use std::io::Read;
use std::path::Path;

use crate::error::ReadError;
use crate::limits::{MOST_PACKED, MOST_RAW};

/// Bytes before the packed ones.
pub(crate) const HEAD: usize = 12;
/// Bytes after them.
pub(crate) const TAIL: usize = 4;
/// How hard it is packed: a higher level costs the scheduler's neighbours more time than it saves room.
const LEVEL: i32 = 1;

/// `raw` as a block.
pub(crate) fn pack(raw: &[u8]) -> std::io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(raw, LEVEL)?;
    let mut block = Vec::with_capacity(HEAD + packed.len() + TAIL);
    block.extend(length(packed.len()).to_le_bytes());
    block.extend(length(raw.len()).to_le_bytes());
    block.extend(crc32fast::hash(&block).to_le_bytes());
    let sum = crc32fast::hash(&packed);
    block.extend(packed);
    block.extend(sum.to_le_bytes());
    Ok(block)
}

/// What is written is far smaller.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The next block of a file, unpacked; `None` at the end of the file. Moves `offset` behind it.
pub(crate) fn next(
    from: &mut impl Read,
    file: &Path,
    offset: &mut u64,
) -> Result<Option<Vec<u8>>, ReadError> {
    let at = *offset;
    let damaged = |problem: &str| ReadError::damaged(file, at, problem);
    let cut = || ReadError::Cut { file: file.to_path_buf(), offset: at, what: "a block" };
    let mut head = [0; HEAD];
    match fill(from, &mut head).map_err(|error| ReadError::io(file, error))? {
        0 => return Ok(None),
        HEAD => {}
        _ => return Err(cut()),
    }
    if word(&head, 8) != crc32fast::hash(&head[..8]) {
        return Err(damaged("the lengths of a block do not match their checksum"));
    }
    let (packed, raw) = (word(&head, 0) as usize, word(&head, 4) as usize);
    if packed > MOST_PACKED || raw > MOST_RAW {
        return Err(damaged("a block is larger than any that is written"));
    }
    // Read in pieces: memory is taken for what is there, not for what the length promises.
    let mut bytes = Vec::new();
    let wanted = packed + TAIL;
    from.take(wanted as u64).read_to_end(&mut bytes).map_err(|error| ReadError::io(file, error))?;
    if bytes.len() < wanted {
        return Err(cut());
    }
    let sum = word(&bytes, packed);
    bytes.truncate(packed);
    if sum != crc32fast::hash(&bytes) {
        return Err(damaged("a block does not match its checksum"));
    }
    let unpacked = zstd::bulk::decompress(&bytes, raw).map_err(|_| damaged("a block cannot be unpacked"))?;
    if unpacked.len() != raw {
        return Err(damaged("a block is of another length than it says"));
    }
    *offset = at + (HEAD + wanted) as u64;
    Ok(Some(unpacked))
}

/// Reads until the buffer is full or the file ends; how much was read.
pub(crate) fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match from.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The number that stands at a place; the caller has seen to it that there is one.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    found.map_or(0, u32::from_le_bytes)
}
