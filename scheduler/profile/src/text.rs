//! YAML or JSON text to a tree, within a budget.

use longshore_framework::fields::Problems;
use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, alias_limits, budget, options};

use crate::error::{clip, quote};
use crate::foreign::kind;

/// As large as a ConfigMap may be.
const MAX_BYTES: usize = 1024 * 1024;

/// Deeper than any field of the format.
const MAX_DEPTH: usize = 64;

/// Documents in one file.
const MAX_DOCUMENTS: usize = 100;

/// The trees of the documents in `text`; `None`, with a problem, when it has none. Duplicate keys, deep nesting and aliases that
/// multiply are problems, and so is a document beside others that does not say what it is. No text makes it panic.
pub(crate) fn documents(text: &str, problems: &mut Problems<'_>) -> Option<Vec<Value>> {
    if text.len() > MAX_BYTES {
        problems.report(format!(
            "the file has {} bytes; a configuration file may have {MAX_BYTES}, as much as a ConfigMap holds",
            text.len()
        ));
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let only = match serde_saphyr::from_str_with_options::<Value>(text, options(1)) {
        Ok(value) => return Some(vec![value]),
        Err(error) => error,
    };
    if is_second_document(&only)
        && let Ok(several) = serde_saphyr::from_multiple_with_options::<Value>(text, options(MAX_DOCUMENTS))
        && several.iter().all(|document| !kind(document).is_empty())
    {
        return Some(several);
    }
    report(&only, problems);
    None
}

fn is_second_document(error: &Error) -> bool {
    matches!(error.without_snippet(), Error::Budget { breach: BudgetBreach::Documents { .. }, .. })
}

fn options(documents: usize) -> serde_saphyr::Options {
    options! {
        budget: budget! {
            max_depth: MAX_DEPTH,
            // Above the depth, so that the depth is what is reported.
            flow_nesting_limit: MAX_DEPTH * 2,
            max_nodes: 100_000,
            max_events: 300_000,
            max_documents: documents,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: alias_limits! {
            max_total_replayed_events: 50_000,
            max_replay_stack_depth: 16,
        },
        with_snippet: false,
        reject_unsupported_tags: true,
    }
}

fn report(error: &Error, problems: &mut Problems<'_>) {
    let own = match error.without_snippet() {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map_or("a key".to_string(), quote);
            Some(format!("{key} is written twice in the same object; remove one"))
        }
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            Some("a second document begins; a configuration file has one, so remove the ---".to_string())
        }
        Error::Budget { .. } => Some(format!(
            "the file is too large or nested deeper than {MAX_DEPTH} levels; no configuration needs that"
        )),
        _ => None,
    };
    match (own, error.location()) {
        (Some(message), Some(at)) => {
            problems.report(format!("line {}, column {}: {message}", at.line(), at.column()));
        }
        (Some(message), None) => problems.report(message),
        // The parser's own messages end with the place.
        (None, _) => problems.report(clip(&error.to_string(), 400)),
    }
}
