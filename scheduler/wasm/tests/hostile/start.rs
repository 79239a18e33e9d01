//! Before the first call.

use crate::harmless::{component, text};
use crate::trial::{Trial, says};

/// A guest that answers `init` wrongly, or has a manifest that cannot be used.
#[track_caller]
fn check(file: &str, pieces: &[&str]) {
    let trial = Trial::new();
    let bytes = component(&text(file, &[]));
    trial.evil(true);
    let error = trial.load(&bytes).err().unwrap().to_string();
    assert!(error.len() < 4000, "{} bytes", error.len());
    says(&error, pieces);
    trial.nothing_left(1);
    trial.evil(false);
    trial.load(&bytes).unwrap().serves();
}

#[test]
fn an_init_that_fails_is_told_in_its_words() {
    check(
        include_str!("start/refuses.wat"),
        &["Init of the WebAssembly plugin failed (start)", "bad moon rising"],
    );
    check(include_str!("start/refuses_at_length.wat"), &["Init of the WebAssembly plugin failed (start)"]);
}

#[test]
fn manifests_that_cannot_be_used_are_refused() {
    check(include_str!("start/too_many_columns.wat"), &["more than 256 columns"]);
    check(include_str!("start/unknown_column.wat"), &["Describe of the WebAssembly plugin failed (trap)"]);
    check(include_str!("start/unknown_event.wat"), &["unknown resource"]);
    check(include_str!("start/endless_columns.wat"), &["Describe of the WebAssembly plugin failed (trap)"]);
}
