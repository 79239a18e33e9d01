//! The SDK in a plugin's folder: written there by `plugin new`, replaced by `plugin update-sdk`.

mod plan;
mod record;

use std::path::Path;

use anyhow::Context;
use longshore_plugin_build::sdk::{self, File};

use crate::args::plugin::Language;

pub(super) use plan::Plan;
pub(super) use record::Record;

/// The folder of the SDK in the plugin's.
pub(super) const FOLDER: &str = "sdk";

/// The sources that are in this program.
pub(super) fn sources(language: Language) -> &'static [File] {
    match language {
        Language::Rust => sdk::RUST,
        Language::Go => sdk::GO,
    }
}

/// Writes the whole SDK and its record into a folder.
pub(super) fn write(folder: &Path, language: Language) -> anyhow::Result<()> {
    for (path, text) in sources(language) {
        put(&folder.join(path), text)?;
    }
    Record::of(language).write(folder)
}

/// Writes a file and makes the folders that it lies in. A link is replaced, not followed.
pub(super) fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    }
    if file.is_symlink() {
        std::fs::remove_file(file).with_context(|| format!("{}: cannot be replaced", file.display()))?;
    }
    std::fs::write(file, text).with_context(|| format!("{}: cannot be written", file.display()))
}
