//! A guest that takes part in every stage and does no harm, into which the evil of a file is put.
//!
//! The evil is done while the clock says other than 0, so that one guest serves good pods and bad ones. Memory: the
//! manifest at 64, answers at 256, scores at 8192, zeros from 65536 on, what the host passes in from 196608 on.

/// An exported function: its name, the name of its evil twin in files, its parameters and its result, and what it does
/// when it does no harm.
type Function = (&'static str, &'static str, &'static [&'static str], Option<&'static str>, &'static str);

const OK: &str = "(call $forget) (memory.fill (i32.const 256) (i32.const 0) (i32.const 64)) (i32.const 256)";

/// The set that it was given, and no rejections.
const ALL_FIT: &str = "(call $forget) (memory.fill (i32.const 256) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 260) (local.get 0)) (i32.store (i32.const 264) (local.get 1)) (i32.const 256)";

/// 7 for each bit of the set.
const SCORES: &str = "(local $at i32) (local $count i32)
    (block $counted (loop $next
        (br_if $counted (i32.ge_u (local.get $at) (local.get 1)))
        (local.set $count (i32.add (local.get $count) (i32.wrap_i64 (i64.popcnt
            (i64.load (i32.add (local.get 0) (i32.shl (local.get $at) (i32.const 3))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $scores (local.get $count) (i64.const 7))";

/// What it was given.
const SAME_SCORES: &str = "(call $forget) (i32.store8 (i32.const 256) (i32.const 0))
    (i32.store (i32.const 260) (local.get 2)) (i32.store (i32.const 264) (local.get 3)) (i32.const 256)";

/// How the host gets memory for what it hands in.
const REALLOC: &str = "cabi_realloc";

const WORD: &[&str] = &["i32"];
const NONE: &[&str] = &[];
const TWO: &[&str] = &["i32"; 2];
const RESULT: Option<&str> = Some("i32");

/// Every function of every interface.
const FUNCTIONS: &[Function] = &[
    ("lifecycle@0.2.0#describe", "$describe", NONE, RESULT, "(i32.const 64)"),
    ("lifecycle@0.2.0#init", "$init", &["i32"; 4], RESULT, OK),
    ("lifecycle@0.2.0#apply", "$apply", &["i32"; 7], None, "(call $forget)"),
    ("cycle@0.2.0#begin", "$begin", WORD, RESULT, OK),
    ("pre-enqueue@0.2.0#pre-enqueue", "$pre-enqueue", WORD, RESULT, OK),
    ("pre-filter@0.2.0#pre-filter", "$pre-filter", WORD, RESULT, OK),
    ("filter@0.2.0#filter", "$filter", TWO, RESULT, ALL_FIT),
    ("filter@0.2.0#filter-supposed", "$filter-supposed", &["i32"; 7], RESULT, OK),
    ("post-filter@0.2.0#post-filter", "$post-filter", WORD, RESULT, OK),
    ("pre-score@0.2.0#pre-score", "$pre-score", WORD, RESULT, OK),
    ("score@0.2.0#score", "$score", TWO, RESULT, SCORES),
    ("normalize-score@0.2.0#normalize", "$normalize", &["i32"; 4], RESULT, SAME_SCORES),
    ("reserve@0.2.0#reserve", "$reserve", WORD, RESULT, OK),
    ("reserve@0.2.0#unreserve", "$unreserve", WORD, None, "(call $forget)"),
    ("permit@0.2.0#permit", "$permit", WORD, RESULT, OK),
    ("pre-bind@0.2.0#pre-bind", "$pre-bind", WORD, RESULT, OK),
    ("bind@0.2.0#bind", "$bind", WORD, RESULT, OK),
    ("post-bind@0.2.0#post-bind", "$post-bind", WORD, None, "(call $forget)"),
    (REALLOC, "$realloc", &["i32"; 4], RESULT, "(call $realloc-well (local.get 2) (local.get 3))"),
];

const SUPPORT: &str = r#"
    (memory (export "memory") 4)
    (global $free (mut i32) (i32.const 196608))
    (global $harmful (mut i32) (i32.const 0))
    (func $forget (global.set $free (i32.const 196608)))
    (func $scores (param $count i32) (param $score i64) (result i32) (local $at i32)
        (call $forget)
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $count)))
            (i64.store (i32.add (i32.const 8192) (i32.shl (local.get $at) (i32.const 3))) (local.get $score))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (i32.store8 (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 8192)) (i32.store (i32.const 264) (local.get $count))
        (i32.const 256))
    (func $realloc-well (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.set $free (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))))))
        (local.get $at))
