//! The sources of the SDKs, as they were when this was compiled. `build.rs` lists them.

/// The path of a file in its SDK, with `/` between its parts, and its text.
pub type File = (&'static str, &'static str);

include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The versions of other crates that the Rust SDK is tested with.
const TESTED: &str = include_str!("../../Cargo.lock");

/// What begins a package in `Cargo.lock`.
const PACKAGE: &str = "[[package]]\n";

/// `Cargo.lock` of a package in Rust that needs these crates of ours and others: the versions that the SDK is tested with.
pub fn lock(name: &str, version: &str, dependencies: &[&str]) -> String {
    let mut parts = TESTED.split(PACKAGE);
    let head = parts.next().unwrap_or_default();
    // What has no source is a folder of this repository: the SDK, or one of the examples.
    let kept = parts
        .filter(|part| part.contains("\nsource = ") || part.starts_with("name = \"longshore-plugin\"\n"));
    let mut packages: Vec<String> = kept.map(|part| format!("{}\n", part.trim_end())).collect();
    let listed: String = dependencies.iter().map(|name| format!(" \"{name}\",\n")).collect();
    packages.push(format!("name = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n{listed}]\n"));
    packages.sort();
    head.to_string() + &packages.iter().map(|part| format!("{PACKAGE}{part}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(files: &[File], path: &str) -> bool {
        files.iter().any(|(other, _)| *other == path)
    }

    #[test]
    fn what_a_plugin_needs_is_there_and_nothing_else() {
        assert!(has(RUST, "Cargo.toml") && has(RUST, "src/bindings.rs") && has(RUST, "src/table/apply.rs"));
        assert!(has(GO, "go.mod") && has(GO, "filter/export_wasip1.go") && has(GO, "internal/abi/doc.go"));
        for (path, _) in RUST.iter().chain(GO) {
            for other in ["target/", "bindgen/", "probe/", "_test.go", "Cargo.lock"] {
                assert!(!path.contains(other), "{path}");
            }
        }
    }

    #[test]
    fn the_rust_sdk_needs_no_workspace_around_it() {
        let (_, manifest) = RUST.iter().find(|(path, _)| *path == "Cargo.toml").unwrap();
        assert!(!manifest.contains("workspace"), "{manifest}");
    }

    #[test]
    fn the_lock_names_the_plugin_and_none_of_the_examples() {
        let lock = lock("zone-pack", "0.1.0", &["longshore-plugin", "serde"]);
        let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
        assert!(
            names.is_sorted() && names.contains(&"\"zone-pack\"") && names.contains(&"\"longshore-plugin\"")
        );
        assert!(names.contains(&"\"serde_json\"") && !names.contains(&"\"nodenumber\""), "{names:?}");
    }
}
