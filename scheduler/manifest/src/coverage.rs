//! What the input says of itself: a dump has a document with the kinds that are in it, so that what does not exist differs from
//! what was left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::items::Item;
use crate::kind::text;

/// `apiVersion` and `kind` of the document.
const DUMP: (&str, &str) = ("longshore.dev/v1alpha1", "Dump");

/// Kinds that one document may name.
const MOST: usize = 1000;

/// The kinds that the input has in full, and those that it says are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Kinds of which every object of the cluster is in the input, or none exists.
    kinds: BTreeSet<String>,
    /// Kinds that could not be read, each with the reason.
    missing: BTreeMap<String, String>,
    /// The version of the cluster that was dumped.
    pub kubernetes_version: Option<String>,
    /// The only namespace that was dumped.
    pub namespace: Option<String>,
}

impl Coverage {
    /// Takes the document of a dump; whether it is one.
    pub(crate) fn take(&mut self, item: &Item<'_>) -> bool {
        if (item.api_version.as_str(), item.kind.as_str()) != DUMP {
            return false;
        }
        let list =
            |field: &str| item.value.get(field).and_then(Value::as_array).into_iter().flatten().take(MOST);
        self.kinds.extend(list("kinds").map(|kind| text(kind, "kind").to_string()));
        for kind in list("missing") {
            self.missing.insert(text(kind, "kind").to_string(), text(kind, "reason").to_string());
        }
        // Of several dumps one may have what another lacks.
        let Self { kinds, missing, .. } = self;
        missing.retain(|kind, _| !kinds.contains(kind));
        let own = |field: &str| Some(text(item.value, field).to_string()).filter(|text| !text.is_empty());
        self.kubernetes_version = own("kubernetesVersion").or(self.kubernetes_version.take());
        self.namespace = own("namespace");
        true
    }

    /// Whether every object of the kind is in the input.
    pub fn has(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    /// Why a kind is missing, where a dump says so.
    pub fn why_missing(&self, kind: &str) -> Option<&str> {
        self.missing.get(kind).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::items::items;

    fn taken(documents: &[Value]) -> Coverage {
        let mut coverage = Coverage::default();
        for document in documents {
            for item in items(document) {
                coverage.take(&item);
            }
        }
        coverage
    }

    fn dump(kinds: Value, missing: Value) -> Value {
        json!({"apiVersion": "longshore.dev/v1alpha1", "kind": "Dump", "kubernetesVersion": "v1.36.3", "kinds": kinds, "missing": missing})
    }

    #[test]
    fn a_dump_says_what_it_has_and_lacks_and_another_may_have_the_rest() {
        let first = dump(
            json!([{"kind": "Node", "objects": 2}]),
            json!([{"kind": "CSINode", "reason": "forbidden"}]),
        );
        let coverage = taken(&[first.clone(), json!({"apiVersion": "v1", "kind": "Node"})]);
        assert_eq!(
            (coverage.has("Node"), coverage.has("CSINode"), coverage.has("Service")),
            (true, false, false)
        );
        assert_eq!(coverage.why_missing("CSINode"), Some("forbidden"));
        assert_eq!(coverage.kubernetes_version.as_deref(), Some("v1.36.3"));
        let coverage = taken(&[first, dump(json!([{"kind": "CSINode"}]), json!([]))]);
        assert_eq!((coverage.has("CSINode"), coverage.why_missing("CSINode")), (true, None));
    }

    #[test]
    fn what_is_odd_does_no_harm() {
        let coverage = taken(&[dump(json!("x"), json!([7, {"kind": 3}]))]);
        assert!(!coverage.has("Node"));
    }
}
