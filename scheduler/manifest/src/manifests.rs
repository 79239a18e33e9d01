//! What a reading yields.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

/// A cluster as read: defaulted and expanded, everything in the order of the input.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Nodes.
    pub nodes: Vec<Arc<Node>>,
    /// Pods, bound and pending, those of expanded workloads in the place of their workload; finished ones are left out.
    pub pods: Vec<Arc<Pod>>,
    /// All other objects that decisions read.
    pub objects: Vec<Object>,
    /// Pods in phase Succeeded or Failed.
    pub finished: usize,
    /// Kinds that scheduling does not read, such as `apps/v1 Foo`, with the number of objects.
    pub unknown_kinds: BTreeMap<String, usize>,
    /// Documents and objects that could not be read, and duplicates.
    pub problems: Vec<ManifestProblem>,
    /// Anything else worth knowing.
    pub warnings: Vec<String>,
}

/// A document or object that could not be read, or stands there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestProblem {
    /// Name of the source, as [`Source::name`](crate::Source::name) has it.
    pub source: String,
    /// Document in the source, from 1; 0 when the whole source is meant.
    pub document: usize,
    /// Element of the list that the document is, from 1.
    pub item: Option<usize>,
    /// The object as far as known: `Pod default/web`.
    pub object: Option<String>,
    /// Whether the object is a pod.
    pub is_pod: bool,
    /// Path of the field.
    pub field: Option<String>,
    /// Line in the source, from 1: of the fault in a document that does not parse, else of the document's first line.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if self.document > 0 {
            write!(f, ": document {}", self.document)?;
        }
        if let Some(item) = self.item {
            write!(f, ", item {item}")?;
        }
        if let Some(object) = &self.object {
            write!(f, " ({object})")?;
        } else if let (None, Some(line)) = (self.item, self.line) {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.message)
    }
}
