//! Lists the sources of the SDKs, so that they are in the program: every file of their folders but what only this repository has use for.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The SDKs, by the names of their constants.
const SDKS: [(&str, &str); 2] = [("RUST", "../sdk/rust"), ("GO", "../sdk/go")];

/// Folders that no plugin needs: what compilers leave, what makes the bindings, what tests of the SDK compile.
const LEFT_OUT: [&str; 3] = ["target", "bindgen", "probe"];

fn main() -> io::Result<()> {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut text = String::new();
    for (name, folder) in SDKS {
        let root = home.join(folder).canonicalize()?;
        let mut files = Vec::new();
        walk(&root, &mut files)?;
        files.sort();
        constant(name, &root, &files, &mut text);
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("sdk.rs"), text)
}

/// The files below a folder. Cargo looks at every folder for files that come and go.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                walk(&entry.path(), files)?;
            }
        } else if name != "Cargo.lock" && !name.ends_with("_test.go") {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// `pub const NAME: &[File]`, with paths as every system writes them.
fn constant(name: &str, root: &Path, files: &[PathBuf], text: &mut String) {
    let _ = writeln!(
        text,
        "/// The SDK in `{}`, in the order of paths.",
        root.file_name().unwrap_or_default().display()
    );
    let _ = writeln!(text, "pub const {name}: &[File] = &[");
    for file in files {
        let inside = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(text, "    ({inside:?}, include_str!({:?})),", file.to_string_lossy());
    }
    text.push_str("];\n");
}
