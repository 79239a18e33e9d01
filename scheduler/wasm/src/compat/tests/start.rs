//! How instances start, what is refused, and what WASI there is.

use super::*;

const FILTER: &str = r#"(memory (export "memory") 1) (func (export "filter") (result i32) (i32.const 0))"#;

#[track_caller]
fn check_refused(fields: &str, want: &str) {
    let error = refused(&format!("(module {fields})"), json!({}));
    assert!(error.contains(want), "{error}");
}

#[test]
fn modules_that_are_no_plugins_are_refused() {
    check_refused("", "it is not a plugin: wasm: guest doesn't export memory[memory]");
    check_refused(r#"(memory (export "memory") 1)"#, "wasm: guest does not export any plugin functions");
    check_refused(&format!(r#"(import "env" "f" (func)) {FILTER}"#), "env::f");
    check_refused(&format!(r#"(import "k8s.io/klog" "log" (func)) {FILTER}"#), "incompatible import type");
}

#[test]
fn a_start_that_fails_is_told_with_what_it_printed() {
    let print = r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\06\00\00\00") (data (i32.const 16) "panic!")
        (func (export "filter") (result i32) (i32.const 0))
        (func (export "_start")
          (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable)"#;
    check_refused(print, "(start): wasm: instantiate error: panic!\n");
    check_refused(
        &format!(r#"(func $s unreachable) (start $s) {FILTER}"#),
        "wasm: instantiate error: wasm trap: wasm `unreachable`",
    );
}

const EXIT: &str = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

#[test]
fn leaving_with_code_0_at_the_start_is_a_good_start() {
    let start =
        |code: i32| format!(r#"{EXIT} {FILTER} (func (export "_start") (call $exit (i32.const {code})))"#);
    let world = World::new(&format!("(module {})", start(0)), &[]);
    assert_eq!(world.raw(Export::Filter, Input::default()).unwrap().low(), 0);
    check_refused(&start(3), "it exited with code 3");
}

#[test]
fn leaving_later_is_a_failure() {
    let wat = format!(
        r#"(module {EXIT} (memory (export "memory") 1)
            (func (export "filter") (result i32) (call $exit (i32.const 0)) (i32.const 0)))"#
    );
    let failure = World::new(&wat, &[]).raw(Export::Filter, Input::default()).unwrap_err();
    assert!(failure.message.contains("it exited with code 0"), "{failure}");
}

#[test]
fn a_reactor_is_initialised_and_not_started() {
    let wat = r#"(module (memory (export "memory") 1) (global $g (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $g (i32.const 7)))
        (func (export "_start") unreachable)
        (func (export "filter") (result i32) (global.get $g)))"#;
    assert_eq!(World::new(wat, &[]).raw(Export::Filter, Input::default()).unwrap().low(), 7);
}

/// A module that calls one WASI function with the memory from 64 on, and gives back the byte at `at`.
fn wasi(import: &str, params: &str, call: &str, at: usize) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "{import}" (func $f (param {params}) (result i32)))
            (memory (export "memory") 1)
            (func (export "filter") (result i32)
              (if (call $f {call}) (then (return (i32.const -1))))
              (i32.load (i32.const {at}))))"#
    )
}

#[track_caller]
fn check_wasi(wat: &str, want: &[i32]) {
    let args = args(json!({"Args": ["test", "filter"]}));
    let world = World::with(&wat::parse_str(wat).unwrap(), &args, &[], Whole::default());
    let lease = world.plugin.pool.begin(world.source(&pod("p").build()));
    for want in want {
        let got = lease.run(Export::Filter, 1, &[], |calls| calls.call(Export::Filter, Input::default()));
        assert_eq!(got.unwrap().low(), *want, "{wat}");
    }
}

#[test]
fn wasi_has_arguments_a_clock_that_counts_and_the_same_random_numbers_every_time() {
    let two = "(i32.const 64) (i32.const 128)";
    check_wasi(&wasi("args_sizes_get", "i32 i32", two, 64), &[2]);
    check_wasi(&wasi("args_sizes_get", "i32 i32", two, 128), &[12]);
    check_wasi(&wasi("args_get", "i32 i32", two, 64), &[128]);
    check_wasi(&wasi("args_get", "i32 i32", two, 68), &[133]);
    check_wasi(&wasi("args_get", "i32 i32", two, 133), &[i32::from_le_bytes(*b"filt")]);
    check_wasi(&wasi("environ_sizes_get", "i32 i32", two, 64), &[0]);
    check_wasi(&wasi("environ_get", "i32 i32", two, 64), &[0]);
    let clock = wasi("clock_time_get", "i32 i64 i32", "(i32.const 0) (i64.const 1) (i32.const 64)", 64);
    let first = 1_640_995_200_001_000_000_u64 as i32;
    check_wasi(&clock, &[first, first.wrapping_add(1_000_000)]);
    let random = wasi("random_get", "i32 i32", "(i32.const 64) (i32.const 9)", 64);
    check_wasi(&random, &[803_958_421, 319_790_930]);
}

#[test]
fn other_functions_of_wasi_say_that_nothing_is_there() {
    let code = |import: &str| {
        let wat = format!(
            r#"(module (import "wasi_snapshot_preview1" "{import}" (func $f (param i32 i32) (result i32)))
                (memory (export "memory") 1)
                (func (export "filter") (result i32) (call $f (i32.const 3) (i32.const 64))))"#
        );
        World::new(&wat, &[]).raw(Export::Filter, Input::default()).unwrap().low()
    };
    assert_eq!((code("fd_prestat_get"), code("path_open")), (8, 52));
}
