//! Small files that unfold: when they are compiled, or when they are made ready.

use std::time::Duration;

use crate::trial::{MEMORY, Trial, says, within};

/// Loading the text fails in reasonable time, with the pieces in the error, and leaves nothing.
#[track_caller]
fn check(text: &str, pieces: &[&str]) {
    check_bytes(&wat::parse_str(text).unwrap(), pieces);
}

#[track_caller]
fn check_bytes(bytes: &[u8], pieces: &[&str]) {
    let trial = Trial::new();
    let error =
        within(Duration::from_secs(120), || trial.load(bytes).err().expect("it should have been refused"));
    says(&error.to_string(), pieces);
    trial.nothing_left(1);
}

/// So many components inside one another, in binary form.
fn nested(depth: usize) -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    // Written from the inside out: the lengths, five bytes each, then everything turned around.
    let mut length = HEADER.len();
    let mut backwards: Vec<u8> = HEADER.iter().rev().copied().collect();
    for _ in 0..depth {
        let digits = [0, 7, 14, 21, 28]
            .map(|shift| (length >> shift) as u8 & 0x7f | if shift < 28 { 0x80 } else { 0 });
        backwards.extend(digits.iter().rev());
        backwards.push(4);
        backwards.extend(HEADER.iter().rev());
        length += HEADER.len() + 6;
    }
    backwards.reverse();
    backwards
}

/// A core module with `inside`, in a component that makes it ready; it is no plugin.
fn lone(inside: &str) -> String {
    format!("(component (core module $m {inside}) (core instance (instantiate $m)))")
}

#[test]
fn components_in_components() {
    check_bytes(&nested(1000), &["levels"]);
    check_bytes(&nested(100_000), &["levels"]);
    check(&format!("(component {})", "(component)".repeat(5000)), &["modules and components"]);
    check(&format!("(component {})", "(core module)".repeat(5000)), &["modules and components"]);
}

#[test]
fn instances_that_multiply() {
    let mut bomb = "(component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))".to_owned();
    for level in 1..7 {
        let instances = format!("(instance (instantiate $c{}))", level - 1).repeat(10);
        bomb = format!("(component $c{level} {bomb} {instances})");
    }
    check(&bomb, &["instances, 500 are allowed"]);
    // The same side by side, each component using the one before it.
    let mut chain =
        "(component (component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))".to_owned();
    for level in 1..20 {
        let below = level - 1;
        let instances = format!("(instance (instantiate $c{below}))").repeat(10);
        chain +=
            &format!("(component $c{level} (alias outer 1 $c{below} (component $c{below})) {instances})");
    }
    check(&(chain + "(instance (instantiate $c19)))"), &["hands components around"]);
}

#[test]
fn types_that_multiply() {
    let mut tuples = "(type $t0 (tuple u64 u64))".to_owned();
    for level in 1..40 {
        tuples += &format!("(type $t{level} (tuple $t{0} $t{0} $t{0} $t{0}))", level - 1);
    }
    check(&format!("(component {tuples})"), &["type size"]);
    let mut instances = "(type $t0 (instance (export \"a\" (func)) (export \"b\" (func))))".to_owned();
    for level in 1..40 {
        let below = level - 1;
        let outer = |name: &str| {
            format!("(alias outer 1 $t{below} (type ${name})) (export \"{name}\" (instance (type ${name})))")
        };
        instances += &format!("(type $t{level} (instance {} {}))", outer("a"), outer("b"));
    }
    check(&format!("(component {instances})"), &["type size"]);
    let deep = "(type (component ".repeat(40) + &"))".repeat(40);
    check(&format!("(component {deep})"), &["it is not a plugin"]);
}

#[test]
fn memories_and_tables_that_are_huge_from_the_start() {
    check(&lone("(memory 65536)"), &[]);
    check(&lone(&format!("(memory {})", MEMORY / 65536 + 1)), &[]);
    check(&lone("(table 10000000 funcref)"), &[]);
    check(&lone(&"(table 90000 funcref)".repeat(90)), &[]);
    let parts = "(core instance (instantiate $m))".repeat(400);
    check(&format!("(component (core module $m (memory 1)) {parts})"), &[]);
    check(&format!("(component (core module $m (table 90000 externref)) {parts})"), &[]);
}

#[test]
fn data_that_is_written_again_and_again() {
    let data = "(data (i32.const 0) \"x\")".repeat(90_000);
    check(&lone(&format!("(memory 1) {data}")), &["it is not a plugin"]);
    check(&lone("(memory 1) (data (i32.const 65536) \"x\")"), &[]);
    let elements = format!("(elem (i32.const 0) {})", "$f ".repeat(50_000));
    check(
        &lone(&format!("(table 50000 funcref) (func $f) {}", elements.repeat(50))),
        &["it is not a plugin"],
    );
}

#[test]
fn functions_that_take_long_to_compile() {
    // As large as is allowed, or the limit is passed; either way it is over soon.
    let function =
        |body: String| lone(&format!("(memory 1) (func (param i32) (result i32) {body} i32.const 0)"));
    check(&function("(block ".repeat(150_000) + &")".repeat(150_000)), &[]);
    check(
        &function(
            "(loop ".repeat(100_000) + &"(br_if 0 (local.get 0)))".repeat(80_000) + &")".repeat(20_000),
        ),
        &[],
    );
    check(&function("(if (local.get 0) (then ".repeat(80_000) + &"))".repeat(80_000)), &[]);
    let adds = "i32.const 1 ".to_owned() + &"local.get 0 i32.add ".repeat(150_000) + "drop ";
    check(&function(adds), &[]);
    let loads = "(drop (i32.load (i32.load (i32.load (local.get 0)))))".repeat(30_000);
    check(&function(loads), &[]);
    check(&function(format!("(block (br_table {} (local.get 0)))", "0 ".repeat(250_000))), &[]);
    let calls = "(call $g (local.get 0)) drop ".repeat(60_000);
    check(&lone(&format!("(func $g (param i32) (result i32) local.get 0) (func (param i32) {calls})")), &[]);
}

#[test]
fn so_many_functions_that_they_take_long_to_compile() {
    // As many as are allowed are compiled soon; more are not begun with.
    check(&lone(&"(func)".repeat(30_000)), &["it is not a plugin"]);
    check(&lone(&"(func)".repeat(99_000)), &["99000 functions, 30000 are allowed"]);
    let types: String =
        (0..19_000).map(|at| format!("(type (func {}))", "(param i64)".repeat(at % 90))).collect();
    check(&lone(&types), &["it is not a plugin"]);
}

#[test]
fn functions_whose_values_all_live_to_the_end() {
    let locals = "(local ".to_owned() + &"i64 ".repeat(10_000) + ")";
    let set: String = (1..10_000).map(|at| format!("(local.set {at} (i64.load (local.get 0)))")).collect();
    let used: String = (1..10_000).map(|at| format!("(i64.store (local.get 0) (local.get {at}))")).collect();
    let around = format!("(loop $l {set} {used} (br_if $l (local.get 0)))");
    check(&lone(&format!("(memory 1) (func (param i32) {locals} {around})")), &[]);
    let wide = "i64 ".repeat(900);
    let call = format!("{} (call $w)", "(i64.const 1)".repeat(900)) + &"drop ".repeat(900);
    let values = "(i64.const 2) ".repeat(900);
    check(
        &lone(&format!("(func $w (param {wide}) (result {wide}) {values}) (func {})", call.repeat(100))),
        &[],
    );
}
