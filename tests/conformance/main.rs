//! Recorded decisions of the real kube-scheduler against ours.
//!
//! `cargo test --test conformance` runs the sample in `tests/conformance/data`; with `LONGSHORE_CONFORMANCE` set to a
//! folder of `*.jsonl` and `*.jsonl.gz` files it runs all of them, and prints passed and failed per family. An argument
//! restricts the run to cases whose name contains it and prints where they differ.

#![allow(clippy::print_stdout, reason = "a test runner reports on standard output")]

mod case;
mod compare;
mod known;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/data");
    let folder = std::env::var_os("LONGSHORE_CONFORMANCE").map_or(sample, PathBuf::from);
    let files = match case::files(&folder) {
        Ok(files) => files,
        Err(error) => {
            println!("cannot read {}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let (good, bad) = family(&file, filter.as_deref());
        passed += good;
        failed += bad;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one file; how many cases passed and failed.
fn family(file: &Path, filter: Option<&str>) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    let cases = match case::read(file) {
        Ok(cases) => cases,
        Err(error) => {
            println!("{}: {error}", file.display());
            return (0, 1);
        }
    };
    for case in cases {
        let name = case["name"].as_str().unwrap_or("?").to_string();
        if filter.is_some_and(|f| !name.contains(f)) {
            continue;
        }
        let differences = known::explained(&name, case::run(&case));
        if differences.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            let shown = if filter.is_some() { usize::MAX } else { 2 };
            println!("  {name}: {} differences", differences.len());
            for difference in differences.iter().take(shown) {
                println!("    {difference}");
            }
        }
    }
    if passed + failed > 0 {
        let family = file.file_name().and_then(|f| f.to_str()).and_then(|f| f.split('.').next());
        println!("{:24} {passed:5} passed {failed:5} failed", family.unwrap_or("?"));
    }
    (passed, failed)
}
