//! AppGroup objects: which workloads of an application depend on which.

use std::rc::Rc;

use longshore_plugin::object::Object;
use longshore_plugin::{PodInfo, objects};
use serde::Deserialize;

use crate::topology::NetworkTopology;

objects! {
    /// Applications.
    pub(crate) GROUPS: AppGroup = kind("appgroup.diktyo.x-k8s.io/v1alpha1", "AppGroup").fields(&["spec.workloads"]),
    /// What the network costs.
    pub(crate) TOPOLOGIES: NetworkTopology = kind("networktopology.diktyo.x-k8s.io/v1alpha1", "NetworkTopology")
        .fields(&["spec.weights"]),
}

/// The label that names a pod's AppGroup.
const GROUP: &str = "appgroup.diktyo.x-k8s.io";
/// The label that names its workload.
const WORKLOAD: &str = "appgroup.diktyo.x-k8s.io.workload";

/// An AppGroup, as far as the plugin reads it.
#[derive(Deserialize)]
pub(crate) struct AppGroup {
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    workloads: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    workload: Named,
    dependencies: Option<Vec<Dependency>>,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    selector: String,
}

/// A workload that another depends on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    #[serde(default)]
    workload: Named,
    /// What may lie between a pod of each, at the most.
    #[serde(default)]
    pub(crate) max_network_cost: i64,
}

impl Dependency {
    pub(crate) fn is(&self, workload: &str) -> bool {
        self.workload.selector == workload
    }
}

impl AppGroup {
    /// What a workload depends on.
    pub(crate) fn dependencies(&self, workload: &str) -> Vec<&Dependency> {
        let entries =
            self.spec.workloads.iter().flatten().filter(|entry| entry.workload.selector == workload);
        entries.flat_map(|entry| entry.dependencies.iter().flatten()).collect()
    }
}

/// The name of a pod's AppGroup.
pub(crate) fn name(pod: &PodInfo) -> Option<&str> {
    pod.label(GROUP).filter(|name| !name.is_empty())
}

/// The name of its workload, which may be empty.
pub(crate) fn workload(pod: &PodInfo) -> &str {
    pod.label(WORKLOAD).unwrap_or_default()
}

/// The object of this name in the first of the namespaces that has one.
pub(crate) fn find<T: serde::de::DeserializeOwned + 'static>(
    kind: longshore_plugin::object::Kind<T>,
    namespaces: &[String],
    name: &str,
) -> Option<Rc<Object<T>>> {
    namespaces.iter().find_map(|namespace| kind.get(namespace, name))
}
