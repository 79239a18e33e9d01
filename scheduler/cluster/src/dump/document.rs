//! The last document of a dump: what is in it, so that what is missing differs from what does not exist.

use longshore_framework::objects::declared::DeclaredKind;
use serde_json::{Value, json};

use super::Options;
use crate::pages::Place;

/// The `apiVersion` of the document.
pub const API_VERSION: &str = "longshore.dev/v1alpha1";

/// Its `kind`.
pub const KIND: &str = "Dump";

/// What a dump has and lacks.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    version: String,
    namespace: Option<String>,
    /// `apiVersion`, kind and number of objects.
    kinds: Vec<(String, String, usize)>,
    /// `apiVersion` and kind of what could not be read, why, and what is lost.
    pub missing: Vec<Missing>,
}

/// A kind that is not in the dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// Why it is missing and what is lost.
    pub reason: String,
}

impl Contents {
    pub(super) fn new(version: &str, options: &Options) -> Self {
        Self { version: version.to_string(), namespace: options.namespace.clone(), ..Self::default() }
    }

    /// Every object of the kind is in the dump.
    pub(crate) fn has(&mut self, place: &Place<'_>, count: usize) {
        self.kinds.push((place.api_version.to_string(), place.kind.to_string(), count));
    }

    /// The kind may not be listed.
    pub(crate) fn lacks(&mut self, place: &Place<'_>) {
        let reason = format!("{} may not be listed, so {}", place.plural, place.loss);
        self.missing.push(Missing {
            api_version: place.api_version.to_string(),
            kind: place.kind.to_string(),
            reason,
        });
    }

    /// A plugin wants the kind and the API server does not have it.
    pub(crate) fn lacks_unserved(&mut self, kind: DeclaredKind) {
        self.missing.push(Missing {
            api_version: kind.api_version().to_string(),
            kind: kind.kind().to_string(),
            reason: "the API server does not serve it, and a plugin reads it".to_string(),
        });
    }

    /// Objects in all.
    pub fn objects(&self) -> usize {
        self.kinds.iter().map(|(.., count)| count).sum()
    }

    /// The document.
    pub fn document(&self) -> Value {
        let kinds = self
            .kinds
            .iter()
            .map(|(version, kind, count)| json!({"apiVersion": version, "kind": kind, "objects": count}));
        let missing = self
            .missing
            .iter()
            .map(|m| json!({"apiVersion": m.api_version, "kind": m.kind, "reason": m.reason}));
        let mut document = json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "kubernetesVersion": self.version,
            "kinds": kinds.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
        });
        if let Some(namespace) = &self.namespace {
            document["namespace"] = json!(namespace);
        }
        document
    }
}
