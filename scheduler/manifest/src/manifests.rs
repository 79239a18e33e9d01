//! What a reading yields.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

use crate::coverage::Coverage;

/// A cluster as read: defaulted and expanded, everything in the order of the input.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Nodes.
    pub nodes: Vec<Arc<Node>>,
    /// Pods, bound and pending, those of expanded workloads in the place of their workload; finished ones are left out.
    pub pods: Vec<Arc<Pod>>,
    /// All other objects that decisions read.
    pub objects: Vec<Object>,
    /// What sources say of what is measured on nodes; without a source it stands for all of them.
    pub measured: Vec<(Option<Arc<MetricsSource>>, Arc<Sample>)>,
    /// Pods in phase Succeeded or Failed.
    pub finished: usize,
    /// Kinds that scheduling does not read, such as `apps/v1 Foo`, with the number of objects.
    pub unknown_kinds: BTreeMap<String, usize>,
    /// Objects that make pods and were not expanded, so that their pods are missing, in order.
    pub unexpanded: Vec<Unexpanded>,
    /// Documents and objects that could not be read.
    pub problems: Vec<ManifestProblem>,
    /// Pods of the input that controllers would delete, or that were on nodes that are taken away, in order.
    pub removed: Vec<Removed>,
    /// Questions that do not fit the input, such as a workload to be scaled that is not there.
    pub misfits: Vec<String>,
    /// Pods that an API server would not create.
    pub refused: Vec<Refusal>,
    /// Fields that nobody knows, in objects that no API server has seen; the objects were read without them.
    pub unknown_fields: Vec<ManifestProblem>,
    /// What the input says of itself, when it is a dump.
    pub coverage: Coverage,
    /// Anything else worth knowing.
    pub warnings: Vec<String>,
}

/// A pod of the input that is not in the cluster any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// `namespace/name`.
    pub pod: String,
    /// The node that it ran on.
    pub node: Option<String>,
    /// Why it goes, and what comes in its place.
    pub reason: String,
}

/// New pods that an API server's admission would not let in, and that are not in the cluster therefore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Whose pods: `Pod default/web`, `Deployment default/web`.
    pub object: String,
    /// How many.
    pub pods: usize,
    /// The API server's words.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} pod(s) are not made: {}", self.object, self.pods, self.reason)
    }
}

/// An object that makes pods, of a kind that is not expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unexpanded {
    /// Name of the source.
    pub source: String,
    /// Document in the source, from 1.
    pub document: usize,
    /// Element of the list that the document is, from 1.
    pub item: Option<usize>,
    /// The object: `JobSet default/train`.
    pub object: String,
    /// How many pods are missing, where the object says.
    pub pods: Option<u64>,
    /// What is missing and how to fix it.
    pub message: String,
}

impl fmt::Display for Unexpanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: document {}", self.source, self.document)?;
        if let Some(item) = self.item {
            write!(f, ", item {item}")?;
        }
        write!(f, " ({}): {}", self.object, self.message)
    }
}

/// A document or object that could not be read.
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
    /// Line in the source, from 1: of the fault in a document that does not parse, else of the field or object.
    pub line: Option<usize>,
    /// Column, from 1, of the fault in a document that does not parse.
    pub column: Option<usize>,
    /// The node that a pod runs on.
    pub node: Option<String>,
    /// Whether the pod's requests are counted on that node all the same.
    pub counted: bool,
    /// What is wrong and how to fix it.
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
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(object) = &self.object {
            write!(f, " ({object})")?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.node {
            None => Ok(()),
            Some(node) if self.counted => write!(f, "; it runs on {node}, where its requests are counted"),
            Some(node) => write!(f, "; it runs on {node} and takes room there that is not counted"),
        }
    }
}
