//! What happens in a cluster that may let a rejected pod fit.

use std::fmt;
use std::ops::BitOr;
use std::sync::Arc;

use crate::node::Node;
use crate::objects::declared::DeclaredKind;
use crate::objects::{Object, Objects};
use crate::pod::Pod;
use crate::snapshot::Snapshot;

/// Which kind of object an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Every kind.
    Any,
    /// A pod, on a node or not. As a pattern it stands for the two below as well.
    Pod,
    /// A pod that is on a node.
    AssignedPod,
    /// A pod that is not on a node.
    UnschedulablePod,
    /// A pod without a node that is new to the scheduler. Only for those who register it by this name: new pods come by the
    /// thousand, and kube-scheduler wakes none for them.
    NewPod,
    /// A node.
    Node,
    /// A PersistentVolume.
    PersistentVolume,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// A StorageClass.
    StorageClass,
    /// A CSINode.
    CsiNode,
    /// A CSIDriver.
    CsiDriver,
    /// A CSIStorageCapacity.
    CsiStorageCapacity,
    /// A VolumeAttachment.
    VolumeAttachment,
    /// A Service.
    Service,
    /// A ResourceClaim.
    ResourceClaim,
    /// A ResourceSlice.
    ResourceSlice,
    /// A DeviceClass.
    DeviceClass,
    /// A PodGroup.
    PodGroup,
    /// What is measured on nodes. An update is all there is.
    NodeMetrics,
    /// A kind that a plugin declares.
    Declared(DeclaredKind),
}

impl Resource {
    /// The word in messages and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::Pod => "Pod",
            Self::AssignedPod => "AssignedPod",
            Self::UnschedulablePod => "UnschedulablePod",
            Self::NewPod => "NewPod",
            Self::Node => "Node",
            Self::PersistentVolume => "PersistentVolume",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::StorageClass => "storage.k8s.io/StorageClass",
            Self::CsiNode => "storage.k8s.io/CSINode",
            Self::CsiDriver => "storage.k8s.io/CSIDriver",
            Self::CsiStorageCapacity => "storage.k8s.io/CSIStorageCapacity",
            Self::VolumeAttachment => "storage.k8s.io/VolumeAttachment",
            Self::Service => "Service",
            Self::ResourceClaim => "resource.k8s.io/ResourceClaim",
            Self::ResourceSlice => "resource.k8s.io/ResourceSlice",
            Self::DeviceClass => "resource.k8s.io/DeviceClass",
            Self::PodGroup => "scheduling.k8s.io/PodGroup",
            Self::NodeMetrics => "NodeMetrics",
            Self::Declared(kind) => kind.label(),
        }
    }
}

/// What happened, as a set of bits in kube-scheduler's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action(pub u32);

impl Action {
    /// The object is new.
    pub const ADD: Self = Self(1);
    /// The object is gone.
    pub const DELETE: Self = Self(1 << 1);
    /// A node's allocatable changed.
    pub const NODE_ALLOCATABLE: Self = Self(1 << 2);
    /// A node's labels changed.
    pub const NODE_LABEL: Self = Self(1 << 3);
    /// A node's taints changed, or it was uncordoned.
    pub const NODE_TAINT: Self = Self(1 << 4);
    /// A node's conditions changed.
    pub const NODE_CONDITION: Self = Self(1 << 5);
    /// A node's annotations changed.
    pub const NODE_ANNOTATION: Self = Self(1 << 6);
    /// A node's declared features changed.
    pub const NODE_DECLARED_FEATURE: Self = Self(1 << 7);
    /// A pod's labels changed.
    pub const POD_LABEL: Self = Self(1 << 8);
    /// A pod's request fell.
    pub const POD_SCALE_DOWN: Self = Self(1 << 9);
    /// A pod's tolerations changed.
    pub const POD_TOLERATION: Self = Self(1 << 10);
    /// A pod's last scheduling gate went.
    pub const POD_GATES_ELIMINATED: Self = Self(1 << 11);
    /// A pod's generated resource claims changed.
    pub const POD_RESOURCE_CLAIM: Self = Self(1 << 12);
    /// Any update.
    pub const UPDATE: Self = Self(((1 << 13) - 1) & !3);
    /// Anything.
    pub const ALL: Self = Self((1 << 13) - 1);

    /// Whether some bit is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The word in messages and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::ADD => "Add",
            Self::DELETE => "Delete",
            Self::NODE_ALLOCATABLE => "UpdateNodeAllocatable",
            Self::NODE_LABEL => "UpdateNodeLabel",
            Self::NODE_TAINT => "UpdateNodeTaint",
            Self::NODE_CONDITION => "UpdateNodeCondition",
            Self::NODE_ANNOTATION => "UpdateNodeAnnotation",
            Self::NODE_DECLARED_FEATURE => "UpdateNodeDeclaredFeature",
            Self::POD_LABEL => "UpdatePodLabel",
            Self::POD_SCALE_DOWN => "UpdatePodScaleDown",
            Self::POD_TOLERATION => "UpdatePodToleration",
            Self::POD_GATES_ELIMINATED => "UpdatePodSchedulingGatesEliminated",
            Self::POD_RESOURCE_CLAIM => "UpdatePodGeneratedResourceClaim",
            Self::ALL => "All",
            _ => "Update",
        }
    }
}

impl BitOr for Action {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Events a plugin wants to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventPattern {
    /// Kind of object.
    pub resource: Resource,
    /// What happened to it, any of these.
    pub action: Action,
}

impl EventPattern {
    /// Every event there is.
    pub const ANY: Self = Self { resource: Resource::Any, action: Action::ALL };

    /// A pattern.
    pub const fn new(resource: Resource, action: Action) -> Self {
        Self { resource, action }
    }

