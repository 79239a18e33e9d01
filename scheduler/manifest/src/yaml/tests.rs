use super::*;
use serde_json::json;

#[track_caller]
fn check(text: &str, want: Value) {
    assert_eq!(tree(text).map(|(node, _)| node.into_value()), Ok(want), "{text}");
}

#[track_caller]
fn check_fault(text: &str, line: usize, column: usize, part: &str) {
    let fault = tree(text).unwrap_err();
    assert_eq!((fault.at.line, fault.at.column), (line, column), "{fault:?}");
    assert!(fault.message.contains(part), "{fault:?}");
}

#[test]
fn all_styles_are_read() {
    check(
        "a: [1, 'b', \"c\\n\"]\nd: |\n  x\n  y\ne: >-\n  x\n  y\n",
        json!({"a": [1, "b", "c\n"], "d": "x\ny\n", "e": "x y"}),
    );
    check("a: 1\r\nb:\r\n- x\r\n", json!({"a": 1, "b": ["x"]}));
    check("%YAML 1.1\n---\na: 1\n", json!({"a": 1}));
    check("# nothing", json!(null));
    check("!!str 12", json!("12"));
    check("a: !!int \"12\"\nb: !mine x\n", json!({"a": 12, "b": "x"}));
}

#[test]
fn keys_are_text() {
    check("1: a\nyes: b\n1.5: c\n", json!({"1": "a", "true": "b", "1.5": "c"}));
    check_fault("a: 1\n~: b\n", 2, 1, "must not be empty");
    check_fault("a: {{ .Values.x }}\n", 1, 5, "a key must be text");
}

#[test]
fn the_last_of_equal_keys_counts_and_is_noted() {
    let (node, twice) = tree("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").unwrap();
    assert_eq!(node.into_value(), json!({"a": 3, "b": {"c": 2}}));
    let places: Vec<_> = twice.iter().map(|t| (t.key.as_str(), t.at.line, t.at.column)).collect();
    assert_eq!(places, [("c", 4, 3), ("a", 5, 1)]);
}

#[test]
fn aliases_and_merges() {
    check("a: &x {b: 1, c: 2}\nd: *x\n", json!({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}}));
    check(
        "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
        json!({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
    );
    check("<<: [{a: 1}, {a: 2, b: 2}]\n", json!({"a": 1, "b": 2}));
    assert!(tree("<<: [{a: 1}]\na: 2\n").unwrap().1.is_empty());
    check_fault("<<: 1\n", 1, 5, "must merge a mapping");
    assert!(tree("a: &x [*x]\n").is_err());
}

#[test]
fn faults_have_their_place() {
    check_fault("a:\n  b: 1\n\tc: 2\n", 3, 1, "a tab is not allowed here");
    let deep = format!("{}1", "a: {".repeat(150));
    assert!(tree(&deep).is_err());
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(200), "*a, ".repeat(200));
    assert!(tree(&wide).unwrap_err().message.contains("aliases"));
}
