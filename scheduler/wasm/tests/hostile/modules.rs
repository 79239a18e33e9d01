//! Modules and components that are no plugins, or want what they may not have.

use std::time::Duration;

use longshore_wasm::{Capability, LoadError};

use crate::harmless::{component, text};
use crate::trial::{Trial, says, within};

/// The error of loading `bytes`; nothing of them is left, and a good plugin can be loaded afterwards.
#[track_caller]
fn check(trial: &Trial, bytes: &[u8], pieces: &[&str]) -> LoadError {
    let error =
        within(Duration::from_secs(20), || trial.load(bytes).err().expect("it should have been refused"));
    assert!(error.to_string().len() < 4000, "{} bytes", error.to_string().len());
    says(&error.to_string(), pieces);
    trial.nothing_left(1);
    error
}

/// Loads a component in text form.
#[track_caller]
fn check_text(text: &str, pieces: &[&str]) {
    check(&Trial::new(), &wat::parse_str(text).unwrap(), pieces);
}

/// The harmless component with an interface under another name, wherever the name stands.
fn without(bytes: &[u8], interface: &str) -> Vec<u8> {
    let name = format!("longshore:scheduler/{interface}@");
    let other = name.replace("scheduler", "schedules");
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(name.len()) {
        if bytes[at..].starts_with(name.as_bytes()) {
            changed[at..at + name.len()].copy_from_slice(other.as_bytes());
        }
    }
    assert_ne!(changed, bytes);
    changed
}

#[test]
fn interfaces_that_need_another_are_refused_without_it() {
    let (trial, whole) = (Trial::new(), component(&text("", &[])));
    check(&trial, &without(&whole, "lifecycle"), &["it is not a plugin"]);
    check(&trial, &without(&whole, "cycle"), &["it is not a plugin: exports filter or score without cycle"]);
    let no_score = without(&whole, "score");
    check(&trial, &no_score, &["exports pre-score without score"]);
    check(&trial, &without(&no_score, "pre-score"), &["exports normalize-score without score"]);
}

#[test]
fn what_does_not_speak_the_interface_is_refused() {
    check_text("(component)", &["it is not a plugin"]);
    check_text(
        "(component (core module (func (export \"filter\") (result i32) i32.const 0)))",
        &["it is not a plugin"],
    );
    let other = "(component (instance $i) (export \"longshore:scheduler/lifecycle@0.1.0\" (instance $i)))";
    check_text(other, &["it is not a plugin"]);
    // The right names, the wrong types.
    let wrong = r#"(component
        (core module $m (func (export "f") (result i32) i32.const 0))
        (core instance $m (instantiate $m))
        (func $f (result u32) (canon lift (core func $m "f")))
        (instance $i (export "describe" (func $f)) (export "init" (func $f)) (export "apply" (func $f)))
        (export "longshore:scheduler/lifecycle@0.1.0" (instance $i)))"#;
    check_text(wrong, &["it is not a plugin"]);
}

#[test]
fn foreign_imports_are_refused_by_name() {
    let wasi = r#"(component (import "wasi:cli/environment@0.2.0" (instance
        (export "get-arguments" (func (result (list string)))))))"#;
    check_text(wasi, &["wasi:cli/environment@0.2.0"]);
    let later = r#"(component (import "longshore:scheduler/log@0.9.0" (instance)))"#;
    check_text(later, &["longshore:scheduler/log@0.9.0"]);
    let more = r#"(component (import "longshore:scheduler/log@0.1.0" (instance (export "shout" (func)))))"#;
    check_text(more, &["it is not a plugin"]);
    check_text("(component (import \"f\" (func)))", &["it is not a plugin: imports f"]);
}

#[test]
fn what_is_not_granted_is_refused_by_name() {
    let bytes = component(&text("", &[]));
    for (word, capability) in Capability::ALL {
        let mut trial = Trial::new();
        trial.settings.capabilities.remove(&capability);
        // The guest imports these; what evictions need shows when one is asked for.
        if matches!(word, "clock" | "events" | "pods" | "random") {
            let error = check(&trial, &bytes, &["is not granted", &format!("add {word} to capabilities")]);
            assert!(matches!(error, LoadError::NotGranted { .. }));
        } else {
            trial.load(&bytes).unwrap().serves();
        }
    }
}

#[test]
fn truncated_components_are_refused() {
    let bytes = component(&text("", &[]));
    let trial = Trial::new();
    for length in (0..bytes.len()).step_by(97).chain(bytes.len() - 16..bytes.len()) {
        check(&trial, &bytes[..length], &[]);
    }
    trial.load(&bytes).unwrap().serves();
}

/// xorshift: the same bytes every time.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn random_bytes_are_refused() {
    let trial = Trial::new();
    let mut next = random(7);
    for header in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"] {
        for length in [0, 1, 10, 1000, 100_000] {
            let body: Vec<u8> = (0..length).map(|_| next() as u8).collect();
            check(&trial, &[header, &body].concat(), &[]);
        }
    }
}

/// A component with one byte changed may still be one; then it loads or not, and serves or fails, but no more.
#[test]
fn changed_components_do_no_harm() {
    let bytes = component(&text("", &[]));
    let mut next = random(11);
    for _ in 0..150 {
        let trial = Trial::new();
        let mut changed = bytes.clone();
        let at = next() as usize % changed.len();
        changed[at] ^= 1 << (next() % 8);
        let loaded = within(Duration::from_secs(20), || trial.load(&changed));
        if let Ok(mut loaded) = loaded {
            within(Duration::from_secs(20), || loaded.walk("good"));
            drop(loaded);
        }
        trial.nothing_left(3);
    }
}
