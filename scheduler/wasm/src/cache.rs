//! Compiled code on disk, so that a start does not compile what an earlier one has compiled.
//!
//! Compiled code is trusted as much as this program: it is machine code that is run as it is. Therefore only what this
//! program wrote itself is loaded: from a folder that belongs to this user and that nobody else may write to, under the
//! digest of the module, the version of wasmtime and its settings, and with a checksum over all of it. Whatever is
//! wrong with an entry or with the folder costs a compilation and a line in the log, never a plugin.

mod entry;
mod folder;

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tracing::{debug, warn};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use entry::{Key, Kind, Verified};
use folder::Folder;

/// Bytes of all entries at the most, unless said otherwise.
const MOST: u64 = 512 << 20;

/// Where compiled code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was on disk.
    Cache,
    /// It was compiled just now.
    Compiled,
}

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub(crate) struct CompiledCache {
    folder: Folder,
}

impl CompiledCache {
    /// In `dir`, which is made when something is kept; entries of at most 512 MiB together.
    pub(crate) fn new(dir: impl Into<PathBuf>) -> Self {
        Self::with_size(dir, MOST)
    }

    /// As [`CompiledCache::new`], with `most` bytes of entries.
    pub(crate) fn with_size(dir: impl Into<PathBuf>, most: u64) -> Self {
        Self { folder: Folder::new(dir.into(), most) }
    }

    /// The component `bytes`, whose SHA-256 is `digest`, for `engine`.
    ///
    /// # Errors
    /// It cannot be compiled. Trouble with the cache is logged.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        bytes: &[u8],
        digest: &[u8; 32],
    ) -> wasmtime::Result<(Component, Origin)> {
        let key = key(engine, Kind::Component, digest);
        if let Some(Code::Component(component)) = self.kept(engine, &key) {
            return Ok((component, Origin::Cache));
        }
        let component = Component::from_binary(engine, bytes)?;
        self.keep(&key, component.serialize());
        Ok((component, Origin::Compiled))
    }

    /// As [`CompiledCache::component`], for a core module.
    ///
    /// # Errors
    /// As [`CompiledCache::component`].
    pub(crate) fn module(
        &self,
        engine: &Engine,
        bytes: &[u8],
        digest: &[u8; 32],
    ) -> wasmtime::Result<(Module, Origin)> {
        let key = key(engine, Kind::Module, digest);
        if let Some(Code::Module(module)) = self.kept(engine, &key) {
            return Ok((module, Origin::Cache));
        }
        let module = Module::from_binary(engine, bytes)?;
        self.keep(&key, module.serialize());
        Ok((module, Origin::Compiled))
    }

    fn kept(&self, engine: &Engine, key: &Key) -> Option<Code> {
        let name = key.file_name();
        let file = match self.folder.read(&name) {
            Ok(found) => found?,
            Err(why) => {
                warn!(folder = %self.folder.path().display(), why, "compiled plugins are not taken from disk");
                return None;
            }
        };
        let loaded = entry::verify(&file, key).and_then(|code| load(engine, key.kind, code));
        match loaded {
            Ok(code) => {
                debug!(name, "compiled code taken from disk");
                self.folder.touch(&name);
                Some(code)
            }
            Err(why) => {
                warn!(name, why, "a compiled plugin on disk cannot be used; it is compiled again");
                self.folder.remove(&name);
                None
            }
        }
    }

    fn keep(&self, key: &Key, code: wasmtime::Result<Vec<u8>>) {
        let written = match code {
            Ok(code) => self.folder.write(&key.file_name(), &entry::header(key, &code), &code),
            Err(error) => Err(format!("{error:#}")),
        };
        if let Err(why) = written {
            warn!(folder = %self.folder.path().display(), why, "a compiled plugin is not kept on disk");
        }
    }
}

/// Compiled code.
enum Code {
    Component(Component),
    Module(Module),
}

#[allow(unsafe_code, reason = "wasmtime cannot check machine code; see the comment on safety")]
fn load(engine: &Engine, kind: Kind, code: Verified<'_>) -> Result<Code, String> {
    // SAFETY: the bytes have to be what `serialize` gave, unchanged. `Verified` is only made from a file that is ours
    // alone to write (checked when it was opened), whose header carries our format, the module's digest, wasmtime's
    // version and settings, and whose checksum over the code is right. It is in memory, where no other process can
    // change it any more. wasmtime checks its own version and settings once more.
    let loaded = match kind {
        Kind::Component => unsafe { Component::deserialize(engine, code.bytes()) }.map(Code::Component),
        Kind::Module => unsafe { Module::deserialize(engine, code.bytes()) }.map(Code::Module),
    };
    loaded.map_err(|error| format!("{error:#}"))
}

fn key(engine: &Engine, kind: Kind, module: &[u8; 32]) -> Key {
    let mut hasher = Sha256Hasher(Sha256::new());
    // wasmtime's version is part of it.
    engine.precompile_compatibility_hash().hash(&mut hasher);
    Key { kind, module: *module, engine: hasher.0.finalize().into() }
}

/// Feeds what is hashed to SHA-256: the standard hasher's 64 bits are few, and may differ between releases.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        let (first, _) = digest.split_at(8);
        first.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests;
