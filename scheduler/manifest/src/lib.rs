//! Kubernetes objects, in YAML or JSON, into the framework's model: what `kubectl get -o yaml` prints and what a user
//! writes by hand, defaulted as the API server would and workloads expanded as their controllers would.
//!
//! One bad object never loses the others: every object that cannot be read becomes a [`ManifestProblem`] with its
//! place and its mend.

mod collect;
mod decode;
mod document;
mod error;
mod expand;
mod glance;
mod items;
mod kind;
mod manifests;
mod meta;
mod node;
mod pod;
mod priority;
mod reader;
mod selectors;
mod split;
mod storage;
mod watched;
mod whole;
mod wire;
mod workload;

pub use collect::{CollectError, Source, collect};
pub use error::ObjectError;
pub use manifests::{ManifestProblem, Manifests};
pub use node::node;
pub use pod::pod;
pub use reader::{read, read_str, read_values};
pub use storage::{
    claim, csi_driver, csi_node, csi_storage_capacity, persistent_volume, storage_class, volume_attachment,
};
pub use watched::{
    Identity, PodStatus, ScheduledCondition, SeenPod, identity, watched_node, watched_pod, watched_value,
};
pub use whole::Whole;
pub use workload::{controller, disruption_budget, namespace, service};
