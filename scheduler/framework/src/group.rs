//! Groups of pods that are to be started together.

use crate::Str;

/// Whose groups they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupApi {
    /// `scheduling.k8s.io`, which pods name in `spec.schedulingGroup`.
    Kubernetes,
    /// `scheduling.x-k8s.io`, of the plugin Coscheduling, which pods name in a [label](GROUP_LABEL).
    Coscheduling,
}

/// The label that names a group of [Coscheduling](GroupApi::Coscheduling).
pub const GROUP_LABEL: &str = "scheduling.x-k8s.io/pod-group";

/// A PodGroup.
#[derive(Clone, Debug, PartialEq)]
pub struct PodGroup {
    /// Whose.
    pub api: GroupApi,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// Its pods are started all or none. Those of a group with the policy `basic` are started as any other pods.
    pub is_gang: bool,
}
