//! Where the binaries are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder that `make control-plane` fills.
fn built() -> PathBuf {
    if let Some(folder) = env::var_os("LONGSHORE_CONTROL_PLANE") {
        return folder.into();
    }
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache");
    env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("longshore/control-plane")
}

/// The binary `name` of the control plane: from KUBEBUILDER_ASSETS when it is there, else from what
/// `make control-plane` built.
pub fn find(name: &str) -> Option<PathBuf> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let folders = assets.into_iter().chain([built()]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// As [`find`], for what the test cannot do without. Panics with what to do about it.
#[track_caller]
pub fn need(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| {
        let folder = built();
        let folder = folder.display();
        panic!("{name} is neither in KUBEBUILDER_ASSETS nor in {folder}; run `make control-plane`")
    })
}

/// Whether `name` is there; a line on standard error when the test has to be left out.
pub fn have(name: &str) -> bool {
    let found = find(name).is_some();
    if !found {
        eprintln!("SKIPPED: no {name}; run `make control-plane`");
    }
    found
}

/// The number behind `1.` of the version of kube-apiserver.
pub fn minor() -> u32 {
    static MINOR: OnceLock<u32> = OnceLock::new();
    *MINOR.get_or_init(|| {
        let output = Command::new(need("kube-apiserver")).arg("--version").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let minor = text.split_once("v1.").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        minor.unwrap_or_else(|| panic!("kube-apiserver --version says {text:?}"))
    })
}

/// The `longshore` command: LONGSHORE_BINARY, else built once with the profile this program was built with.
///
/// A test gets no path to a binary of another crate from cargo, so this asks cargo for it.
pub fn longshore() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| env::var_os("LONGSHORE_BINARY").map_or_else(build_longshore, PathBuf::from))
}

/// Builds `longshore` beside this program: `target/debug/deps/live-…` gives `target/debug/longshore`.
fn build_longshore() -> PathBuf {
    let program = env::current_exe().unwrap();
    let folder = program.ancestors().nth(2).unwrap();
    // Cargo's test profile goes to `debug`, its bench profile to `release`, as the ones they inherit from.
    let profile = if folder.ends_with("release") { "release" } else { "test" };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--locked",
            "-p",
            "longshore-cli",
            // Named too, so that dependencies get the features that they got for this program.
            "-p",
            "longshore-tests",
            "--bin",
            "longshore",
            "--profile",
            profile,
        ])
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "cargo could not build longshore");
    folder.join("longshore")
}
