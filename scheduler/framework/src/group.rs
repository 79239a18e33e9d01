//! Groups of pods that are to be started together.

use std::time::Duration;

use crate::resources::ResourceList;
use crate::{Str, Timestamp};
use serde::{Deserialize, Serialize};

/// How a group is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GroupApi {
    /// `scheduling.k8s.io`, which pods name in `spec.schedulingGroup`.
    Kubernetes,
    /// `scheduling.x-k8s.io`, of the plugin Coscheduling, which pods name in a [label](GROUP_LABEL).
    Coscheduling,
    /// No object at all: pods name the group in an [annotation](GROUP_ANNOTATION) and say in [another](MIN_ANNOTATION) how
    /// many of them it takes.
    Annotations,
}

/// The label that names a group of [Coscheduling](GroupApi::Coscheduling).
pub const GROUP_LABEL: &str = "scheduling.x-k8s.io/pod-group";

/// The annotation that names a group that has [no object](GroupApi::Annotations).
pub const GROUP_ANNOTATION: &str = "longshore.dev/group";

/// The annotation that says how many pods of such a group are started together; 1 at least.
pub const MIN_ANNOTATION: &str = "longshore.dev/group-min";

/// The annotation that makes the pods of a group go together or stay when room is made for others: `all`, or `single` as
/// without it. On pods of a group without an object, and on PodGroups of Coscheduling.
pub const DISRUPTION_ANNOTATION: &str = "longshore.dev/group-disruption";

/// What may become of a group's pods when room is made for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Disruption {
    /// Each may go by itself.
    #[default]
    Single,
    /// All go, or none does.
    All,
}

/// The annotation that names a node label: all pods of the group start on nodes with the same value of it, or none does. On pods
/// of a group without an object, and on PodGroups of Coscheduling.
pub const TOPOLOGY_ANNOTATION: &str = "longshore.dev/group-topology";

/// The annotation that names such labels that are only preferred, the narrowest first, with commas between.
pub const PREFERRED_TOPOLOGY_ANNOTATION: &str = "longshore.dev/group-preferred-topology";

/// How close to each other the pods of a group start: in one domain of a node label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupTopology {
    /// Labels that are tried first, in this order.
    pub preferred: Vec<Str>,
    /// A label without a domain of which the group does not start.
    pub required: Option<Str>,
}

impl GroupTopology {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.preferred.is_empty() && self.required.is_none()
    }
}

/// A PodGroup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodGroup {
    /// Whose.
    pub api: GroupApi,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// `minCount` or `minMember`: so many of its pods are started together, or none. `None` for the policy `basic`: its pods
    /// are started as any other pods.
    pub min_count: Option<usize>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `minResources`: what the cluster has to have free before the group is tried.
    pub min_resources: ResourceList,
    /// `scheduleTimeoutSeconds`.
    pub timeout: Option<Duration>,
    /// `disruptionMode`.
    pub disruption: Disruption,
    /// `priorityClassName`; empty when there is none.
    pub priority_class: Str,
    /// `priority`, when the group has one of its own.
    pub priority: Option<i32>,
    /// `schedulingConstraints.topology`, or what annotations say.
    pub topology: GroupTopology,
}

impl PodGroup {
    /// A group of so many pods.
    pub fn new(api: GroupApi, namespace: &str, name: &str, min_count: Option<usize>) -> Self {
        Self {
            api,
            namespace: namespace.into(),
            name: name.into(),
            min_count,
            created: None,
            min_resources: ResourceList::default(),
            timeout: None,
            disruption: Disruption::Single,
            priority_class: Str::default(),
            priority: None,
            topology: GroupTopology::default(),
        }
    }

    /// What it is known by.
    pub fn key(&self) -> GroupKey {
        GroupKey { api: self.api, namespace: Str::clone(&self.namespace), name: Str::clone(&self.name) }
    }
}

/// What a group is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupKey {
    /// How it is written.
    pub api: GroupApi,
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
}

impl std::fmt::Display for GroupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What a pod's annotations say of its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnGroup {
    /// Its name, in the pod's namespace.
    pub name: Str,
    /// How many pods are started together; `None` when the annotation is missing or is no whole number from 1 on.
    pub min_count: Option<usize>,
    /// What may become of them when room is made for others.
    pub disruption: Disruption,
    /// How close to each other they start.
    pub topology: GroupTopology,
}

impl OwnGroup {
    /// A group of so many pods.
    pub fn new(name: &str, min_count: Option<usize>) -> Self {
        Self {
            name: name.into(),
            min_count,
            disruption: Disruption::Single,
            topology: GroupTopology::default(),
        }
    }
}
