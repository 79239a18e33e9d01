//! The kinds that are watched.

use longshore_framework::features::Gate;
use longshore_framework::objects::Object;
use longshore_framework::objects::declared::DeclaredKind;
use longshore_manifest as manifest;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// A kind of object that decisions read.
#[derive(Debug)]
pub struct WatchedKind {
    /// `kind`.
    pub kind: &'static str,
    /// `apiVersion`. Of a kind that is here in several versions the first is watched that the API server has.
    pub api_version: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// What an object of it is read as.
    pub reads: Reads,
    /// What is lost without it.
    pub loss: &'static str,
}

/// Reads an object of some kind.
pub type ReadObject = fn(&Value) -> Result<Object, manifest::ObjectError>;

/// What an object is read as.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// A pod.
    Pod,
    /// A node.
    Node,
    /// Anything else that scheduling itself reads.
    Object(ReadObject),
    /// An object that a plugin declares.
    Declared(DeclaredKind),
}

/// Kinds of plugins, under all the names in paths that they ever had. Each is kept for good.
const MOST_DECLARED: usize = 2048;

static DECLARED: Mutex<Vec<&'static WatchedKind>> = Mutex::new(Vec::new());

impl WatchedKind {
    /// Whether it is one kind with `other`, in whatever version.
    pub fn is_of(&self, other: &Self) -> bool {
        (self.group(), self.plural) == (other.group(), other.plural)
    }

    /// A kind that a plugin declares, under its name in paths; always the same value for the same names. `None` when the
    /// process was told of too many.
    pub fn declared(kind: DeclaredKind, plural: &str) -> Option<&'static Self> {
        let mut known = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|k| k.plural == plural && k.declares() == Some(kind)).copied();
        if found.is_some() || known.len() >= MOST_DECLARED {
            return found;
        }
        let new: &'static Self = Box::leak(Box::new(Self {
            kind: kind.kind(),
            api_version: kind.api_version(),
            plural: Box::leak(plural.to_string().into_boxed_str()),
            reads: Reads::Declared(kind),
            loss: NO_OBJECTS,
        }));
        known.push(new);
        Some(new)
    }

    /// The kind as plugins declare it; `None` for one that scheduling itself reads.
    pub fn declares(&self) -> Option<DeclaredKind> {
        match self.reads {
            Reads::Declared(kind) => Some(kind),
            Reads::Pod | Reads::Node | Reads::Object(_) => None,
        }
    }

    /// Whether a cluster may well be without it: nothing is lost then, for there are no such objects.
    pub fn is_optional(&self) -> bool {
        OPTIONAL.contains(&self.plural)
    }

    /// The feature gate without which it is not read, though a server may have it.
    pub fn gate(&self) -> Option<Gate> {
        (self.plural == "devicetaintrules").then_some(Gate::DRADeviceTaintRules)
    }

    /// Whether nothing can be decided without it.
    pub fn is_essential(&self) -> bool {
        matches!(self.reads, Reads::Pod | Reads::Node)
    }

    /// Group of the `apiVersion`, empty for core.
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Version of the `apiVersion`.
    pub fn version(&self) -> &'static str {
        self.api_version.split_once('/').map_or(self.api_version, |(_, version)| version)
    }
}

const fn object(
    kind: &'static str,
    api_version: &'static str,
    plural: &'static str,
    read: ReadObject,
    loss: &'static str,
) -> WatchedKind {
    WatchedKind { kind, api_version, plural, reads: Reads::Object(read), loss }
}

const NO_DECISION: &str = "nothing can be scheduled";
const NO_SPREADING: &str = "default spreading does not see its pods";
const NO_VOLUMES: &str = "pods with volumes that need it do not fit";
const NO_LIMITS: &str = "volume limits are not known";
const NO_GROUPS: &str = "pods that a label puts into a group are started one by one";
const NO_OBJECTS: &str = "plugins that read it see no such object";
const NO_CLAIMS: &str = "pods with claims for devices stay pending";
const NO_SLICES: &str = "no device is known, and pods with claims for some stay pending";
const NO_RULES: &str = "devices that such a rule taints are given to pods all the same";
const NO_DEVICES: &str = "resources that devices stand for are only said to be insufficient";

const NO_OWNERS: &str = "it cannot be said what becomes of a change of one";

/// Kinds that are no part of every Kubernetes.
const OPTIONAL: [&str; 5] =
    ["podgroups", "deviceclasses", "resourceclaims", "resourceslices", "devicetaintrules"];

// The versions of the group of devices, each of which has one shape or another of the same objects.
const DEVICES_V1: &str = "resource.k8s.io/v1";
const DEVICES_V1BETA2: &str = "resource.k8s.io/v1beta2";
const DEVICES_V1BETA1: &str = "resource.k8s.io/v1beta1";

