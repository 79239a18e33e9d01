use super::*;

/// `expected`: nothing, or a piece of the error.
#[track_caller]
fn check_text(text: &str, expected: Option<&str>) {
    let bytes = wat::parse_str(text).unwrap();
    match (check(&bytes), expected) {
        (Ok(()), None) => {}
        (Err(error), Some(piece)) => assert!(error.contains(piece), "{error}"),
        (got, expected) => panic!("got {got:?}, expected {expected:?}"),
    }
}

#[test]
fn ordinary_modules_and_components_pass() {
    check_text("(module (memory 1) (func (local i32)))", None);
    check_text(
        "(component (core module $m (func)) (core instance (instantiate $m)) (core instance (instantiate $m)))",
        None,
    );
    check_text(
        "(component (component $c (core module $m) (core instance (instantiate $m))) (instance (instantiate $c)))",
        None,
    );
}

#[test]
fn long_and_wide_functions_are_refused() {
    let body = |count: usize| format!("(module (func {}))", "nop ".repeat(count));
    check_text(&body(500_000), None);
    check_text(&body(600_000), Some("bytes in one function"));
    check_text(
        &format!("(module (func (local {})))", "i32 ".repeat(10_001)),
        Some("10001 locals in one function"),
    );
    let many = format!("(module {})", format!("(func (local {}))", "i64 ".repeat(10_000)).repeat(201));
    check_text(&many, Some("2010000 locals"));
}

#[test]
fn too_much_of_anything_is_refused() {
    check_text(&format!("(module {})", "(func)".repeat(30_000)), None);
    check_text(&format!("(module {})", "(func)".repeat(30_001)), Some("30001 functions, 30000 are allowed"));
    check_text(&format!("(module {})", "(type (func))".repeat(20_001)), Some("20001 types"));
    check_text(&format!("(module {})", "(global i32 (i32.const 0))".repeat(200_001)), Some("200001 items"));
    check_text(&format!("(component {})", "(core module)".repeat(200)), Some("201 modules and components"));
}

/// A module with as many functions of this many instructions of one byte.
fn of_length(functions: usize, length: usize) -> String {
    format!("(module {})", format!("(func {})", "nop ".repeat(length)).repeat(functions))
}

#[test]
fn all_functions_together_are_bounded_and_long_ones_weigh_more() {
    check_text(&of_length(4_000, 4_000), None);
    check_text(&of_length(9_000, 4_000), Some("too much to compile"));
    check_text(&of_length(8, 500_000), Some("too much to compile: it has 8 functions"));
}

#[test]
fn nesting_is_bounded() {
    let nest = |depth: usize| format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
    check_text(&nest(8), None);
    check_text(&nest(9), Some("9 levels"));
}

/// Every level has ten instances of the one below.
fn bomb(levels: usize) -> String {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..levels {
        let instances = format!("(instance (instantiate $c{}))", level - 1).repeat(10);
        text = format!("(component $c{level} {text} {instances})");
    }
    text
}

#[test]
fn instances_do_not_multiply() {
    check_text(&bomb(3), None);
    check_text(&bomb(4), Some("instances, 500 are allowed"));
    check_text(&bomb(7), Some("instances, 500 are allowed"));
}

#[test]
fn components_as_values_are_refused() {
    let sibling =
        "(component (component $a) (component $b (alias outer 1 0 (component)) (instance (instantiate 0))))";
    check_text(sibling, Some("hands components around"));
    check_text("(component (import \"a\" (component)))", Some("hands components around"));
    check_text("(component (component $a) (export \"a\" (component $a)))", Some("hands components around"));
}

#[test]
fn what_is_cut_off_is_refused() {
    let bytes =
        wat::parse_str("(component (core module (func (local i32))) (core instance (instantiate 0)))")
            .unwrap();
    for length in 0..bytes.len() {
        // A component may end after any whole section, but not in the middle of one.
        let whole = check(&bytes[..length]);
        assert!(
            whole.is_ok() == wasmparser::validate(&bytes[..length]).is_ok() || length == 8,
            "{length}: {whole:?}"
        );
    }
    assert!(check(b"").is_err() && check(b"random").is_err() && check(&[0; 64]).is_err());
}
