//! What `longshore plugin new --lang rust` writes passes its own tests.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_rust_template_passes_its_own_tests() {
    let build = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = build.join("templates/rust");
    let plugins = build.parent().unwrap();
    let sdk = format!("{{ path = \"{}\" }}", plugins.join("sdk/rust").display());
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    for (from, to) in [("Cargo.toml.in", "Cargo.toml"), ("lib.rs.in", "src/lib.rs")] {
        let text = fs::read_to_string(template.join(from)).unwrap();
        let text =
            text.replace("{{name}}", "zone-pack").replace("{{Name}}", "ZonePack").replace("{{sdk}}", &sdk);
        fs::write(folder.path().join(to), text).unwrap();
    }
    // The versions that the SDK is tested with, which are there already.
    fs::copy(plugins.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template");
    let passed = Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target)
        .status()
        .unwrap();
    assert!(passed.success());
}