/// Every kind.
pub static KINDS: [WatchedKind; 30] = [
    WatchedKind { kind: "Node", api_version: "v1", plural: "nodes", reads: Reads::Node, loss: NO_DECISION },
    WatchedKind { kind: "Pod", api_version: "v1", plural: "pods", reads: Reads::Pod, loss: NO_DECISION },
    object("Namespace", "v1", "namespaces", namespace, "namespace selectors of affinity match nothing"),
    object("Service", "v1", "services", service, NO_SPREADING),
    object("ReplicationController", "v1", "replicationcontrollers", controller, NO_SPREADING),
    object("ReplicaSet", "apps/v1", "replicasets", controller, NO_SPREADING),
    object("StatefulSet", "apps/v1", "statefulsets", controller, NO_SPREADING),
    object("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets", budget, "preemption sees no budgets"),
    object("PersistentVolume", "v1", "persistentvolumes", volume, NO_VOLUMES),
    object("PersistentVolumeClaim", "v1", "persistentvolumeclaims", claim, NO_VOLUMES),
    object("StorageClass", "storage.k8s.io/v1", "storageclasses", class, NO_VOLUMES),
    object("CSINode", "storage.k8s.io/v1", "csinodes", csi_node, NO_LIMITS),
    object("CSIDriver", "storage.k8s.io/v1", "csidrivers", csi_driver, NO_LIMITS),
    object(
        "CSIStorageCapacity",
        "storage.k8s.io/v1",
        "csistoragecapacities",
        capacity,
        "capacity is not checked",
    ),
    object("VolumeAttachment", "storage.k8s.io/v1", "volumeattachments", attachment, NO_LIMITS),
    object("PodGroup", "scheduling.k8s.io/v1beta1", "podgroups", pod_group, NO_GROUPS),
    object("PodGroup", "scheduling.k8s.io/v1alpha2", "podgroups", pod_group, NO_GROUPS),
    object("PodGroup", "scheduling.x-k8s.io/v1alpha1", "podgroups", pod_group, NO_GROUPS),
    object("DeviceClass", DEVICES_V1, "deviceclasses", device_class, NO_DEVICES),
    object("DeviceClass", DEVICES_V1BETA2, "deviceclasses", device_class, NO_DEVICES),
    object("DeviceClass", DEVICES_V1BETA1, "deviceclasses", device_class, NO_DEVICES),
    object("ResourceClaim", DEVICES_V1, "resourceclaims", resource_claim, NO_CLAIMS),
    object("ResourceClaim", DEVICES_V1BETA2, "resourceclaims", resource_claim, NO_CLAIMS),
    object("ResourceClaim", DEVICES_V1BETA1, "resourceclaims", resource_claim, NO_CLAIMS),
    object("ResourceSlice", DEVICES_V1, "resourceslices", resource_slice, NO_SLICES),
    object("ResourceSlice", DEVICES_V1BETA2, "resourceslices", resource_slice, NO_SLICES),
    object("ResourceSlice", DEVICES_V1BETA1, "resourceslices", resource_slice, NO_SLICES),
    object("DeviceTaintRule", DEVICES_V1, "devicetaintrules", device_taint_rule, NO_RULES),
    object("DeviceTaintRule", DEVICES_V1BETA2, "devicetaintrules", device_taint_rule, NO_RULES),
    object("DeviceTaintRule", "resource.k8s.io/v1alpha3", "devicetaintrules", device_taint_rule, NO_RULES),
];

/// A kind that says what becomes of new pods. Simulations list it; nobody watches it, as the scheduler of a cluster makes no
/// pods.
#[derive(Debug)]
pub struct ListedKind {
    /// `kind`.
    pub kind: &'static str,
    /// `apiVersion`; the same in every Kubernetes from 1.34 to 1.37.
    pub api_version: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// What is lost without it.
    pub loss: &'static str,
}

const fn listed(
    kind: &'static str,
    api_version: &'static str,
    plural: &'static str,
    loss: &'static str,
) -> ListedKind {
    ListedKind { kind, api_version, plural, loss }
}

/// Every kind of those.
pub static OF_NEW_PODS: [ListedKind; 6] = [
    listed(
        "PriorityClass",
        "scheduling.k8s.io/v1",
        "priorityclasses",
        "new pods get no priority from their class",
    ),
    listed("LimitRange", "v1", "limitranges", "new pods get no requests from it"),
    listed("ResourceQuota", "v1", "resourcequotas", "new pods beyond a quota are not noticed"),
    listed(
        "ResourceClaimTemplate",
        DEVICES_V1,
        "resourceclaimtemplates",
        "new pods get no claims of templates",
    ),
    listed("RuntimeClass", "node.k8s.io/v1", "runtimeclasses", "new pods get no overhead from their class"),
    listed(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "new workloads have the replicas that they say themselves",
    ),
];

/// Kinds that make pods: simulations and dumps list them, to say what becomes of a change.
pub static OF_OWNERS: [ListedKind; 4] = [
    listed("Deployment", "apps/v1", "deployments", NO_OWNERS),
    listed("DaemonSet", "apps/v1", "daemonsets", NO_OWNERS),
    listed("Job", "batch/v1", "jobs", NO_OWNERS),
    listed("CronJob", "batch/v1", "cronjobs", NO_OWNERS),
];

macro_rules! readers {
    ($($name:ident: $reader:ident => $variant:ident,)*) => {$(
        fn $name(value: &Value) -> Result<Object, manifest::ObjectError> {
            manifest::$reader(value).map(|o| Object::$variant(Arc::new(o)))
        }
    )*};
}

readers! {
    namespace: namespace => Namespace,
    service: service => Service,
    controller: controller => Controller,
    budget: disruption_budget => DisruptionBudget,
    volume: persistent_volume => PersistentVolume,
    claim: claim => Claim,
    class: storage_class => StorageClass,
    csi_node: csi_node => CsiNode,
    csi_driver: csi_driver => CsiDriver,
    capacity: csi_storage_capacity => CsiStorageCapacity,
    attachment: volume_attachment => VolumeAttachment,
    pod_group: pod_group => PodGroup,
    device_class: device_class => DeviceClass,
    resource_claim: resource_claim => ResourceClaim,
    resource_slice: resource_slice => ResourceSlice,
    device_taint_rule: device_taint_rule => DeviceTaintRule,
}
