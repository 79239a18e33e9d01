//! The plugins of the tutorials in docs/plugins are those of plugins/examples, or pass their own tests.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may, and say what they leave out")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// What a page says that a file holds: the block after the line that begins with the file's name.
fn block(page: &str, file: &str) -> String {
    let path = plugins().join(format!("../docs/plugins/{page}.md"));
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("\n`{file}`")).unwrap_or_else(|| panic!("{page} has no {file}"));
    let (_, rest) = rest.split_once("\n```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let (block, _) = rest.split_once("\n```").unwrap();
    format!("{block}\n")
}

#[test]
fn pages_show_the_examples_as_they_are() {
    let pages = [
        ("waking", "siblings", "siblings"),
        ("queue", "small-first", "smallfirst"),
        ("metrics", "load-aware", "loadaware"),
    ];
    for (page, rust, go) in pages {
        let files = [
            ("src/lib.rs", format!("examples/rust/{rust}/src/lib.rs")),
            ("main.go", format!("examples/go/{go}/main.go")),
            ("main_test.go", format!("examples/go/{go}/main_test.go")),
        ];
        for (file, example) in files {
            let example = plugins().join(example);
            let same = block(page, file) == fs::read_to_string(&example).unwrap();
            assert!(same, "{file} of docs/plugins/{page}.md is not {}", example.display());
        }
    }
}

/// Runs a command in a folder, and says what it said when it fails.
#[track_caller]
fn passes(command: &mut Command, folder: &Path) {
    let done = command.current_dir(folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
}

#[test]
fn the_plugin_that_reads_a_custom_resource_passes_its_tests_in_rust() {
    let folder = tempfile::tempdir().unwrap();
    let template = fs::read_to_string(plugins().join("build/templates/rust/Cargo.toml.in")).unwrap();
    let sdk = format!("{{ path = \"{}\" }}", plugins().join("sdk/rust").display());
    let manifest = template.replace("{{name}}", "release-window").replace("{{sdk}}", &sdk);
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    // The versions that the SDK is tested with, which are there already.
    fs::copy(plugins().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/lib.rs"), block("objects", "src/lib.rs")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    let mut command = Command::new("cargo");
    passes(command.args(["test", "--quiet"]).env("CARGO_TARGET_DIR", target), folder.path());
}

#[test]
fn the_plugin_that_reads_a_custom_resource_passes_its_tests_in_go() {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("skipped: there is no go command");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sdk = plugins().join("sdk/go");
    let module = fs::read_to_string(sdk.join("go.mod")).unwrap();
    let name = module.lines().next().unwrap().trim_start_matches("module ").to_owned();
    let text = format!(
        "module release-window\n\ngo 1.24\n\nrequire {name} v0.0.0\n\nreplace {name} => {}\n",
        sdk.display()
    );
    fs::write(folder.path().join("go.mod"), text).unwrap();
    for file in ["main.go", "main_test.go"] {
        fs::write(folder.path().join(file), block("objects", file)).unwrap();
    }
    passes(Command::new("go").args(["vet", "."]), folder.path());
    passes(Command::new("go").args(["test", "."]), folder.path());
}
