//! Workload files: what a cluster is made of, which pods are timed, and in which sizes.
//!
//! A file holds templates (whole Kubernetes objects), the operations that use them, and sizes that fill in the
//! parameters of the operations. `benches/README.md` describes the format; unknown fields are errors.

mod operation;
mod read;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

pub use operation::{
    Barrier, Churn, ChurnMode, CreateNamespaces, CreateNodes, CreateObjects, CreatePods, DeletePods,
    Namespaces, Operation, Spread,
};
pub use read::{folder, read, read_all};

/// One workload file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// scheduler_perf's name of the case, or our own.
    pub name: String,
    /// The row of the table of benches that it belongs to, such as `B1`.
    pub bench: String,
    /// One line for a reader.
    pub about: String,
    /// Kubernetes objects by the name that operations use; the runner names the copies.
    pub templates: BTreeMap<String, Value>,
    /// Done in order; `$parameter` stands for a number.
    operations: Vec<Value>,
    /// Numbers for sizes that do not say otherwise.
    #[serde(default)]
    parameters: BTreeMap<String, u64>,
    /// The first is the one of the table; sizes with the label `fast` are for tests.
    pub sizes: Vec<Size>,
}

/// A size of a workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// `performance` or `fast`.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Values of the parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, u64>,
    /// Pods a second that the CI of kube-scheduler asks for.
    pub threshold: Option<f64>,
    /// Pods a second that we aim at on two cores.
    pub aim: Option<f64>,
}

impl Workload {
    /// The size with this name.
    pub fn size(&self, name: &str) -> Option<&Size> {
        self.sizes.iter().find(|size| size.name == name)
    }
}

impl Size {
    /// Whether it is small enough for a test.
    pub fn is_fast(&self) -> bool {
        self.labels.iter().any(|label| label == "fast")
    }
}
