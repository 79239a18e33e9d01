use serde_json::json;

use super::*;

fn document() -> Value {
    json!({
        "kind": "Simulation",
        "placements": [
            {"pod": "shop/web-1", "node": "n1", "priority": 5, "labels": {"a.b/c": "x"}},
            {"pod": "shop/web-2", "node": "n2", "priority": 7, "score": 1.5},
            {"pod": "data/db", "node": "n1", "priority": 7},
        ],
        "empty": [],
        "none": null,
        "ok": true,
    })
}

/// What a template makes of the document, or the error.
#[track_caller]
fn check(template: &str, want: &str) {
    let found = Template::parse(template).and_then(|t| t.text(&document()));
    let found = found.unwrap_or_else(|error| format!("error: {error}"));
    assert_eq!(found, want, "{template}");
}

#[test]
fn fields_and_text() {
    check("{.kind}", "Simulation");
    check("{kind}", "error: unrecognized identifier kind");
    check(".kind", ".kind");
    check("kind is {.kind}!", "kind is Simulation!");
    check("{$.kind}{@.kind}", "SimulationSimulation");
    check("{.none}{.ok}", "nulltrue");
    check("{.nothing.more}", "");
    check("{.placements[0]['node']}", "n1");
    check("{.placements[0].labels.a\\.b/c}", "x");
    check("{.placements[0].labels['a\\.b/c']}", "x");
    check("{.placements[0].labels}", "{\"a.b/c\":\"x\"}");
    check("{.placements[1].score}", "1.5");
}

#[test]
fn lists() {
    check("{.placements[*].node}", "n1 n2 n1");
    check("{.placements[-1].pod}", "data/db");
    check("{.placements[0:2].node}", "n1 n2");
    check("{.placements[1:].node}", "n2 n1");
    check("{.placements[::2].pod}", "shop/web-1 data/db");
    check("{.placements[0,2].pod}", "shop/web-1 data/db");
    check("{.placements[0]['pod','node']}", "shop/web-1 n1");
    check("{.empty[*]}", "");
    check("{.empty}", "[]");
    check("{.placements[7]}", "error: array index out of bounds: index 7, length 3");
    check("{.kind[0]}", "error: \"Simulation\" is not a list and has no elements");
    check("{.placements[x]}", "error: invalid array index x");
    check("{..priority}", "5 7 7");
    check("{.placements[*].*}", "{\"a.b/c\":\"x\"} n1 shop/web-1 5 n2 shop/web-2 7 1.5 n1 data/db 7");
}

#[test]
fn filters() {
    check("{.placements[?(@.node==\"n1\")].pod}", "shop/web-1 data/db");
    check("{.placements[?(@.node != 'n1')].pod}", "shop/web-2");
    check("{.placements[?(@.priority>=7)].pod}", "shop/web-2 data/db");
    check("{.placements[?(@.priority<7)].pod}", "shop/web-1");
    check("{.placements[?(@.score)].pod}", "shop/web-2");
    check("{.placements[?(@.pod==')')].pod}", "");
    check("{.placements[?(@.pod>5)].pod}", "error: incompatible types for comparison: \"shop/web-1\" and 5");
    check("{.placements[?(@.pod==\"x\"]}", "error: unterminated filter");
    check("{.placements[?(@.pod=='x')}", "error: unclosed array expect ]");
}

#[test]
fn ranges() {
    check(
        "{range .placements[*]}{.pod}{'\\t'}{.node}{\"\\n\"}{end}done",
        "shop/web-1\tn1\nshop/web-2\tn2\ndata/db\tn1\ndone",
    );
    check("{range .empty[*]}{.pod}{end}-", "-");
    check("{range .placements[0:1]}{range .labels.*}<{@}>{end}{end}", "<x>");
    check("{range .placements[*]}{.node},", "n1,n2,n1,");
    check("{end}", "error: not in range, nothing to end");
    check("{.kind", "error: unclosed action: } is missing");
    check("{'x", "error: unterminated quoted string");
    check("{%}", "error: unrecognized character in action: '%'");
    check("{....}", "error: invalid multiple recursive descent");
}

#[test]
fn columns_are_relaxed_and_say_what_is_missing() {
    let row = &document()["placements"][0];
    let cell = |path: &str| Template::parse_relaxed(path).and_then(|t| t.cell(row)).unwrap();
    assert_eq!([".pod", "pod", "{.pod}", "{pod}"].map(cell), ["shop/web-1"; 4]);
    assert_eq!((cell(".nothing"), cell(".labels.*")), ("<none>".to_string(), "x".to_string()));
    assert!(Template::parse_relaxed("").is_err() && Template::parse_relaxed("{a}{b}").is_err());
}

#[test]
fn results_as_json() {
    let found = Template::parse("{.placements[*].priority}").unwrap().json(&document()).unwrap();
    assert_eq!(found, [json!([5, 7, 7])]);
}

#[test]
fn what_is_deep_is_refused() {
    let deep = format!("{{{}{}}}", "[?(@.a".repeat(40), ")]".repeat(40));
    assert!(Template::parse(&deep).is_err());
}