"#;

/// The imports of the host that files may call; `$clock-now` tells whether harm is to be done.
const IMPORTS: &str = r#"
    (import "longshore:scheduler/clock@0.2.0" "now" (func $clock-now (result i64)))
    (import "longshore:scheduler/log@0.2.0" "log" (func $log (param i32 i32 i32)))
    (import "longshore:scheduler/waiting@0.2.0" "allow" (func $allow (param i32 i32)))
    (import "longshore:scheduler/waiting@0.2.0" "reject" (func $reject (param i32 i32 i32 i32)))
    (import "longshore:scheduler/waiting@0.2.0" "pods" (func $waiting-pods (param i32)))
    (import "longshore:scheduler/events@0.2.0" "emit" (func $emit (param i32 i32 i32 i32 i32 i32 i32)))
    (import "longshore:scheduler/pods@0.2.0" "of-namespace" (func $of-namespace (param i32 i32 i32)))
    (import "longshore:scheduler/random@0.2.0" "next" (func $random (result i64)))
"#;

/// The core module: the harmless guest with what `file` holds. A function there named `$filter` does Filter's work while
/// the clock says so, and `$evil`, if it is there, comes before every function whose name is in `stages`.
pub(crate) fn text(file: &str, stages: &[&str]) -> String {
    let flags = |single: bool| if single { 1_u32 } else { 0 };
    let manifest = [0, 0, 0, 0, 0, 0, 512, 0, flags(file.contains(";; sharding: single")), 0, 0, 0];
    let bytes: String =
        manifest.iter().flat_map(|word: &u32| word.to_le_bytes()).map(|b| format!("\\{b:02x}")).collect();
    let functions: String = FUNCTIONS.iter().map(|function| export(function, file, stages)).collect();
    format!("(module {IMPORTS} {SUPPORT} (data (i32.const 64) \"{bytes}\")\n{file}\n{functions})")
}

fn export((name, twin, params, result, good): &Function, file: &str, stages: &[&str]) -> String {
    let params: String = params.iter().map(|kind| format!("(param {kind})")).collect();
    let result_text = result.map_or(String::new(), |kind| format!("(result {kind})"));
    let declared = [" ", ")", "\n"].iter().any(|end| file.contains(&format!("(func {twin}{end}")));
    // The host may not be called while it asks for memory: what the function before heard is what counts.
    let (look, harmful) = match *name {
        REALLOC => ("", "(global.get $harmful)"),
        _ => ("(global.set $harmful (i64.ne (call $clock-now) (i64.const 0)))", "(global.get $harmful)"),
    };
    let mut evil = look.to_owned();
    if stages.contains(twin) {
        evil += &format!("(if {harmful} (then (call $evil)))");
    }
    if declared {
        let passed: String =
            (0..params.matches("param").count()).map(|at| format!("(local.get {at})")).collect();
        evil += &format!("(if {harmful} (then (return (call {twin} {passed}))))");
    }
    // Locals come before instructions.
    let (locals, good) = match good.find("(block") {
        Some(at) if good.starts_with("(local") => good.split_at(at),
        _ => ("", *good),
    };
    let interface = if *name == REALLOC { "" } else { "longshore:scheduler/" };
    format!("(func (export \"{interface}{name}\") {params} {result_text} {locals} {evil} {good})\n")
}

/// The component made of a core module in text form.
pub(crate) fn component(text: &str) -> Vec<u8> {
    let core = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    longshore_plugin_build::componentize(&core).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
