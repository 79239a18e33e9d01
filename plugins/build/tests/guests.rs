//! The components in `tests/guests` are what their sources say: a digest of the sources is always held against the one
//! that was written down with them, and where Rust can build for WebAssembly they are built anew, byte for byte.
//!
//! With `UPDATE_EXPECT=1` they are written anew.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test, which says what it leaves out")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// The examples that tests of the host use.
const GUESTS: [&str; 9] = [
    "gang",
    "load-aware",
    "maintenance",
    "make-room",
    "nodenumber",
    "pod-quota",
    "resources-fit",
    "siblings",
    "small-first",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

fn update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

/// Every file below a path, in order of their names.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

/// The digest of everything that a guest is built from.
fn sources(guest: &str) -> String {
    let root = root();
    let example = format!("plugins/examples/rust/{guest}");
    let inputs = [
        "rust-toolchain.toml",
        "plugins/Cargo.toml",
        "plugins/Cargo.lock",
        "plugins/wit",
        "plugins/guests.sh",
        "plugins/modules.sh",
        "plugins/sdk/rust/Cargo.toml",
        "plugins/sdk/rust/src",
        &format!("{example}/Cargo.toml"),
        &format!("{example}/src"),
    ];
    let mut digest = Sha256::new();
    for file in inputs.iter().flat_map(|input| files(&root.join(input))) {
        let bytes = fs::read(&file).unwrap();
        digest.update(file.strip_prefix(&root).unwrap().to_str().unwrap());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether Rust can build for WebAssembly here.
fn has_target() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
}

/// The component of each guest, built now.
fn build() -> Vec<(&'static str, Vec<u8>)> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(root().join("plugins/guests.sh"));
    let built = command.arg("--core").arg(out.path()).args(GUESTS).env_remove("RUSTFLAGS").status().unwrap();
    assert!(built.success(), "plugins/guests.sh failed");
    let component = |guest: &'static str| {
        let core = fs::read(out.path().join(format!("{guest}.wasm"))).unwrap();
        (guest, longshore_plugin_build::componentize(&core).unwrap())
    };
    GUESTS.into_iter().map(component).collect()
}

#[test]
fn the_guests_are_what_their_sources_say() {
    let folder = root().join("tests/guests");
    if has_target() {
        for (guest, component) in build() {
            let path = folder.join(format!("{guest}.wasm"));
            if update() {
                fs::write(path, component).unwrap();
            } else {
                assert!(
                    fs::read(path).unwrap() == component,
                    "{guest} is another plugin now: make guests-tests"
                );
            }
        }
    } else {
        eprintln!("skipped: building the guests anew, as the target wasm32-unknown-unknown is not installed");
    }
    let lines: String = GUESTS.iter().map(|guest| format!("{}  {guest}\n", sources(guest))).collect();
    let noted = folder.join("sources.sha256");
    if update() {
        fs::write(&noted, &lines).unwrap();
    }
    let found = fs::read_to_string(&noted).unwrap();
    assert_eq!(found, lines, "the sources of the guests changed: make guests-tests");
}
