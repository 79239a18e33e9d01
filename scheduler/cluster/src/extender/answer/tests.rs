//! Answers as extenders in the field write them, and as they should not.

use super::*;

const URL: &str = "http://e/filter";

fn filtered(text: &str, node_cache_capable: bool) -> Result<FilterAnswer, PluginError> {
    read::<FilterResult>(text.as_bytes(), URL)?.into_answer(node_cache_capable)
}

#[track_caller]
fn check_kept(text: &str, node_cache_capable: bool, want: &[&str]) {
    let answer = filtered(text, node_cache_capable).unwrap();
    assert_eq!(answer.kept.iter().map(|n| &**n).collect::<Vec<_>>(), want);
}

#[test]
fn names_count_before_nodes_but_only_where_the_extender_knows_the_nodes() {
    let both = r#"{"Nodes": {"items": [{"metadata": {"name": "a"}}]}, "NodeNames": ["b"]}"#;
    check_kept(both, true, &["b"]);
    check_kept(both, false, &["a"]);
    check_kept(r#"{"NodeNames": ["b"]}"#, false, &[]);
    check_kept(
        r#"{"nodenames": null, "nodes": {"Items": [{"Metadata": {"NAME": "a"}}, null]}}"#,
        true,
        &["a", ""],
    );
    check_kept("{}", true, &[]);
    check_kept("null", true, &[]);
    check_kept(r#"{"NodeNames": ["a"], "nodeNames": ["b"], "Version": 7} trailing"#, true, &["b"]);
}

#[test]
fn reasons_are_read_and_cut() {
    let long = "é".repeat(2000);
    let text = format!(
        r#"{{"failednodes": {{"a": "busy"}}, "FailedAndUnresolvableNodes": {{"b": "{long}"}}, "NodeNames": []}}"#
    );
    let answer = filtered(&text, true).unwrap();
    assert_eq!(answer.failed, [("a".into(), "busy".to_string())]);
    let (node, reason) = &answer.failed_and_unresolvable[0];
    assert_eq!((&**node, reason.len(), reason.ends_with("é...")), ("b", 1027, true));
}

#[test]
fn an_error_of_the_extender_is_its_answer() {
    let error = filtered(r#"{"NodeNames": ["a"], "Error": "no database"}"#, true).unwrap_err();
    assert_eq!(error.to_string(), "no database");
}

#[track_caller]
fn check_unreadable(text: &str, want: &str) {
    let error = filtered(text, true).unwrap_err().to_string();
    let start = format!("the answer of {URL} cannot be read: ");
    assert!(error.starts_with(&format!("{start}{want}")), "{error}");
}

#[test]
fn what_is_no_answer_is_said() {
    check_unreadable("", "EOF");
    check_unreadable("<html>", "expected value");
    check_unreadable("[]", "invalid type: sequence, expected an object");
    check_unreadable(r#"{"NodeNames": [7]}"#, "invalid type: integer `7`, expected a string");
    check_unreadable(r#"{"NodeNames": ["a""#, "EOF");
    check_unreadable(r#"{"Nodes": []}"#, "invalid type: sequence, expected an object");
    check_unreadable(&"[".repeat(100_000), "");
    check_unreadable(&format!("{}{{", r#"{"Nodes":"#.repeat(100_000)), "");
}

#[test]
fn scores_are_whole_numbers() {
    let read = |text: &str| {
        let list: Result<Vec<HostPriority>, _> = read(text.as_bytes(), URL);
        list.map(|l| l.into_iter().map(|p| (p.host, p.score)).collect::<Vec<_>>())
    };
    let list = r#"[{"Host": "a", "Score": 10}, {"host": "b"}, null]"#;
    let want = [("a", 10), ("b", 0), ("", 0)].map(|(host, score)| (host.to_string(), score));
    assert_eq!(read(list), Ok(want.to_vec()));
    assert_eq!(read("null"), Ok(Vec::new()));
    for wrong in [r#"[{"Host": "a", "Score": 1.5}]"#, r#"[{"Score": 99999999999999999999}]"#, "{}"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn victims_are_named_by_uid() {
    let read =
        |text: &str| read::<PreemptionResult>(text.as_bytes(), URL).map(PreemptionResult::into_victims);
    let text = r#"{"NodeNameToMetaVictims": {
        "b": {"Pods": [{"UID": "1"}, {"uid": "2"}], "NumPDBViolations": 1},
        "a": null, "c": {"NumPDBViolations": -1}}}"#;
    let named = |node: &str, uids: &[&str], violations| NamedVictims {
        node: node.into(),
        victims: uids.iter().map(|uid| (*uid).into()).collect(),
        violations,
    };
    let want = vec![named("a", &[], 0), named("b", &["1", "2"], 1), named("c", &[], 0)];
    assert_eq!(read(text), Ok(want));
    assert_eq!(read("{}"), Ok(vec![]));
    assert!(read(r#"{"NodeNameToMetaVictims": []}"#).is_err());
}

#[test]
fn a_binding_is_done_unless_an_error_is_said() {
    let bound = |text: &str| read::<BindingResult>(text.as_bytes(), URL).and_then(BindingResult::into_result);
    assert_eq!(bound("{}"), Ok(()));
    assert_eq!(bound(r#"{"Error": ""}"#), Ok(()));
    assert_eq!(bound(r#"{"error": "conflict"}"#), Err(PluginError::new("conflict")));
    assert!(bound("").is_err());
}
