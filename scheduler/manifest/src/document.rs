//! Documents of a text to values: JSON where it is JSON, else YAML.

use serde_json::Value;
use serde_json::error::Category;

use crate::error::{cut_to, quoted};
use crate::split::Chunk;
use crate::tree::{At, Node, Twice};
use crate::{hint, json, yaml};

/// A document that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where in the source.
    pub(crate) at: At,
    /// What is wrong and how to fix it.
    pub(crate) message: String,
}

/// A document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What it holds.
    pub(crate) value: Value,
    /// Keys that are written twice, placed in the source.
    pub(crate) twice: Vec<Twice>,
}

type Read = Result<Document, SyntaxError>;

/// The documents of a chunk: one of YAML, any number of JSON (`kubectl get -o json` of several calls, one after the
/// other). After an error nothing follows.
pub(crate) fn parse(chunk: Chunk<'_>) -> Vec<Read> {
    let text = match std::str::from_utf8(chunk.text) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + chunk.text[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let at = At { line, column: 1 };
            return vec![Err(failed(chunk, at, "is not UTF-8 text; convert the file to UTF-8".to_string()))];
        }
    };
    if !may_be_json(text) {
        return vec![read_yaml(chunk, text)];
    }
    let values = read_json(chunk, text);
    if looks_like_json(text) || values.iter().all(Result::is_ok) {
        values
    } else {
        vec![read_yaml(chunk, text)]
    }
}

/// The same with places, of the documents that do parse.
pub(crate) fn trees(chunk: Chunk<'_>) -> Vec<Node> {
    let Ok(text) = std::str::from_utf8(chunk.text) else { return Vec::new() };
    let found = if may_be_json(text) { json::trees(text) } else { Vec::new() };
    if found.is_empty() { yaml::tree(text).map(|(node, _)| node).into_iter().collect() } else { found }
}

/// Where a place of the chunk is in the source.
pub(crate) fn in_source(chunk: Chunk<'_>, at: At) -> At {
    let before = if at.line == 1 { chunk.column } else { 0 };
    At {
        line: chunk.line.saturating_add(at.line).saturating_sub(1),
        column: at.column.saturating_add(before),
    }
}

fn may_be_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// `{a: b}` is YAML; only what looks like JSON gets JSON's error.
fn looks_like_json(text: &str) -> bool {
    let inside = text.trim_start().get(1..).unwrap_or_default().trim_start();
    inside.starts_with(['"', '[', '}', ']'])
        || (inside.starts_with('{') && !text.trim_start().starts_with("{{"))
}

fn read_json(chunk: Chunk<'_>, text: &str) -> Vec<Read> {
    let mut places = Vec::new();
    let read = json::values(text).into_iter().enumerate();
    let read = read.map(|(at, value)| match value {
        Ok((value, twice)) => {
            if places.is_empty() && !twice.is_empty() {
                places = json::trees(text);
            }
            let twice = twice.into_iter().map(|path| Twice {
                at: in_source(chunk, places.get(at).map_or(At::default(), |tree| tree.find(&path))),
                key: path,
            });
            Ok(Document { value, twice: twice.collect() })
        }
        Err(error) => {
            let message = match error.classify() {
                Category::Eof => "the JSON ends too early; is the file truncated?".to_string(),
                _ => format!("is not valid JSON: {}", without_place(&error.to_string())),
            };
            Err(failed(chunk, At { line: error.line(), column: error.column() }, message))
        }
    });
    read.collect()
}

fn read_yaml(chunk: Chunk<'_>, text: &str) -> Read {
    let (tree, mut twice) = yaml::tree(text).map_err(|fault| {
        let message = cut_to(fault.message.lines().next().unwrap_or_default(), 200);
        failed(chunk, fault.at, format!("is not valid YAML: {message}"))
    })?;
    for twice in &mut twice {
        twice.at = in_source(chunk, twice.at);
        twice.key = quoted(&twice.key);
    }
    Ok(Document { value: tree.into_value(), twice })
}

/// A fault, in other words where the text shows what it is meant to be.
fn failed(chunk: Chunk<'_>, at: At, message: String) -> SyntaxError {
    match hint::template(chunk.text) {
        Some((line, what)) => {
            SyntaxError { at: in_source(chunk, At { line, column: 1 }), message: what.to_string() }
        }
        None => SyntaxError { at: in_source(chunk, at), message },
    }
}

/// serde_json's message without its place, which counts from the start of the chunk.
fn without_place(message: &str) -> String {
    cut_to(message.rsplit_once(" at line ").map_or(message, |(text, _)| text), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: usize, column: usize, part: &str) {
        let found: Vec<_> = crate::split::split(text.as_bytes()).into_iter().flat_map(parse).collect();
        let error = found.into_iter().find_map(Result::err).unwrap();
        assert_eq!((error.at.line, error.at.column), (line, column), "{error:?}");
        assert!(error.message.contains(part), "{error:?}");
    }

    #[test]
    fn faults_are_placed_in_the_source() {
        check("a: 1\n---\nb: 1\n\tc: 2\n", 4, 1, "is not valid YAML");
        check("a: 1\n--- {b: 1, c\n", 2, 5, "is not valid YAML");
        check("{\"a\": 1}\n{\"a\": 1,\n oops}\n", 3, 2, "is not valid JSON");
        check("{\"a\": 1", 1, 7, "truncated");
        check("a: 1\n---\nb: {{ .Values.x }}\n", 3, 1, "Helm template");
    }

    #[test]
    fn equal_keys_are_placed() {
        let twice = |text: &str| {
            let found = crate::split::split(text.as_bytes()).into_iter().flat_map(parse);
            found.flat_map(|d| d.unwrap().twice).map(|t| (t.key, t.at.line)).collect::<Vec<_>>()
        };
        assert_eq!(twice("---\na: 1\n---\nb: 1\nb: 2\n"), [("\"b\"".to_string(), 5)]);
        assert_eq!(twice("{\"a\": {\"b\": 1,\n \"b\": 2}}"), [("a.b".to_string(), 2)]);
    }
}