    /// Whether an event is one of these: the kinds are the same (a Pod pattern also stands for assigned and
    /// unschedulable pods, and none but its own for new ones), some action is the same, and the event is not wider than the pattern.
    pub fn covers(&self, event: &ClusterEvent) -> bool {
        if event.resource == Resource::NewPod {
            return self.resource == Resource::NewPod && self.action.overlaps(event.action);
        }
        if *self == Self::ANY {
            return true;
        }
        let pods = [Resource::AssignedPod, Resource::UnschedulablePod];
        let same = self.resource == event.resource
            || self.resource == Resource::Any
            || (self.resource == Resource::Pod && pods.contains(&event.resource));
        same && self.action.overlaps(event.action) && event.action <= self.action
    }
}

/// The kind and what happened to it: `Node Add|UpdateNodeLabel`; `*` for everything.
impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("*");
        }
        if self.action == Action::ALL {
            return write!(f, "{} *", self.resource.label());
        }
        let bits = (0..13).map(|bit| Action(1 << bit)).filter(|bit| bit.overlaps(self.action));
        let words: Vec<&str> = match self.action {
            Action::UPDATE => vec!["Update"],
            _ => bits.map(Action::label).collect(),
        };
        write!(f, "{} {}", self.resource.label(), words.join("|"))
    }
}

/// What an event was about, before and after.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Subject {
    /// Nothing in particular.
    #[default]
    None,
    /// A pod: before, after.
    Pod(Option<Arc<Pod>>, Option<Arc<Pod>>),
    /// A node: before, after.
    Node(Option<Arc<Node>>, Option<Arc<Node>>),
    /// Another object: before, after.
    Object(Option<Object>, Option<Object>),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterEvent {
    /// Kind of object.
    pub resource: Resource,
    /// What happened to it.
    pub action: Action,
    /// The object.
    pub subject: Subject,
    /// A label of its own, for events that no object causes (`UnschedulableTimeout`, `ForceActivate`).
    pub custom_label: Option<&'static str>,
}

impl ClusterEvent {
    /// An event of an object.
    pub fn new(resource: Resource, action: Action, subject: Subject) -> Self {
        Self { resource, action, subject, custom_label: None }
    }

    /// An event that wakes every pod.
    pub fn wildcard(label: &'static str) -> Self {
        Self {
            resource: Resource::Any,
            action: Action::ALL,
            subject: Subject::None,
            custom_label: Some(label),
        }
    }

    /// Whether it wakes every pod.
    pub fn is_wildcard(&self) -> bool {
        self.resource == Resource::Any && self.action == Action::ALL
    }

    /// The label in metrics, such as `NodeAdd`.
    pub fn label(&self) -> String {
        match self.custom_label {
            Some(label) => label.to_string(),
            None => format!("{}{}", self.resource.label(), self.action.label()),
        }
    }
}

/// What a plugin thinks of an event on behalf of a pod it rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The pod may fit now: try it.
    Queue,
    /// This changes nothing for the pod.
    Skip,
}

impl Hint {
    /// [`Queue`](Self::Queue) when the condition holds.
    pub fn queue_if(condition: bool) -> Self {
        if condition { Self::Queue } else { Self::Skip }
    }
}

/// What a hint may look at.
#[derive(Clone, Copy)]
pub struct HintContext<'a> {
    /// The cluster after the event.
    pub snapshot: &'a Snapshot,
    /// The other objects after the event.
    pub objects: &'a Objects,
}

/// Whether two events' pods are the same pod.
pub fn same_pod(a: &Pod, b: &Pod) -> bool {
    a.meta.uid == b.meta.uid
}

/// Whether a pod takes room: it is on a node, or a node is set aside for it.
pub fn is_placed(pod: &Pod) -> bool {
    pod.meta.node_name.is_some() || pod.meta.nominated_node.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: EventPattern, resource: Resource, action: Action, want: bool) {
        assert_eq!(pattern.covers(&ClusterEvent::new(resource, action, Subject::None)), want);
    }

    #[test]
    fn a_pattern_covers_events_as_specific_as_itself() {
        let node = EventPattern::new(Resource::Node, Action::ADD | Action::NODE_LABEL);
        check(node, Resource::Node, Action::ADD, true);
        check(node, Resource::Node, Action::NODE_TAINT, false);
        check(node, Resource::Node, Action::UPDATE, false);
        check(EventPattern::new(Resource::Pod, Action::DELETE), Resource::AssignedPod, Action::DELETE, true);
        check(EventPattern::new(Resource::AssignedPod, Action::DELETE), Resource::Pod, Action::DELETE, false);
        check(EventPattern::ANY, Resource::CsiNode, Action::UPDATE, true);
    }

    #[test]
    fn patterns_are_written_with_every_action() {
        let shown = |r, a| EventPattern::new(r, a).to_string();
        assert_eq!(shown(Resource::Node, Action::ADD | Action::NODE_LABEL), "Node Add|UpdateNodeLabel");
        assert_eq!(shown(Resource::Pod, Action::UPDATE), "Pod Update");
        assert_eq!(shown(Resource::Pod, Action::ALL), "Pod *");
        assert_eq!(EventPattern::ANY.to_string(), "*");
    }

    #[test]
    fn labels() {
        let label = |r, a| ClusterEvent::new(r, a, Subject::None).label();
        assert_eq!(label(Resource::Node, Action::ADD), "NodeAdd");
        assert_eq!(label(Resource::CsiNode, Action::ADD), "storage.k8s.io/CSINodeAdd");
        assert_eq!(
            label(Resource::UnschedulablePod, Action::POD_TOLERATION),
            "UnschedulablePodUpdatePodToleration"
        );
    }
}
