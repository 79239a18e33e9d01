//! Which part of a file is the configuration: the file itself, one of its documents, or an entry of a ConfigMap.

use longshore_framework::fields::Problems;
use serde_json::Value;

use crate::error::clip;
use crate::foreign::kind;
use crate::{KIND, foreign, text};

/// The tree of a configuration, and what stands around it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) value: Value,
    /// The way to it, such as `data[config.yaml]`; empty when it is all of the document.
    pub(crate) path: String,
    /// What was left out.
    pub(crate) warning: Option<String>,
}

/// Finds the configuration in a text; `None`, with problems, when there is none to be read.
pub(crate) fn find(text: &str, problems: &mut Problems<'_>) -> Option<Found> {
    if let Some(line) = foreign::template_line(text) {
        problems.report(format!("line {line}: looks like a Helm template: render it first (helm template)"));
        return None;
    }
    let mut found = Vec::new();
    let documents = text::documents(text, &mut Problems::new(&mut found));
    let Some(documents) = documents else {
        found.into_iter().for_each(|problem| problems.report(problem.message));
        return None;
    };
    match documents.as_slice() {
        [] => Some(whole(Value::Null)),
        [only] => of_document(only, problems),
        several => of_several(several, problems),
    }
}

fn whole(value: Value) -> Found {
    Found { value, path: String::new(), warning: None }
}

/// A document: a ConfigMap's entry, or itself whatever it is.
fn of_document(document: &Value, problems: &mut Problems<'_>) -> Option<Found> {
    if !is(document, "v1", "ConfigMap") {
        return Some(whole(document.clone()));
    }
    let data = document.get("data").and_then(Value::as_object);
    let mut configurations = Vec::new();
    let mut others = Vec::new();
    for (key, text) in data.into_iter().flatten().filter_map(|(key, text)| Some((key, text.as_str()?))) {
        let path = format!("data[{}]", clip(key, 60));
        if let Some(line) = foreign::template_line(text) {
            problems
                .field(&path)
                .report(format!("line {line}: looks like a Helm template: render it first (helm template)"));
            return None;
        }
        match text::documents(text, &mut problems.field(&path)).as_deref() {
            Some([value]) if kind(value) == KIND => configurations.push((path, value.clone())),
            Some([value]) => others.push((path, foreign::advice(value))),
            Some(_) => {}
            None => return None,
        }
    }
    chosen(configurations, others, problems)
}

/// The only configuration among the entries of a ConfigMap.
fn chosen(
    mut configurations: Vec<(String, Value)>,
    others: Vec<(String, Option<String>)>,
    problems: &mut Problems<'_>,
) -> Option<Found> {
    match (configurations.len(), configurations.pop()) {
        (1, Some((path, value))) => Some(Found { value, path, warning: None }),
        (0, _) => {
            let advised = others.into_iter().filter_map(|(path, advice)| Some((path, advice?)));
            let before = problems.count();
            advised.for_each(|(path, advice)| problems.field(&path).report(advice));
            if problems.count() == before {
                problems
                    .field("data")
                    .report(format!("no entry of this ConfigMap is a {KIND}; name the file that holds one"));
            }
            None
        }
        (_, last) => {
            let paths: Vec<String> = configurations.into_iter().chain(last).map(|(path, _)| path).collect();
            problems
                .report(format!("{} are a {KIND} each; give a file with one of them", paths.join(" and ")));
            None
        }
    }
}

/// The only one of several documents that is or holds a configuration. kube-scheduler reads the first and says nothing of
/// the others.
fn of_several(documents: &[Value], problems: &mut Problems<'_>) -> Option<Found> {
    let named =
        |value: &Value| format!("{} {}", kind(value), value["metadata"]["name"].as_str().unwrap_or_default());
    let mut found = Vec::new();
    let mut rest = Vec::new();
    for document in documents {
        let mut own = Vec::new();
        match of_document(document, &mut Problems::new(&mut own)) {
            Some(one) if kind(&one.value) == KIND => found.push(one),
            _ => rest.push(clip(named(document).trim(), 60)),
        }
    }
    let count = documents.len();
    match found.len() {
        1 => {
            let warning =
                format!("of {count} documents only the {KIND} is read; left out: {}", rest.join(", "));
            found.pop().map(|one| Found { warning: Some(warning), ..one })
        }
        0 => {
            problems.report(format!("none of its {count} documents is a {KIND}, but: {}", rest.join(", ")));
            documents.iter().filter_map(foreign::advice).for_each(|advice| problems.report(advice));
            None
        }
        // As kube-scheduler does, which does not say so.
        n => {
            let warning = format!("{n} of {count} documents are a {KIND} each; only the first is read");
            found.into_iter().next().map(|one| Found { warning: Some(warning), ..one })
        }
    }
}

fn is(value: &Value, version: &str, of: &str) -> bool {
    kind(value) == of && value.get("apiVersion").and_then(Value::as_str) == Some(version)
}
