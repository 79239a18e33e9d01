//! Text that is malformed or meant to do harm ends in an error, never in a panic.

use super::{check, loaded};

/// Loads what should not load; the message.
#[track_caller]
fn refused(text: &str) -> String {
    loaded(text).expect_err("it was accepted").to_string()
}

#[track_caller]
fn check_refused(text: &str, part: &str) {
    let message = refused(text);
    assert!(message.contains(part), "no {part:?} in {message}");
    assert!(message.len() < 100_000, "{} bytes of message", message.len());
}

#[test]
fn malformed_yaml_is_located() {
    let message = refused("parallelism: 3\nprofiles: [\n");
    assert!(message.starts_with("profile.yaml: ") && message.contains("line"), "{message}");
    let message = refused("parallelism: 3\nprofiles: {a: b: c}\n");
    assert!(message.contains("line 4"), "the header has two lines: {message}");
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn duplicate_keys_and_several_documents_are_refused() {
    check_refused(
        "parallelism: 3\nparallelism: 4\n",
        "profile.yaml: line 4, column 1: \"parallelism\" is written twice in the same object; remove one",
    );
    check_refused("parallelism: 3\n---\nparallelism: 4\n", "line 4, column 1: a second document begins");
}

#[test]
fn json_is_yaml() {
    check(
        "{\"apiVersion\": \"kubescheduler.config.k8s.io/v1\",\n\t\"kind\": \"KubeSchedulerConfiguration\", \"profiles\": []}",
        super::Expected::Stages(&["0 bind: Binder"]),
    );
}

#[test]
fn size_depth_and_aliases_have_limits() {
    check_refused(&format!("parallelism: {}", "x".repeat(10 << 20)), "1048576");
    check_refused(&format!("# apiVersion\n{}", "[".repeat(100_000)), "recursion limit exceeded");
    check_refused(
        &format!("profiles: {}{}", "[".repeat(5_000), "]".repeat(5_000)),
        "recursion limit exceeded",
    );
    let nested: String = (0..700).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    check_refused(&nested, "nested deeper than 64 levels");
    check_refused(&format!("# apiVersion\n{}x", "- ".repeat(100_000)), "nested deeper than 64 levels");
    let nodes = format!("extenders: [{}]", "1,".repeat(200_000));
    check_refused(&nodes, "the file is too large");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    check_refused(&bomb, "alias replay limit exceeded");
}

#[test]
fn long_or_odd_strings_do_not_flood_the_message() {
    check_refused(&format!("profiles: [{{schedulerName: 1, {}: 2}}]", "k".repeat(900)), "kkk…");
    check_refused(
        &format!("profiles: [{{plugins: {{filter: {{enabled: [{{name: {}}}]}}}}}}]", "é".repeat(90_000)),
        "éé…",
    );
    check_refused("\"a\\nb\\u0007\": 1", "a\\nb\\u{7}: unknown field");
    check_refused("\u{0}\u{1}\u{2}PNG", "");
    check_refused(&"x: 1\n".repeat(50_000), "");
    let many: String = (0..5_000).map(|n| format!("field{n}: 1\n")).collect();
    check_refused(&many, "and 4900 more problems");
    check_refused("parallelism: 1e999", "");
    check_refused("parallelism: 99999999999999999999999999999999999999999999", "parallelism");
    check_refused("parallelism: !!python/object:os.system x", "");
}

#[test]
fn a_file_cut_short_or_garbled_anywhere_does_not_panic() {
    let file = include_str!("../../../../profiles/default.yaml");
    let mut refused = 0;
    for at in (0..file.len()).step_by(13).filter(|at| file.is_char_boundary(*at)) {
        for garbage in ["", "\u{0}", ": [", "{", "&a *a", "\n\t- !!x", "\"", "| \n", "\u{fffd}"] {
            let text =
                format!("{}{garbage}{}", &file[..at], if garbage.is_empty() { "" } else { &file[at..] });
            refused += usize::from(loaded(&text).is_err());
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
}
