//! What the alerts say of series, by promtool, where there is one in PATH; without it this test says so and passes.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::helm::objects;
use super::{read, repository};

fn promtool() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join("promtool")).find(|file| file.is_file())
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run has to say so")]
fn alerts_fire_when_they_should_and_only_then() {
    let Some(promtool) = promtool() else {
        eprintln!("SKIPPED: there is no promtool in PATH");
        return;
    };
    let objects = objects(&read("tests/chart/golden/everything.yaml"));
    let rules = objects.iter().find(|o| o["kind"] == "PrometheusRule").map(|rule| &rule["spec"]);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let rules: &Value = rules.expect("the set has rules");
    // Prometheus reads YAML, and JSON is YAML.
    fs::write(folder.path().join("rules.yaml"), rules.to_string()).expect("it can be written");
    let tests = folder.path().join("tests.yaml");
    fs::copy(repository("tests/chart/alerts.yaml"), &tests).expect("it can be copied");
    let ran = Command::new(promtool).args(["test", "rules"]).arg(&tests).output().expect("it can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}{err}");
}
