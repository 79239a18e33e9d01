//! What of the input is not in the answer.

use longshore_manifest::{ManifestProblem, Refusal};
use serde::Serialize;

/// An object that could not be read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreadable {
    /// File name, or `-`.
    pub source: String,
    /// Document in the source, from 1; 0 when the whole source is meant.
    pub document: usize,
    /// Element of the list that the document is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// Line in the source, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1, where the text itself is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The object as far as known: `Pod default/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Whether it is a pod.
    pub is_pod: bool,
    /// The node that the pod runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Of a pod that runs on a node: whether its requests are counted there all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<bool>,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl From<&ManifestProblem> for Unreadable {
    fn from(problem: &ManifestProblem) -> Self {
        let message = match &problem.field {
            Some(field) => format!("{field}: {}", problem.message),
            None => problem.message.clone(),
        };
        Self {
            source: problem.source.clone(),
            document: problem.document,
            item: problem.item,
            line: problem.line,
            column: problem.column,
            object: problem.object.clone(),
            is_pod: problem.is_pod,
            node: problem.node.clone(),
            counted: problem.node.is_some().then_some(problem.counted),
            message,
        }
    }
}

/// An object that makes pods and was not expanded.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unexpanded {
    /// File name, or `-`.
    pub source: String,
    /// Document in the source, from 1.
    pub document: usize,
    /// Element of the list that the document is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// The object: `JobSet default/train`.
    pub object: String,
    /// How many pods are missing, where the object says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<u64>,
    /// What is missing and how to fix it.
    pub message: String,
}

impl From<&longshore_manifest::Unexpanded> for Unexpanded {
    fn from(unexpanded: &longshore_manifest::Unexpanded) -> Self {
        Self {
            source: unexpanded.source.clone(),
            document: unexpanded.document,
            item: unexpanded.item,
            object: unexpanded.object.clone(),
            pods: unexpanded.pods,
            message: unexpanded.message.clone(),
        }
    }
}

/// A pod of the input that a change takes out of the cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// `namespace/name`.
    pub pod: String,
    /// The node that it ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why, and what comes in its place.
    pub reason: String,
}

impl From<&longshore_manifest::Removed> for Removed {
    fn from(removed: &longshore_manifest::Removed) -> Self {
        Self { pod: removed.pod.clone(), node: removed.node.clone(), reason: removed.reason.clone() }
    }
}

/// Pods that an API server would not create.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// Whose pods, such as `Pod default/web` or `Deployment default/web`.
    pub object: String,
    /// How many.
    pub pods: usize,
    /// Why, in the API server's words.
    pub reason: String,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        Self { object: refusal.object.clone(), pods: refusal.pods, reason: refusal.reason.clone() }
    }
}
