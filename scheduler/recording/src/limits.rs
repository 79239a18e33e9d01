//! How large things may be.

use std::time::Duration;

/// How much a recording keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all segments together; the oldest are removed.
    pub bytes: u64,
    /// How old the newest turn of a segment may be before the segment is removed.
    pub age: Duration,
    /// Bytes of one segment, from which the next one is begun.
    pub segment_bytes: u64,
    /// How long one segment goes on.
    pub segment_age: Duration,
    /// Turns that wait to be written, at the most.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(1 << 30, Duration::from_secs(7 * 24 * 3600))
    }
}

impl Limits {
    /// Segments of a sixteenth of what is kept, and of an hour at the most.
    pub fn of(bytes: u64, age: Duration) -> Self {
        Self {
            bytes,
            age,
            segment_bytes: (bytes / 16).clamp(64 << 10, 64 << 20),
            segment_age: Duration::from_secs(3600).min(age / 4).max(Duration::from_secs(1)),
            waiting: 1 << 16,
        }
    }
}

/// Bytes of lines after which a block is written.
pub(crate) const BLOCK: usize = 512 << 10;
/// Bytes of one line at the most. The largest is what a source says of all nodes.
pub(crate) const MOST_LINE: usize = 24 << 20;
/// Bytes of a block at the most, unpacked.
pub(crate) const MOST_RAW: usize = BLOCK + MOST_LINE + 8;
/// Bytes of a block at the most, packed: zstd makes nothing much larger than it was.
pub(crate) const MOST_PACKED: usize = MOST_RAW + (MOST_RAW >> 7) + 1024;
/// Bytes of the settings in a segment at the most.
pub(crate) const MOST_HEADER: usize = 8 << 20;
/// Pod specs that a segment numbers before it begins anew.
pub(crate) const MOST_SPECS: usize = 1 << 14;
/// Files that a folder of recordings may have.
pub(crate) const MOST_FILES: usize = 1 << 16;
