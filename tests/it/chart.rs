//! The Helm chart: what it renders, what it refuses, and the documents that go with it. Rendering needs helm
//! (`make control-plane`, or one in PATH); without it these tests say so and pass. `UPDATE_EXPECT=1` writes golden files,
//! `charts/install.yaml` and the table of values anew.

/// What the alerts say.
mod alerts;
/// What a value set renders, word by word.
mod golden;
/// Finding and running helm.
mod helm;
/// Metrics in alerts and dashboards, and their runbooks.
mod metrics;
/// What values make of the pods, and how Prometheus trusts them.
mod pods;
/// The table of values.
mod readme;
/// Values that are refused.
mod refusals;
/// What holds of every rendering.
mod rendered;
/// The rights of the scheduler's account.
mod rights;

use std::fs;
use std::path::{Path, PathBuf};

/// A path of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value sets of `charts/longshore/ci`, by name.
fn value_sets() -> Vec<String> {
    let files = fs::read_dir(repository("charts/longshore/ci")).expect("the folder is there");
    let names = files.map(|f| f.expect("it can be read").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> =
        names.filter_map(|n| n.strip_suffix("-values.yaml").map(str::to_string)).collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    names
}

/// Compares with a file of the repository, or writes it when `UPDATE_EXPECT` is set.
#[track_caller]
fn expect(path: &str, found: &str) {
    let file = repository(path);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the folder can be made");
        fs::write(&file, found).expect("the file can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected == found {
        return;
    }
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let (at, (old, new)) = lines.find(|(_, (a, b))| a != b).unwrap_or((0, ("", "(one is longer)")));
    panic!(
        "{path} is not what the chart says (UPDATE_EXPECT=1 takes the new text); line {}:\n- {old}\n+ {new}",
        at + 1
    );
}
