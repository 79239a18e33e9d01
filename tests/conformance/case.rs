//! Reading cases and running them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use longshore_engine::{Evaluation, Options, TieBreak};
use longshore_framework::features::{Features, Minor};
use longshore_framework::registry::Registry;
use longshore_loader as plugins;
use longshore_simulation::Simulated;
use longshore_simulation::{self as simulation, attempts};
use serde_json::Value;

use crate::compare::differences;

/// A file of another form: single expressions.
const EXPRESSIONS: &str = "cel.";

/// The files of recorded cases in a folder, by name.
pub(crate) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_of_cases = |name: String| name.contains(".jsonl") && !name.starts_with(EXPRESSIONS);
    files.retain(|file| is_of_cases(name(file)));
    files.sort();
    Ok(files)
}

/// The cases of a file, one JSON object per line.
pub(crate) fn read(file: &Path) -> Result<Vec<Value>, String> {
    let open = File::open(file).map_err(|e| e.to_string())?;
    let reader: Box<dyn Read> = if file.extension().is_some_and(|e| e == "gz") {
        Box::new(GzDecoder::new(open))
    } else {
        Box::new(open)
    };
    BufReader::new(reader)
        .lines()
        .map(|line| serde_json::from_str(&line.map_err(|e| e.to_string())?).map_err(|e| e.to_string()))
        .collect()
}

/// Runs a case by the rules of a minor; what differs from what was recorded.
pub(crate) fn run(case: &Value, minor: Minor, evaluation: Evaluation) -> Vec<String> {
    run_with(case, &plugins::registry().with_features(Features::of(minor)), evaluation)
}

/// The same with other plugins.
pub(crate) fn run_with(case: &Value, registry: &Registry, evaluation: Evaluation) -> Vec<String> {
    match simulated(case, case["config"].as_str(), registry, evaluation) {
        Ok(simulated) => differences(&case["expected"], &attempts::to_json(&simulated), &simulated),
        Err(problem) => vec![problem],
    }
}

/// What becomes of the pods of a case, by a configuration or by default.
pub(crate) fn simulated(
    case: &Value,
    config: Option<&str>,
    registry: &Registry,
    evaluation: Evaluation,
) -> Result<Simulated, String> {
    let objects = case["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let features = registry.features();
    let options = longshore_manifest::Options { features, ..Default::default() };
    let cluster = longshore_manifest::read_values_with(objects, options);
    if let Some(problem) = cluster.problems.first() {
        return Err(format!("unreadable: {problem}"));
    }
    let defaults = plugins::default_multi_point_by(features);
    let resolved = match config {
        Some(config) => longshore_profile::load("config", config, registry, &defaults),
        None => longshore_profile::default_profile(registry, &defaults),
    };
    let profiles = resolved.map_err(|error| format!("configuration: {error}"))?.profiles;
    let options =
        Options { tie_break: TieBreak::First, trace: true, evaluation, features, ..Options::default() };
    Ok(simulation::run(&cluster, profiles, options, &mut |_| {}))
}
