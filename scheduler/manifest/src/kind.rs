//! The kinds that are read, and the API groups they live in.

use serde_json::Value;

/// The API group of Coscheduling's PodGroups.
pub(crate) const COSCHEDULING: &str = "scheduling.x-k8s.io";

/// The API group of devices.
const DEVICES: &str = "resource.k8s.io";

/// A kind that scheduling reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Pod,
    Node,
    Namespace,
    Service,
    ReplicationController,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    PriorityClass,
    PodDisruptionBudget,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    CsiNode,
    CsiDriver,
    CsiStorageCapacity,
    VolumeAttachment,
    LimitRange,
    ResourceQuota,
    RuntimeClass,
    HorizontalPodAutoscaler,
    PodGroup,
    /// A PodGroup of the plugin Coscheduling.
    CoschedulingPodGroup,
    DeviceClass,
    ResourceSlice,
    ResourceClaim,
    ResourceClaimTemplate,
    DeviceTaintRule,
}

/// Kind, its name, its group, and whether it lives in a namespace.
const KINDS: [(Kind, &str, &str, bool); 31] = [
    (Kind::Pod, "Pod", "", true),
    (Kind::Node, "Node", "", false),
    (Kind::Namespace, "Namespace", "", false),
    (Kind::Service, "Service", "", true),
    (Kind::ReplicationController, "ReplicationController", "", true),
    (Kind::ReplicaSet, "ReplicaSet", "apps", true),
    (Kind::Deployment, "Deployment", "apps", true),
    (Kind::StatefulSet, "StatefulSet", "apps", true),
    (Kind::DaemonSet, "DaemonSet", "apps", true),
    (Kind::Job, "Job", "batch", true),
    (Kind::CronJob, "CronJob", "batch", true),
    (Kind::PriorityClass, "PriorityClass", "scheduling.k8s.io", false),
    (Kind::PodDisruptionBudget, "PodDisruptionBudget", "policy", true),
    (Kind::PersistentVolume, "PersistentVolume", "", false),
    (Kind::PersistentVolumeClaim, "PersistentVolumeClaim", "", true),
    (Kind::StorageClass, "StorageClass", "storage.k8s.io", false),
    (Kind::CsiNode, "CSINode", "storage.k8s.io", false),
    (Kind::CsiDriver, "CSIDriver", "storage.k8s.io", false),
    (Kind::CsiStorageCapacity, "CSIStorageCapacity", "storage.k8s.io", true),
    (Kind::VolumeAttachment, "VolumeAttachment", "storage.k8s.io", false),
    (Kind::LimitRange, "LimitRange", "", true),
    (Kind::ResourceQuota, "ResourceQuota", "", true),
    (Kind::RuntimeClass, "RuntimeClass", "node.k8s.io", false),
    (Kind::HorizontalPodAutoscaler, "HorizontalPodAutoscaler", "autoscaling", true),
    (Kind::PodGroup, "PodGroup", "scheduling.k8s.io", true),
    (Kind::CoschedulingPodGroup, "PodGroup", COSCHEDULING, true),
    (Kind::DeviceClass, "DeviceClass", DEVICES, false),
    (Kind::ResourceSlice, "ResourceSlice", DEVICES, false),
    (Kind::ResourceClaim, "ResourceClaim", DEVICES, true),
    (Kind::ResourceClaimTemplate, "ResourceClaimTemplate", DEVICES, true),
    (Kind::DeviceTaintRule, "DeviceTaintRule", DEVICES, false),
];

impl Kind {
    /// The kind of that name in the group of `api_version`, of any version.
    pub(crate) fn of(api_version: &str, kind: &str) -> Option<Self> {
        let group = group(api_version);
        KINDS.iter().find(|(_, name, of, _)| *name == kind && *of == group).map(|(kind, ..)| *kind)
    }

    /// All of them.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    /// The API's name.
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, ..)| name)
    }

    /// Whether its objects make pods.
    pub(crate) fn makes_pods(self) -> bool {
        use Kind::{DaemonSet, Deployment, Job, ReplicaSet, ReplicationController, StatefulSet};
        matches!(self, ReplicationController | ReplicaSet | Deployment | StatefulSet | DaemonSet | Job)
    }

    /// Whether its objects live in namespaces.
    pub(crate) fn namespaced(self) -> bool {
        KINDS.iter().any(|(kind, _, _, namespaced)| *kind == self && *namespaced)
    }
}

/// The group of an `apiVersion`: what stands before the slash, nothing for core.
pub(crate) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// A string at the top of an object, empty when there is none.
pub(crate) fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_version_of_the_right_group_counts() {
        assert_eq!(Kind::of("policy/v1beta1", "PodDisruptionBudget"), Some(Kind::PodDisruptionBudget));
        assert_eq!(Kind::of("v1", "Pod"), Some(Kind::Pod));
        assert_eq!(Kind::of("metrics.k8s.io/v1", "Pod"), None);
        assert_eq!(Kind::of("serving.knative.dev/v1", "Service"), None);
        assert_eq!(Kind::of("batch/v1beta1", "CronJob"), Some(Kind::CronJob));
        assert_eq!(Kind::of("batch/v1", "Cron"), None);
    }

    #[test]
    fn every_kind_has_its_row() {
        for (kind, name, ..) in KINDS {
            assert_eq!(kind.name(), name);
        }
    }
}
