//! `index.json`: what lies in which segment, so that nobody has to read them all to find a time. It only saves time: what it
//! says of a file counts where the file is as long as it says, and everything else is read from the segments.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::limits::MOST_FILES;
use crate::segment::Begins;

/// Name of the file.
pub const INDEX: &str = "index.json";
/// Bytes that it may have.
const MOST: u64 = 64 << 20;

/// What is known of a segment that is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentEntry {
    /// Its length in bytes.
    pub bytes: u64,
    /// Time of its first turn, in milliseconds.
    pub from: i64,
    /// Time of its last turn.
    pub until: i64,
    /// How many turns it has.
    pub turns: u64,
    /// How many of them are attempts.
    pub attempts: u64,
    /// With what it begins.
    pub begins: Begins,
}

/// The index of a folder, by name of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index(pub(crate) BTreeMap<String, SegmentEntry>);

impl Index {
    /// The index of a folder; empty where there is none, or none that can be read.
    pub(crate) fn read(folder: &Path) -> Self {
        let file = folder.join(INDEX);
        let fits = fs::metadata(&file).is_ok_and(|found| found.len() <= MOST);
        let text = if fits { fs::read(&file).unwrap_or_default() } else { Vec::new() };
        let index: Self = serde_json::from_slice(&text).unwrap_or_default();
        if index.0.len() > MOST_FILES { Self::default() } else { index }
    }

    /// Writes it in place of the one that is there: nobody sees half of it.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let new = folder.join(format!("{INDEX}.new"));
        let mut file = fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_data()?;
        fs::rename(new, folder.join(INDEX))
    }
}
