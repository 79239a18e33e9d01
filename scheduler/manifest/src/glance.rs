//! What a document that does not parse was probably about, so that a lost pod has a name.

use crate::error::cut_to;

/// Lines that are looked at; `kind` and `metadata` stand at the top.
const LINES: usize = 200;

/// The object as far as its text shows: `Pod default/web`, `Pod`, or nothing; and whether it is a pod.
pub(crate) fn glance(text: &[u8]) -> (Option<String>, bool) {
    let text = String::from_utf8_lossy(&text[..text.len().min(64 * 1024)]);
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    let Some(kind) = value_of(&lines, "kind") else { return (None, false) };
    let metadata = lines.iter().position(|l| l.find("metadata").is_some_and(|at| is_key(l, at, "metadata")));
    let below = &lines[metadata.unwrap_or(lines.len())..];
    let object = match (value_of(below, "name"), value_of(below, "namespace")) {
        (Some(name), Some(namespace)) => format!("{kind} {namespace}/{name}"),
        (Some(name), None) => format!("{kind} {name}"),
        (None, _) => kind.clone(),
    };
    (Some(object), kind == "Pod")
}

/// The value after the first `key:`, bare or quoted, on a line of its own or in braces.
fn value_of(lines: &[&str], key: &str) -> Option<String> {
    lines.iter().find_map(|line| {
        let at = line.match_indices(key).map(|(at, _)| at).find(|at| is_key(line, *at, key))?;
        let rest = line[at + key.len()..].trim_start_matches(['"', '\'', ':', ' ']);
        let end = rest.find(['"', '\'', ',', '}', ' ', '#']).unwrap_or(rest.len());
        rest.starts_with(|c: char| c.is_ascii_alphanumeric()).then(|| cut_to(&rest[..end], 100))
    })
}

fn is_key(line: &str, at: usize, key: &str) -> bool {
    let before = line[..at].chars().next_back();
    let after = line[at + key.len()..].trim_start_matches(['"', '\'']);
    before.is_none_or(|c| matches!(c, ' ' | '{' | ',' | '"' | '\'' | '-')) && after.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, object: Option<&str>, is_pod: bool) {
        assert_eq!(glance(text.as_bytes()), (object.map(str::to_string), is_pod), "{text}");
    }

    #[test]
    fn kind_and_name_are_found_wherever_they_usually_stand() {
        check(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop\n",
            Some("Pod shop/web"),
            true,
        );
        check("kind: Pod\nmetadata:\n  labels: {a: b}\n  name: \"web\"\nspec: [", Some("Pod web"), true);
        check("{\"kind\": \"Node\", \"metadata\": {\"name\": \"n1\"", Some("Node n1"), false);
        check("kind: Pod\nspec: {containers: [{name: c", Some("Pod"), true);
        check("what: ever", None, false);
        check("", None, false);
    }
}
