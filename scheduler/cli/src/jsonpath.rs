//! kubectl's dialect of JSONPath: templates of `-o jsonpath` and `-o custom-columns`.
//!
//! Text is printed as it is; between braces stands a path, such as `{.placements[*].node}`, a quoted text, or `range` and `end`.
//! What a path finds is printed with blanks between, objects and lists as JSON. What is not there is no error, as for
//! `kubectl get`.

mod evaluate;
mod parse;

use serde_json::Value;
use thiserror::Error;

use evaluate::Found;
use parse::Node;

/// A template that cannot be read, or does not fit the document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct BadTemplate(String);

impl BadTemplate {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Node>);

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, BadTemplate> {
        parse::template(text).map(Self)
    }

    /// Reads a path as columns have it: braces and the first dot may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse_relaxed(text: &str) -> Result<Self, BadTemplate> {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        let path = inner.strip_prefix('.').unwrap_or(inner);
        if path.is_empty() || path.contains(['{', '}']) {
            let message = format!("{text:?} is no path; write it as .pod, or {{.pod}}");
            return Err(BadTemplate::new(message));
        }
        Self::parse(&format!("{{.{path}}}"))
    }

    /// The text that comes of a document.
    ///
    /// # Errors
    /// The document has something else where the template wants a list, or what cannot be compared is compared.
    pub(crate) fn text(&self, document: &Value) -> Result<String, BadTemplate> {
        let results = evaluate::results(&self.0, document)?;
        let shown =
            results.iter().map(|found| found.iter().map(|value| shown(value)).collect::<Vec<_>>().join(" "));
        Ok(shown.collect())
    }

    /// What the template finds in a document, text included, as a JSON list for each of its parts.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub(crate) fn json(&self, document: &Value) -> Result<Vec<Value>, BadTemplate> {
        let results = evaluate::results(&self.0, document)?;
        Ok(results.into_iter().map(|found| found.into_iter().map(Found::into_owned).collect()).collect())
    }

    /// A cell of a column: what is found, with commas between, or `<none>`.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub(crate) fn cell(&self, row: &Value) -> Result<String, BadTemplate> {
        let results = evaluate::results(&self.0, row)?;
        let found: Vec<String> = results.iter().flatten().map(|value| shown(value)).collect();
        Ok(if found.is_empty() { "<none>".to_string() } else { found.join(",") })
    }
}

/// Strings as they are, everything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
