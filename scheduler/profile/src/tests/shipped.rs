//! The files in `profiles/` are what they say.

use std::path::Path;

use crate::{Configuration, parse};

fn shipped(name: &str) -> Configuration {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn check(name: &str, scheduler_names: &[&str]) {
    let written = shipped(name);
    let names: Vec<&str> = written.profiles.iter().map(|p| p.scheduler_name.as_str()).collect();
    assert_eq!(names, scheduler_names, "{name}");
    assert_eq!(
        written.leader_election.resource_name, "longshore",
        "{name} must not take kube-scheduler's lease"
    );
}

#[test]
fn every_shipped_profile_is_read_strictly_and_serves_its_names() {
    check("default.yaml", &["longshore"]);
    check("longshore.yaml", &["longshore"]);
    check("binpack.yaml", &["longshore"]);
    check("spread.yaml", &["longshore"]);
    check("requested-to-capacity.yaml", &["longshore"]);
    check("wasm.yaml", &["longshore"]);
    check("two-profiles.yaml", &["longshore", "longshore-binpack"]);
}

#[test]
fn every_shipped_profile_is_in_the_list_above_and_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let above = include_str!("shipped.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yaml") {
            assert!(readme.contains(&format!("({name})")), "README.md does not mention {name}");
            assert!(above.contains(&format!("check(\"{name}\"")), "{name} is not tested");
        }
    }
}
