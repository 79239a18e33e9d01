//! Kubernetes objects, in YAML or JSON, into the framework's model: what `kubectl get -o yaml` prints and what a user
//! writes by hand, defaulted as the API server would and workloads expanded as their controllers would.
//!
//! One bad object never loses the others: every object that cannot be read becomes a [`ManifestProblem`] with its
//! place and its fix.

mod absent;
mod admission;
mod collect;
mod coverage;
mod decode;
mod defaults;
mod devices;
mod document;
mod error;
mod expand;
mod glance;
mod groups;
mod hint;
mod identity;
mod items;
mod json;
mod kind;
mod lenient;
mod manifests;
mod measured;
mod meta;
mod namespaces;
mod node;
mod notes;
mod places;
mod pod;
mod priority;
mod reader;
mod resource_claims;
mod selectors;
mod settle;
mod split;
mod storage;
mod strict;
mod text;
mod totals;
mod tree;
mod unexpanded;
mod unnamed;
mod valid;
mod watched;
mod what_if;
mod whole;
mod wire;
mod workload;
pub mod written;
mod yaml;

pub use collect::{CollectError, Source, collect};
pub use coverage::Coverage;
pub use devices::{device_class, device_taint_rule, resource_slice};
pub use error::ObjectError;
pub use groups::pod_group;
pub use manifests::{ManifestProblem, Manifests, Refusal, Removed, Unexpanded};
pub use measured::{MeasuredFile, NotMeasured, measured_answer};
pub use node::node;
pub use pod::pod;
pub use reader::{Options, read, read_str, read_values, read_values_with, read_with};
pub use resource_claims::resource_claim;
pub use storage::{
    claim, csi_driver, csi_node, csi_storage_capacity, persistent_volume, storage_class, volume_attachment,
};
pub use text::utf8;
pub use watched::{
    Identity, PodStatus, ScheduledCondition, SeenPod, identity, watched_node, watched_pod, watched_value,
};
pub use what_if::{AddNodes, BadScale, Scale, WhatIf};
pub use whole::Whole;
pub use workload::{controller, disruption_budget, namespace, service};
