//! Configuration files.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::guests::Guests;
use super::loader::{Loaded, Loader};

/// The largest configuration file that is read, in bytes: what kubectl puts into a ConfigMap.
const LARGEST_CONFIG: u64 = 1 << 20;

/// The profiles of a configuration file (`-`: of standard input); without one the default profile.
///
/// # Errors
/// Everything that is wrong with the file, one line each.
pub fn profiles(file: Option<&Path>, loader: &Loader) -> anyhow::Result<Loaded> {
    profiles_after(file, loader, &Guests::default())
}

/// The same where plugins are loaded already.
///
/// # Errors
/// As before; what is wrong with the content is a [`NotLoaded`](crate::NotLoaded).
pub fn profiles_after(file: Option<&Path>, loader: &Loader, before: &Guests) -> anyhow::Result<Loaded> {
    let Some(file) = file else {
        return Ok(Loaded {
            resolved: loader.default_profile()?,
            guests: Guests::default(),
            files: Vec::new(),
            absent: BTreeSet::new(),
        });
    };
    let text = config_text(file)?;
    // A file without a folder, and standard input, belong to the working directory.
    let folder = file.parent().unwrap_or(Path::new(""));
    Ok(loader.load(&file.display().to_string(), &text, folder, before)?)
}

/// The text of a configuration file; of standard input where it is called `-`.
///
/// # Errors
/// It cannot be read, is too large, or no text.
pub fn config_text(file: &Path) -> anyhow::Result<String> {
    let name = file.display();
    let open = || -> std::io::Result<Box<dyn Read>> {
        Ok(if file == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(fs::File::open(file)?) })
    };
    let opened = open().with_context(|| format!("{name}: cannot be opened; check the path"))?;
    let wanted = "a KubeSchedulerConfiguration is wanted";
    let mut bytes = Vec::new();
    opened
        .take(LARGEST_CONFIG + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name}: cannot be read; {wanted}"))?;
    if bytes.len() as u64 > LARGEST_CONFIG {
        return Err(anyhow!("{name}: is larger than 1 MiB; {wanted}"));
    }
    let text = longshore_manifest::utf8(&bytes).into_owned();
    String::from_utf8(text).with_context(|| format!("{name}: cannot be read as text; {wanted}"))
}
