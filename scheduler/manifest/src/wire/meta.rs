//! Metadata and label selectors.

use longshore_framework::Str;

use super::{StringMap, Time, wire};

wire! {
    /// `metadata`.
    struct Meta {
        name: Str,
        namespace: Str,
        uid: Str,
        resource_version: Str,
        generation: i64,
        labels: StringMap,
        annotations: StringMap,
        creation_timestamp: Option<Time>,
        deletion_timestamp: Option<Time>,
        owner_references: Vec<OwnerReference>,
    }
    /// One of `metadata.ownerReferences`.
    struct OwnerReference {
        api_version: Str,
        kind: Str,
        name: Str,
        uid: Str,
        controller: bool,
    }
    /// A label selector.
    struct LabelSelector {
        match_labels: StringMap,
        match_expressions: Vec<Requirement>,
    }
    /// One of the expressions of a label or node selector.
    struct Requirement {
        key: Str,
        operator: Str,
        values: Vec<Str>,
    }
    /// An object of which only the metadata counts.
    struct MetaOnly {
        metadata: Meta,
    }
}
