//! What becomes a component, and what is said of that which does not.

use wit_component::DecodedWasm;

use crate::{BuildError, componentize};

const LIFECYCLE: [(&str, &str); 3] = [
    ("lifecycle@0.2.0#describe", "(result i32)"),
    ("lifecycle@0.2.0#init", "(param i32 i32 i32 i32) (result i32)"),
    ("lifecycle@0.2.0#apply", "(param i32 i32 i32 i32 i32 i32 i32)"),
];
const CYCLE: (&str, &str) = ("cycle@0.2.0#begin", "(param i32) (result i32)");
const SCORE: (&str, &str) = ("score@0.2.0#score", "(param i32 i32) (result i32)");
const FILTER: (&str, &str) = ("filter@0.2.0#filter", "(param i32 i32) (result i32)");

/// A core module with these exports of ours, and with these imports as text.
fn module(exports: &[(&str, &str)], imports: &str) -> Vec<u8> {
    let functions: String = exports
        .iter()
        .map(|(name, ty)| format!("(func (export \"longshore:scheduler/{name}\") {ty} unreachable)\n"))
        .collect();
    let text = format!(
        "(module {imports} (memory (export \"memory\") 1)
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable)
            {functions})"
    );
    wat::parse_str(text).unwrap()
}

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&LIFECYCLE, more].concat()
}

/// Exports and imports of a component, without the package's name.
fn world(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else {
        panic!("not a component")
    };
    let world = &resolve.worlds[world];
    let name = |key| {
        let name = resolve.name_world_key(key);
        name.trim_start_matches("longshore:scheduler/").trim_end_matches("@0.2.0").to_owned()
    };
    (world.exports.keys().map(name).collect(), world.imports.keys().map(name).collect())
}

#[track_caller]
fn refused(core: &[u8]) -> String {
    componentize(core).unwrap_err().to_string()
}

#[test]
fn the_component_exports_what_the_module_exports_and_imports_what_it_imports() {
    let log = r#"(import "longshore:scheduler/log@0.2.0" "log" (func (param i32 i32 i32)))"#;
    let (exports, imports) = world(&componentize(&module(&with(&[CYCLE, SCORE]), log)).unwrap());
    assert_eq!(exports, ["cycle", "lifecycle", "score"]);
    assert_eq!(imports, ["log", "types"]);
}

#[test]
fn descriptions_of_worlds_in_the_module_are_not_looked_at() {
    let mut core = module(&with(&[CYCLE, SCORE]), "");
    let plain = componentize(&core).unwrap();
    // A custom section with a length of two bytes.
    let name = b"component-type:nonsense";
    let body = [&[name.len() as u8], name.as_slice(), &[7; 200]].concat();
    core.extend([0, (body.len() as u8 & 0x7f) | 0x80, (body.len() >> 7) as u8]);
    core.extend(body);
    assert_eq!(componentize(&core).unwrap(), plain);
}

#[test]
fn wasi_is_answered_inside() {
    let wasi = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#;
    let (_, imports) = world(&componentize(&module(&with(&[]), wasi)).unwrap());
    assert!(imports.iter().all(|name| ["log", "types"].contains(&name.as_str())), "{imports:?}");
}

#[test]
fn an_interface_in_part_is_refused_by_name() {
    let message = refused(&module(&with(&[CYCLE, FILTER]), ""));
    assert_eq!(
        message,
        "the module exports the interface `filter` only in part: `filter-supposed` is missing"
    );
}

#[test]
fn score_needs_cycle_and_every_plugin_needs_lifecycle() {
    assert!(refused(&module(&with(&[SCORE]), "")).contains("exports `score` without `cycle`"));
    assert!(matches!(componentize(&module(&[CYCLE, SCORE], "")), Err(BuildError::NoLifecycle)));
    assert!(matches!(componentize(&module(&[], "")), Err(BuildError::NoPlugin)));
}

#[test]
fn other_versions_interfaces_and_functions_are_refused() {
    let message = refused(&module(&with(&[("score@0.1.0#score", "")]), ""));
    assert!(
        message.contains("`longshore:scheduler/score@0.1.0` is of longshore:scheduler@0.1.0"),
        "{message}"
    );
    let message = refused(&module(&with(&[("scoring@0.2.0#score", "")]), ""));
    assert!(message.contains("no interface `scoring`; it has `bind`"), "{message}");
    let message = refused(&module(&with(&[("score@0.2.0#rate", "")]), ""));
    assert!(message.contains("exports `rate` of the interface `score`"), "{message}");
}

#[test]
fn imports_of_others_are_refused_by_name() {
    let message = refused(&module(&with(&[]), r#"(import "env" "open" (func))"#));
    assert!(message.contains("imports `open` from `env`"), "{message}");
    let message = refused(&module(&with(&[]), r#"(import "longshore:scheduler/log@0.2.0" "shout" (func))"#));
    assert!(message.contains("imports `shout`"), "{message}");
}

#[test]
fn a_function_of_another_type_is_refused() {
    let message = refused(&module(&with(&[CYCLE, ("score@0.2.0#score", "(result i64)")]), ""));
    assert!(message.starts_with("the module does not fit the interface"), "{message}");
}

#[test]
fn what_is_no_core_module_is_refused() {
    assert!(matches!(componentize(b"hello"), Err(BuildError::NotAModule(_))));
    let component = componentize(&module(&with(&[]), "")).unwrap();
    assert!(matches!(componentize(&component), Err(BuildError::AlreadyAComponent)));
}
