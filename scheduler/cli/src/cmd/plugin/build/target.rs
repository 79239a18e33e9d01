//! Whether Rust can compile for WebAssembly here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The target that Rust plugins are compiled for.
pub(crate) const NAME: &str = "wasm32-unknown-unknown";

/// How to get the target, when the Rust that a folder is built with has none. `None` too when there is no Rust to ask.
///
/// Without the target the compiler speaks of a missing `core`, which helps nobody.
pub(crate) fn missing(dir: &Path) -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries = printed(&rustc, dir, &["--print", "target-libdir", "--target", NAME])?;
    if libraries.is_dir() {
        return None;
    }
    // A toolchain of rustup lies in a folder of its name, and commands in the folder go to the same one.
    let sysroot = printed(&rustc, dir, &["--print", "sysroot"])?;
    let toolchain = sysroot.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let of_rustup = sysroot.parent().is_some_and(|parent| parent.ends_with("toolchains"));
    Some(fix(of_rustup.then_some(&toolchain), &sysroot))
}

/// The words for it.
fn fix(toolchain: Option<&String>, sysroot: &Path) -> String {
    match toolchain {
        Some(name) => format!(
            "its toolchain {name} lacks the target; add it: rustup target add {NAME} --toolchain {name}"
        ),
        None => format!(
            "the Rust in {} lacks the target; install it from where this Rust came from (Debian: apt-get install \
             libstd-rust-dev-wasm32), or use the Rust of https://rustup.rs and: rustup target add {NAME}",
            sysroot.display()
        ),
    }
}

/// The path that the compiler answers with.
fn printed(rustc: &OsString, dir: &Path, args: &[&str]) -> Option<PathBuf> {
    let asked = Command::new(rustc).args(args).current_dir(dir).stderr(Stdio::null()).output().ok()?;
    let path = String::from_utf8_lossy(&asked.stdout).trim().to_string();
    (asked.status.success() && !path.is_empty()).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mend_is_one_for_the_rust_that_is_there() {
        let rustup = fix(Some(&"1.95.0-x86_64-unknown-linux-gnu".to_string()), Path::new("/x"));
        assert!(
            rustup.ends_with(
                "rustup target add wasm32-unknown-unknown --toolchain 1.95.0-x86_64-unknown-linux-gnu"
            ),
            "{rustup}"
        );
        let other = fix(None, Path::new("/usr"));
        assert!(other.contains("the Rust in /usr") && other.contains("libstd-rust-dev-wasm32"), "{other}");
    }
}
