//! Recorded decisions of the real kube-scheduler against ours, for each minor that was recorded.
//!
//! `cargo test --test conformance` runs the samples in `tests/conformance/data*`; with `LONGSHORE_CONFORMANCE` set to
//! folders of `*.jsonl` and `*.jsonl.gz` files (as `PATH` names folders) it runs all of them, and prints passed and failed per
//! family. Each case is decided twice: literally, and from what is kept of earlier decisions. An argument restricts the run to
//! cases whose name contains it and prints where they differ.

#![allow(clippy::print_stdout, reason = "a test runner reports on standard output")]

mod case;
mod compare;
mod coscheduling;
mod groups;
mod known;
mod sets;

use std::path::Path;
use std::process::ExitCode;

use longshore_engine::Evaluation;
use longshore_framework::features::Minor;
use serde_json::Value;
use sets::Set;

/// How many cases passed and failed.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let counts: Vec<Count> = sets::sets().iter().map(|set| run(set, filter.as_deref())).collect();
    let good = |count: &Count| count.failed == 0 && (count.passed > 0 || filter.is_some());
    let some = counts.iter().any(|count| count.passed > 0);
    if some && counts.iter().all(good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a set.
fn run(set: &Set, filter: Option<&str>) -> Count {
    let Set { folder, minor } = set;
    println!("Kubernetes {minor}: {}", folder.display());
    let files = match case::files(folder) {
        Ok(files) => files,
        Err(error) => {
            println!("cannot read {}: {error}", folder.display());
            return Count { passed: 0, failed: 1 };
        }
    };
    let mut sum = Count::default();
    for file in files {
        let count = family(&file, *minor, filter);
        sum.passed += count.passed;
        sum.failed += count.failed;
    }
    println!("Kubernetes {minor}: {} passed, {} failed", sum.passed, sum.failed);
    sum
}

/// Runs one file.
fn family(file: &Path, minor: Minor, filter: Option<&str>) -> Count {
    let mut count = Count::default();
    let cases = match case::read(file) {
        Ok(cases) => cases,
        Err(error) => {
            println!("{}: {error}", file.display());
            return Count { passed: 0, failed: 1 };
        }
    };
    for case in cases {
        let name = case["name"].as_str().unwrap_or("?").to_string();
        if filter.is_some_and(|f| !name.contains(f)) {
            continue;
        }
        let differences = known::explained(&name, minor, decided(&case, minor));
        if differences.is_empty() {
            count.passed += 1;
        } else {
            count.failed += 1;
            let shown = if filter.is_some() { usize::MAX } else { 2 };
            println!("  {name}: {} differences", differences.len());
            for difference in differences.iter().take(shown) {
                println!("    {difference}");
            }
        }
    }
    let Count { passed, failed } = count;
    if passed + failed > 0 {
        let family = file.file_name().and_then(|f| f.to_str()).and_then(|f| f.split('.').next());
        println!("{:24} {passed:5} passed {failed:5} failed", family.unwrap_or("?"));
    }
    count
}

/// What differs when the case is decided literally; where nothing does, when what the classes keep is held against that.
fn decided(case: &Value, minor: Minor) -> Vec<String> {
    let run = match (case["family"].as_str(), &case["expected"]["groups"]) {
        (Some("Coscheduling"), _) => coscheduling::run,
        (_, Value::Object(_)) => groups::run,
        _ => case::run,
    };
    let literal = run(case, minor, Evaluation::Literal);
    if literal.is_empty() { run(case, minor, Evaluation::Audited) } else { literal }
}
