//! Who may import whom. The arrows of ARCHITECTURE.md, as a test.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Workspace crates with the workspace crates they may depend on, dev-dependencies apart.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("longshore-framework", &[]),
    ("longshore-engine", &["longshore-framework"]),
    ("longshore-profile", &["longshore-framework"]),
    ("longshore-manifest", &["longshore-framework"]),
    ("longshore-plugins-native", &["longshore-framework"]),
    ("longshore-cluster", &["longshore-framework", "longshore-manifest"]),
    ("longshore-recording", &["longshore-framework", "longshore-engine"]),
    ("longshore-artifact", &[]),
    ("longshore-wasm", &["longshore-framework"]),
    ("longshore-plugin-build", &[]),
    ("longshore-report", &[]),
    (
        "longshore-loader",
        &[
            "longshore-framework",
            "longshore-profile",
            "longshore-manifest",
            "longshore-cluster",
            "longshore-artifact",
            "longshore-wasm",
            "longshore-plugins-native",
        ],
    ),
    (
        "longshore-simulation",
        &[
            "longshore-framework",
            "longshore-engine",
            "longshore-profile",
            "longshore-manifest",
            "longshore-plugins-native",
        ],
    ),
    (
        "longshore-service",
        &[
            "longshore-framework",
            "longshore-engine",
            "longshore-profile",
            "longshore-manifest",
            "longshore-cluster",
            "longshore-wasm",
            "longshore-loader",
            "longshore-recording",
            "longshore-simulation",
        ],
    ),
    (
        "longshore-cli",
        &[
            "longshore-framework",
            "longshore-engine",
            "longshore-profile",
            "longshore-manifest",
            "longshore-cluster",
            "longshore-recording",
            "longshore-artifact",
            "longshore-wasm",
            "longshore-loader",
            "longshore-simulation",
            "longshore-service",
            "longshore-plugin-build",
            "longshore-plugins-native",
            "longshore-report",
        ],
    ),
];

/// Crates that are functions of their inputs.
const PURE: [&str; 8] = [
    "longshore-framework",
    "longshore-engine",
    "longshore-profile",
    "longshore-manifest",
    "longshore-plugins-native",
    "longshore-simulation",
    "longshore-recording",
    "longshore-report",
];

/// What the pure crates must not reach, through any number of steps.
const NEVER: &[&str] = &["tokio", "kube", "kube-client", "k8s-openapi", "wasmtime"];

fn metadata() -> Value {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Names of the packages that `package` depends on to be built, directly.
fn dependencies<'m>(metadata: &'m Value, package: &str) -> BTreeSet<&'m str> {
    let packages = metadata["packages"].as_array().unwrap();
    let found =
        packages.iter().find(|p| p["name"] == package).unwrap_or_else(|| panic!("no package {package}"));
    let built = found["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"] != "dev");
    built.map(|d| d["name"].as_str().unwrap()).collect()
}

#[test]
fn every_crate_imports_only_what_it_may() {
    let metadata = metadata();
    for (package, allowed) in MAY_IMPORT {
        let ours = dependencies(&metadata, package).into_iter().filter(|d| d.starts_with("longshore"));
        for dependency in ours {
            assert!(allowed.contains(&dependency), "{package} must not import {dependency}");
        }
    }
}

#[test]
fn every_workspace_crate_is_in_the_table() {
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|id| metadata["packages"].as_array().unwrap().iter().find(|p| p["id"] == *id))
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    let known: BTreeSet<&str> =
        MAY_IMPORT.iter().map(|(name, _)| *name).chain(["longshore-benches", "longshore-tests"]).collect();
    assert_eq!(members, known);
}

/// Package name → names of what it depends on, dev-dependencies included, from the lock file: it names every package
/// without having to fetch any.
fn locked() -> BTreeMap<String, Vec<String>> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let text = std::fs::read_to_string(lock).unwrap();
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_string);
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in text.split("[[package]]").skip(1) {
        let name = block.lines().find(|l| l.starts_with("name = ")).and_then(quoted).unwrap();
        let listed = block.split("dependencies = [").nth(1).map_or("", |d| d.split(']').next().unwrap_or(""));
        let first_word = |d: String| d.split(' ').next().unwrap_or_default().to_string();
        packages.entry(name).or_default().extend(listed.lines().filter_map(quoted).map(first_word));
    }
    packages
}

/// Everything that a crate needs, through any number of steps.
fn reached_from<'p>(packages: &'p BTreeMap<String, Vec<String>>, start: &'p str) -> BTreeSet<&'p str> {
    let mut reached = BTreeSet::new();
    let mut to_do = vec![start];
    while let Some(package) = to_do.pop() {
        let next = packages.get(package).into_iter().flatten().map(String::as_str);
        to_do.extend(next.filter(|d| reached.insert(*d)).collect::<Vec<_>>());
    }
    assert!(reached.len() > 3, "{start} reaches {reached:?}: the lock file was not understood");
    reached
}

#[test]
fn the_pure_crates_reach_no_io() {
    let packages = locked();
    for pure in PURE {
        let reached = reached_from(&packages, pure);
        for never in NEVER {
            assert!(!reached.contains(never), "{pure} reaches {never}");
        }
    }
}

#[test]
fn only_the_command_reads_a_command_line_or_draws() {
    let packages = locked();
    for library in ["longshore-simulation", "longshore-service", "longshore-loader"] {
        let reached = reached_from(&packages, library);
        for never in ["clap", "clap_builder", "indicatif"] {
            assert!(!reached.contains(never), "{library} reaches {never}");
        }
    }
    assert!(reached_from(&packages, "longshore-cli").contains("clap"), "clap has another name");
}
