//! Recorded decisions of scheduler-plugins' own plugins against those of the catalogue's guests.
//!
//! `cargo test --test catalogue` builds the catalogue (or takes the one that `LONGSHORE_CATALOGUE` names) and runs the sample in
//! `tests/catalogue/data`, and the golden cases of the plugins; with `LONGSHORE_CATALOGUE_CASES` set to a folder of
//! `FAMILY.jsonl.gz` files it runs all of them. It prints passed and failed per family. An argument restricts the run to cases
//! whose name contains it and prints where they differ.

#![allow(clippy::print_stdout, reason = "a test runner reports on standard output")]

#[path = "../conformance/case.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the conformance suite, which uses all of it")]
mod case;
#[path = "../conformance/compare.rs"]
#[allow(dead_code, reason = "shared with the conformance suite, which uses all of it")]
mod compare;
mod declared;
mod differences;
mod golden;
mod replay;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

/// Names the folder of recorded cases.
const CASES: &str = "LONGSHORE_CATALOGUE_CASES";
/// Names a catalogue that is built already.
const CATALOGUE: &str = "LONGSHORE_CATALOGUE";

/// Plugins that the catalogue does not have, and why.
const LATER: [(&str, &str); 1] = [("Coscheduling", "it is a plugin of Longshore itself")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The catalogue's folder; `None` where it cannot be built.
fn catalogue() -> Result<Option<PathBuf>, String> {
    if let Some(folder) = std::env::var_os(CATALOGUE) {
        return Ok(Some(folder.into()));
    }
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output();
    let sysroot = sysroot.map_err(|error| format!("rustc: {error}"))?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_string();
    if !Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir() {
        return Ok(None);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("catalogue");
    world::build(&root(), &folder)?;
    Ok(Some(folder))
}

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let catalogue = match catalogue() {
        Ok(Some(folder)) => folder,
        Ok(None) => {
            println!("skipped: the target wasm32-unknown-unknown is not installed");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("the catalogue cannot be built: {error}");
            return ExitCode::FAILURE;
        }
    };
    let folder = std::env::var_os(CASES)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue/data"), PathBuf::from);
    match case::files(&folder) {
        Ok(files) => {
            let families = files.iter().filter_map(|file| family(file, &catalogue, filter.as_deref()));
            let mut counts: Vec<(usize, usize)> = families.collect();
            if std::env::var_os(CATALOGUE).is_none() && filter.is_none() {
                for run in [golden::run, declared::run] {
                    counts.push(run(&root(), &catalogue).unwrap_or_else(|error| {
                        println!("{error}");
                        (0, 1)
                    }));
                }
            }
            let passed: usize = counts.iter().map(|(passed, _)| passed).sum();
            let failed: usize = counts.iter().map(|(_, failed)| failed).sum();
            println!("Catalogue: {passed} passed, {failed} failed");
            if passed > 0 && failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("cannot read {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Runs one file: how many cases passed and failed; `None` when the catalogue is not to have the plugin.
fn family(file: &Path, catalogue: &Path, filter: Option<&str>) -> Option<(usize, usize)> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split('.').next())
        .unwrap_or("?");
    if let Some((_, why)) = LATER.iter().find(|(later, _)| *later == name) {
        println!("{name:28} left out: {why}");
        return None;
    }
    let cases: Vec<Value> = match case::read(file) {
        Ok(cases) => cases,
        Err(error) => {
            println!("{}: {error}", file.display());
            return Some((0, 1));
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for case in cases {
        let name = case["name"].as_str().unwrap_or("?");
        if filter.is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        let differences = match replay::replay(&case, catalogue) {
            Ok(replayed) => differences::differences(&case["expected"], &replayed),
            Err(error) => vec![error],
        };
        if differences.is_empty() {
            passed += 1;
            continue;
        }
        failed += 1;
        println!("  {name}: {} differences", differences.len());
        let shown = if filter.is_some() { usize::MAX } else { 2 };
        differences.iter().take(shown).for_each(|difference| println!("    {difference}"));
    }
    println!("{name:28} {passed:5} passed {failed:5} failed");
    Some((passed, failed))
}
