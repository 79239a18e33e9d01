//! Documents as a page for a browser: one file that needs no network and no other file, and shows what `-o json` prints.
//!
//! ```text
//! document (-o json) ──▶ document.rs ──▶ model.rs, cluster.rs: columns and tables of strings (pack.rs) ──▶ frame.rs ──▶ one HTML file
//!                         what is read     what the scripts read                                             assets/: ours
//! ```
//!
//! Nothing of a document becomes markup: it is JSON in a block that no browser runs, and the scripts put it into the page as text.
//! The page's own policy (a hash of its script and one of its style, and nothing else) holds the browser to that.

mod cluster;
mod document;
mod frame;
mod model;
mod pack;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use model::Page;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum PageError {
    /// The document is of another kind.
    #[error(
        "there is no page for a document of kind {0:?}, only for Simulation, Comparison, Explanation and DecisionList"
    )]
    Kind(String),
    /// A field of the document is not as it has to be.
    #[error("the document cannot be shown: {field}: {why}")]
    Field {
        /// Where, such as `nodes[3].pods`.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// The document has no nodes and steps.
    #[error("the document has no {0}, which the page shows: make it with --detail")]
    NoDetail(&'static str),
    /// The page's data cannot be written as JSON.
    #[error("the page cannot be written: {0}")]
    Write(#[from] serde_json::Error),
}

/// The page for a document of `simulate` (with what `--detail` adds), `simulate --compare` or `explain`, or for a `List` of
/// those of `explain`.
///
/// # Errors
/// It is no such document.
pub fn page(document: &Value) -> Result<String, PageError> {
    let page = match kind(document) {
        "Simulation" => Page::of_simulation(&read(document, "")?, &read(document, "")?)?,
        "Comparison" => {
            let runs = document.get("runs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let details = runs.iter().enumerate().map(|(at, run)| read(run, &format!("runs[{at}].")));
            Page::of_comparison(&read(document, "")?, &details.collect::<Result<Vec<_>, _>>()?)?
        }
        "Explanation" | "DecisionList" => Page::of_explanations(vec![document.clone()]),
        "List" => {
            let items = document.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            let other = items.iter().map(kind).find(|kind| !matches!(*kind, "Explanation" | "DecisionList"));
            if let Some(other) = other {
                return Err(PageError::Kind(other.to_string()));
            }
            Page::of_explanations(items)
        }
        other => return Err(PageError::Kind(other.to_string())),
    };
    frame::html(&page)
}

fn kind(document: &Value) -> &str {
    document.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// `inside` is where the value stands in the document, for errors.
fn read<D: DeserializeOwned>(value: &Value, inside: &str) -> Result<D, PageError> {
    serde_path_to_error::deserialize(value).map_err(|error| PageError::Field {
        field: format!("{inside}{}", error.path()),
        why: error.inner().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn simulation() -> Value {
        json!({
            "kind": "Simulation", "rules": {}, "placements": [], "pending": [], "skipped": [], "refused": [], "unreadable": [],
            "unexpanded": [], "summary": {}, "nodes": [], "steps": [], "capacity": [], "unplaced": [],
        })
    }

    #[track_caller]
    fn check(document: &Value, want: &str) {
        match page(document) {
            Ok(_) => assert_eq!(want, ""),
            Err(error) => assert_eq!(error.to_string(), want),
        }
    }

    #[test]
    fn what_is_wrong_with_a_document_is_said_with_its_field() {
        check(&simulation(), "");
        let mut document = simulation();
        document["nodes"] =
            json!([{"node": "n", "podsBefore": 1, "allowedPods": "x", "movable": 0, "resources": []}]);
        check(
            &document,
            "the document cannot be shown: nodes[0].allowedPods: invalid type: string \"x\", expected i64",
        );
        document.as_object_mut().unwrap().remove("nodes");
        check(&document, "the document has no nodes, which the page shows: make it with --detail");
        let run = json!({
            "config": "c", "profile": "p", "scheduled": 0, "pending": 0, "evicted": 0, "skipped": 0, "nodesInUse": 0,
            "utilisation": [], "steps": 1,
        });
        let document = json!({"kind": "Comparison", "rules": {}, "runs": [run], "moved": []});
        check(
            &document,
            "the document cannot be shown: runs[0].steps: invalid type: integer `1`, expected a sequence",
        );
        let of = "only for Simulation, Comparison, Explanation and DecisionList";
        check(
            &json!({"kind": "Version"}),
            &format!("there is no page for a document of kind \"Version\", {of}"),
        );
        check(&json!([]), &format!("there is no page for a document of kind \"\", {of}"));
        let list = json!({"kind": "List", "items": [{"kind": "Explanation"}, {"kind": "Pod"}]});
        check(&list, &format!("there is no page for a document of kind \"Pod\", {of}"));
        check(&json!({"kind": "List", "items": [{"kind": "Explanation"}, {"kind": "DecisionList"}]}), "");
    }
}
