//! What a document that does not parse was probably about, so that a lost pod has a name.

use crate::error::cut_to;

/// Lines of an object that are looked at; `kind` and `metadata` stand at the top.
const LINES: usize = 200;

/// What the text shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    /// The element of a list that the fault is in, from 1.
    pub(crate) item: Option<usize>,
    /// The object: `Pod default/web`, or `Pod`.
    pub(crate) object: Option<String>,
    /// Whether it is a pod.
    pub(crate) is_pod: bool,
    /// The node it runs on.
    pub(crate) node: Option<String>,
}

/// Looks at a text with a fault in that line, from 0.
pub(crate) fn glance(text: &[u8], fault: usize) -> Glance {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().collect();
    let (item, from, to) = element(&lines, fault).unwrap_or((None, 0, lines.len()));
    let lines = &lines[from..to.min(from.saturating_add(LINES))];
    let Some(kind) = value_of(lines, "kind") else { return Glance { item, ..Glance::default() } };
    let metadata = lines.iter().position(|l| l.find("metadata").is_some_and(|at| is_key(l, at, "metadata")));
    let below = &lines[metadata.unwrap_or(lines.len())..];
    let object = match (value_of(below, "name"), value_of(below, "namespace")) {
        (Some(name), Some(namespace)) => format!("{kind} {namespace}/{name}"),
        (Some(name), None) => format!("{kind} {name}"),
        (None, _) => kind.clone(),
    };
    let is_pod = kind == "Pod";
    let node = if is_pod { value_of(lines, "nodeName") } else { None };
    Glance { item, object: Some(object), is_pod, node }
}

/// The element of a block list of objects that the fault is in: its number and its lines.
fn element(lines: &[&str], fault: usize) -> Option<(Option<usize>, usize, usize)> {
    let top = lines.iter().position(|l| l.trim_end() == "items:")?;
    let first = top + 1 + lines[top + 1..].iter().position(|l| !l.trim().is_empty())?;
    let indent = lines[first].len() - lines[first].trim_start().len();
    let begins = |line: &&str| {
        line.get(..indent).is_some_and(|i| i.trim().is_empty()) && line[indent..].starts_with("- ")
    };
    let starts: Vec<usize> = (first..lines.len()).filter(|at| begins(&lines[*at])).collect();
    let number = starts.partition_point(|start| *start <= fault);
    let from = *starts.get(number.checked_sub(1)?)?;
    Some((Some(number), from, starts.get(number).copied().unwrap_or(lines.len())))
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
    before.is_none_or(|c| matches!(c, ' ' | '\t' | '{' | ',' | '"' | '\'' | '-')) && after.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, object: Option<&str>, is_pod: bool) {
        let found = glance(text.as_bytes(), 0);
        assert_eq!((found.object.as_deref(), found.is_pod), (object, is_pod), "{text}");
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

    #[test]
    fn in_a_list_the_element_with_the_fault_is_meant() {
        let list = "kind: List\nitems:\n- kind: Node\n  metadata: {name: n}\n- kind: Pod\n  metadata: {name: p}\n  spec:\n\tnodeName: n\n- kind: Pod\n";
        let found = glance(list.as_bytes(), 7);
        assert_eq!((found.item, found.object.as_deref()), (Some(2), Some("Pod p")));
        assert_eq!(found.node.as_deref(), Some("n"));
        assert_eq!(glance(list.as_bytes(), 3).item, Some(1));
        assert_eq!(glance(b"items:\n", 0).item, None);
    }
}
