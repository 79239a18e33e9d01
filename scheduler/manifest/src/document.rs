//! One document of text to values: JSON where it is JSON, else YAML.

use serde_json::Value;
use serde_json::error::Category;

use crate::error::cut_to;
use crate::split::Chunk;

/// The deepest nesting that is read; manifests need about twenty levels.
const DEEPEST: usize = 100;
/// Parser events that aliases may repeat, beside two for each byte of the document.
const ALIASED_EVENTS: usize = 64;

/// A document that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Line in the source, from 1.
    pub(crate) line: usize,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

/// The values of a document: one of YAML, any number of JSON (`kubectl get -o json` of several calls, one after the
/// other). After an error nothing follows.
pub(crate) fn parse(chunk: Chunk<'_>) -> Vec<Result<Value, SyntaxError>> {
    let text = match std::str::from_utf8(chunk.text) {
        Ok(text) => text,
        Err(error) => {
            let good = &chunk.text[..error.valid_up_to()];
            return vec![Err(at(chunk, lines(good), "is not UTF-8 text; convert the file to UTF-8"))];
        }
    };
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return vec![yaml(chunk, text)];
    }
    let values = json(chunk, text);
    // `{a: b}` is YAML; only what looks like JSON gets JSON's error.
    let looks_like_json = trimmed[1..].trim_start().starts_with(['"', '{', '[', '}', ']']);
    if looks_like_json || values.iter().all(Result::is_ok) { values } else { vec![yaml(chunk, text)] }
}

fn json(chunk: Chunk<'_>, text: &str) -> Vec<Result<Value, SyntaxError>> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut read = Vec::new();
    for value in values {
        let broken = value.is_err();
        read.push(value.map_err(|error| {
            let message = match error.classify() {
                Category::Eof => "the JSON ends too early; is the file truncated?".to_string(),
                _ => format!("is not valid JSON: {}", without_place(&error.to_string())),
            };
            at(chunk, error.line().saturating_sub(1), &message)
        }));
        if broken {
            break;
        }
    }
    read
}

fn yaml(chunk: Chunk<'_>, text: &str) -> Result<Value, SyntaxError> {
    serde_saphyr::from_str_with_options(text, options(text.len())).map_err(|error| {
        let error = error.without_snippet();
        let line = error.location().map_or(0, |l| usize::try_from(l.line()).unwrap_or(0).saturating_sub(1));
        let message = error.to_string();
        let message = without_place(message.lines().next().unwrap_or_default());
        let excessive = message.contains("budget") || message.contains("alias");
        let mend = if excessive { "; nest it less deep and write aliases out" } else { "" };
        at(chunk, line, &format!("is not valid YAML: {message}{mend}"))
    })
}

/// A parser's message without its line, which counts from the start of the document, not of the source.
fn without_place(message: &str) -> String {
    cut_to(message.rsplit_once(" at line ").map_or(message, |(text, _)| text), 200)
}

/// Limits in proportion to the size of the document: whatever is written out may be read, what aliases multiply may not.
fn options(size: usize) -> serde_saphyr::Options {
    let plenty = size.saturating_mul(2).saturating_add(ALIASED_EVENTS);
    serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_events: plenty.saturating_mul(2),
            max_nodes: plenty.saturating_mul(2),
            max_total_scalar_bytes: plenty.saturating_mul(2),
            max_total_comment_bytes: plenty,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: plenty,
        },
    }
}

fn at(chunk: Chunk<'_>, lines_down: usize, message: &str) -> SyntaxError {
    SyntaxError { line: chunk.line.saturating_add(lines_down), message: message.to_string() }
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}
