//! New expectations in the place of old ones; every other line of a case stays as it is.

use anyhow::Context;
use serde_json::{Map, Value};

/// The documents of a file, without the lines between them.
pub(super) fn documents(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            parts.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts
}

/// The document with this for `expect`.
///
/// # Errors
/// The values cannot be written as YAML.
pub(super) fn with(document: &str, expect: &[(String, Value)]) -> anyhow::Result<String> {
    let block = block(expect)?;
    let lines: Vec<&str> = document.split_inclusive('\n').collect();
    let Some(first) = lines.iter().position(|line| line.starts_with("expect:")) else {
        let end = if document.is_empty() || document.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{document}{end}{block}"));
    };
    let inside = |line: &&&str| line.starts_with([' ', '\t', '-']) || line.trim().is_empty();
    let more = lines[first + 1..].iter().take_while(inside).count();
    let (before, after) = (&lines[..first], &lines[first + 1 + more..]);
    Ok(format!("{}{block}{}", before.concat(), after.concat()))
}

fn block(expect: &[(String, Value)]) -> anyhow::Result<String> {
    let mut text = "expect:\n".to_string();
    for (field, value) in expect {
        let one = Map::from_iter([(field.clone(), value.clone())]);
        let yaml = serde_saphyr::to_string(&one).context("the expectations cannot be written")?;
        for line in yaml.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_expectations_change() {
        let case = "# why\nname: a\nexpect:\n  feasible: [a]\n  # old\n\n  log: []\nconfig: {a: 1}\n";
        let new = [("feasible".to_string(), json!(["b"])), ("permit".to_string(), json!("Wait: x"))];
        let text = with(case, &new).unwrap();
        assert!(text.starts_with("# why\nname: a\nexpect:\n  feasible:"), "{text}");
        assert!(text.ends_with("\nconfig: {a: 1}\n") && !text.contains("old"), "{text}");
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read["expect"], json!({"feasible": ["b"], "permit": "Wait: x"}));
        let added: Value = serde_saphyr::from_str(&with("name: a", &new).unwrap()).unwrap();
        assert_eq!(added["expect"], read["expect"]);
    }

    #[test]
    fn documents_are_what_is_between_the_lines() {
        assert_eq!(documents("a: 1\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(documents("---\na: 1\n").join("---\n"), "---\na: 1\n");
        assert_eq!(documents("a: '---'\n"), ["a: '---'\n"]);
    }
}
