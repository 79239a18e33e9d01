//! With the feature `catalogue`, packs the catalogue that `LONGSHORE_CATALOGUE_DIR` names into the program: what `make catalogue` builds.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const FOLDER: &str = "LONGSHORE_CATALOGUE_DIR";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_CATALOGUE").is_none() {
        return Ok(());
    }
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = folder.ok_or(
        "the feature catalogue needs LONGSHORE_CATALOGUE_DIR, the folder that `make catalogue` fills",
    )?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", folder.display());
    pack(&folder, &out)
}

/// Writes `catalogue.rs` and a packed file for each module.
fn pack(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let index = std::fs::read_to_string(folder.join("catalogue.json"))
        .map_err(|error| format!("{}: {error}", folder.join("catalogue.json").display()))?;
    let mut modules = String::new();
    let found = index.split("\"module\"").skip(1);
    for after in found {
        let name = after.split('"').nth(1).unwrap_or_default();
        let bytes = std::fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&bytes)?;
        let file = out.join(format!("{name}.gz"));
        std::fs::write(&file, packer.finish()?)?;
        writeln!(modules, "    ({name:?}, include_bytes!({file:?})),")?;
    }
    if modules.is_empty() {
        return Err(format!("{} names no module", folder.join("catalogue.json").display()).into());
    }
    let text = format!(
        "pub(super) const INDEX: Option<&str> = Some({index:?});\npub(super) const MODULES: &[(&str, &[u8])] = &[\n{modules}];\n"
    );
    Ok(std::fs::write(out.join("catalogue.rs"), text)?)
}
