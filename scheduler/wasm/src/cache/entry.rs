//! One file of compiled code: a header that says what it is, then the code.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The first bytes of every entry.
const MAGIC: &[u8; 8] = b"longshor";
/// Grows when the layout of entries, or what may be in the code, changes.
const FORMAT: u32 = 1;
/// Magic, format, kind, module, engine, length, checksum.
const HEADER: usize = 8 + 4 + 4 + 32 + 32 + 8 + 32;

/// What the code is compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A component.
    Component,
    /// A core module.
    Module,
}

impl Kind {
    fn number(self) -> u32 {
        match self {
            Self::Component => 1,
            Self::Module => 2,
        }
    }
}

/// What compiled code depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: Kind,
    /// SHA-256 of the module.
    pub(super) module: [u8; 32],
    /// SHA-256 of the compiler's version and settings.
    pub(super) engine: [u8; 32],
}

impl Key {
    /// The name of the entry: the module first, so that people can find theirs.
    pub(super) fn file_name(&self) -> String {
        let mut name = String::new();
        let hex = |name: &mut String, bytes: &[u8]| {
            for byte in bytes {
                // Writing to a string cannot fail.
                let _ = write!(name, "{byte:02x}");
            }
        };
        hex(&mut name, &self.module);
        let _ = write!(name, "-{}-{FORMAT}-", self.kind.number());
        let (short, _) = self.engine.split_at(8);
        hex(&mut name, short);
        name + super::folder::SUFFIX
    }
}

/// Code that was checked against its header and its key.
pub(super) struct Verified<'a>(&'a [u8]);

impl<'a> Verified<'a> {
    /// The code.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// The header for `code`.
pub(super) fn header(key: &Key, code: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&FORMAT.to_le_bytes());
    header.extend_from_slice(&key.kind.number().to_le_bytes());
    header.extend_from_slice(&key.module);
    header.extend_from_slice(&key.engine);
    header.extend_from_slice(&(code.len() as u64).to_le_bytes());
    header.extend_from_slice(&Sha256::digest(code));
    header
}

/// The code in `file`, if the file is whole, undamaged and of this key.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify<'a>(file: &'a [u8], key: &Key) -> Result<Verified<'a>, String> {
    let (found, code) = file.split_at_checked(HEADER).ok_or("it is shorter than its header")?;
    // The header is a function of key and code: any difference, in whatever field, makes the entry useless.
    let expected = header(key, code);
    if found == expected {
        return Ok(Verified(code));
    }
    let (what_found, what_expected) = (found.get(..HEADER - 40), expected.get(..HEADER - 40));
    Err(if what_found == what_expected { "it is damaged" } else { "it is of another version or module" }
        .into())
}
