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
    Arrive, Barrier, Churn, ChurnMode, CreateNamespaces, CreateNodes, CreateObjects, CreatePods, DeleteNodes,
    DeletePods, Expect, Groups, Measure, Namespaces, Operation, Order, Part, Repeat, Spread, Update,
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
    /// The file, without `.yaml`, that has the templates, operations and parameters which this one lacks.
    pub like: Option<String>,
    /// What decides beside the in-tree plugins.
    pub adds: Option<Addition>,
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

/// What decides beside the in-tree plugins.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Addition {
    /// A plugin in WebAssembly.
    Guest(Guest),
    /// An extender in this process.
    Extender {},
    /// A plugin of the catalogue.
    Catalogue(CataloguePlugin),
}

/// A plugin of the catalogue, as `make catalogue` builds it. Whole pods and nodes are those of the templates `pod` and `node`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CataloguePlugin {
    /// Its name in profiles.
    pub plugin: String,
    /// Its args.
    #[serde(default)]
    pub args: Value,
    /// `plugins` of the profile; the plugin at all its stages if absent.
    pub plugins: Option<Value>,
}

/// A plugin in WebAssembly.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// Its file, without `.wasm`.
    pub module: String,
    /// Whether it is taken for pure, as it says; otherwise it is asked about every pod.
    pub pure: bool,
}

/// A size of a workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    /// How many measured pods a second of the simulated clock there are at the most; the threshold if absent.
    pub pace: Option<f64>,
    /// Pods a second that we aim at on two cores.
    pub aim: Option<f64>,
    /// Which share of B1's rate in the same run we aim at.
    pub aim_share: Option<f64>,
    /// Which share we aim at of the rate without what goes on beside the measured pods.
    pub aim_calm: Option<f64>,
    /// How many times the time that the plugin in WebAssembly takes we aim to need at the most.
    pub aim_guest: Option<f64>,
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
