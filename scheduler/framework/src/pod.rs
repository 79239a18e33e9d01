//! What scheduling needs to know of a pod.

mod group;
mod resources;

use std::sync::Arc;

use crate::features::{Features, Gate, Rule};
use crate::group::OwnGroup;
use crate::labels::{LabelSelector, Labels};
use crate::node_selector::NodeAffinity;
use crate::ports::HostPort;
use crate::resources::ResourceList;
use crate::taint::{Toleration, TolerationOperator};
use crate::volume::Volume;
use crate::{Str, Timestamp};
pub use resources::PodResources;
use serde::{Deserialize, Serialize};

/// A pod. Immutable once made: an update replaces it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// Identity, the node, and everything outside the spec.
    pub meta: PodMeta,
    /// The parts of the spec that scheduling reads; replicas may share one.
    pub spec: Arc<PodSpec>,
    /// Requests, computed from the spec, and shared with it.
    pub resources: Arc<PodResources>,
}

impl Pod {
    /// Makes a pod and computes its requests.
    pub fn new(meta: PodMeta, spec: impl Into<Arc<PodSpec>>) -> Self {
        let spec = spec.into();
        let resources = Arc::new(PodResources::of(&spec));
        Self { meta, spec, resources }
    }

    /// The pod as these rules take it: the same one where they take it as it was [made](Self::new).
    pub fn taken_by(self: Arc<Self>, features: Features) -> Arc<Self> {
        let pod = self.counted_by(features);
        let compares = |t: &Toleration| matches!(t.operator, TolerationOperator::Lt | TolerationOperator::Gt);
        if !features.enabled(Gate::TaintTolerationComparisonOperators)
            || !pod.spec.tolerations.iter().any(|t| !t.compares && compares(t))
        {
            return pod;
        }
        let mut pod = Self::clone(&pod);
        let tolerations = &mut Arc::make_mut(&mut pod.spec).tolerations;
        tolerations.iter_mut().filter(|t| compares(t)).for_each(|t| t.compares = true);
        Arc::new(pod)
    }

    /// The pod with its resources counted by these rules.
    fn counted_by(self: Arc<Self>, features: Features) -> Arc<Self> {
        let resized = !features.follow(Rule::ResizeCountsTheWholePod) && self.spec.is_reported_otherwise();
        let pod_level = features.follow(Rule::FitScoresPodLevel) && !self.spec.pod_level.requests.is_empty();
        if !resized && !pod_level {
            return self;
        }
        let resources = Arc::new(PodResources::by(&self.spec, features));
        Arc::new(Self { resources, ..Self::clone(&self) })
    }

    /// `namespace/name`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.meta.namespace, self.meta.name)
    }

    /// Whether a node that has the pod is to plugins as it would be with `other` in its place: all but the node's name,
    /// the time of creation and the nomination is the same.
    pub fn counts_as(&self, other: &Self) -> bool {
        let (a, b) = (&self.meta, &other.meta);
        a.namespace == b.namespace
            && a.name == b.name
            && a.labels == b.labels
            && a.owner == b.owner
            && (a.terminating, a.started, a.preempted) == (b.terminating, b.started, b.preempted)
            && self.spec == other.spec
    }

    /// Whether any pod (anti-)affinity term stands in the spec, required or preferred.
    pub fn has_pod_affinity(&self) -> bool {
        let (a, b) = (&self.spec.pod_affinity, &self.spec.pod_anti_affinity);
        !(a.required.is_empty() && a.preferred.is_empty() && b.required.is_empty() && b.preferred.is_empty())
    }

    /// Whether a required anti-affinity term stands in the spec.
    pub fn has_required_anti_affinity(&self) -> bool {
        !self.spec.pod_anti_affinity.required.is_empty()
    }

    /// The host ports that the pod wants: those of its containers and of its sidecars.
    pub fn host_ports(&self) -> impl Iterator<Item = &HostPort> {
        let sidecars = self.spec.init_containers.iter().filter(|c| c.restartable);
        self.spec.containers.iter().chain(sidecars).flat_map(|c| &c.host_ports)
    }

    /// Whether the pod uses any claim.
    pub fn has_claims(&self) -> bool {
        self.spec.volumes.iter().any(|volume| volume.is_claim())
    }

    /// Claims that the pod's volumes name; those of generic ephemeral volumes are not among them.
    pub fn named_claims(&self) -> impl Iterator<Item = &Str> {
        self.spec.volumes.iter().filter_map(|v| match &v.source {
            crate::volume::VolumeSource::Claim { name } => Some(name),
            _ => None,
        })
    }

    /// Claims the pod uses through volumes: the names of PersistentVolumeClaims in its namespace, in volume order.
    pub fn claim_names(&self) -> impl Iterator<Item = Str> {
        self.spec.volumes.iter().filter_map(|v| v.claim_name(&self.meta.name))
    }
}

/// Identity, place and status of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodMeta {
    /// `metadata.namespace`.
    pub namespace: Str,
    /// `metadata.name`.
    pub name: Str,
    /// `metadata.uid`; unique among all pods of all time.
    pub uid: Str,
    /// `spec.nodeName`, when not empty: the node that the pod is bound to. It stands here so that replicas share their spec
    /// wherever they are.
    pub node_name: Option<Str>,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The group that its annotations name.
    pub own_group: Option<Arc<OwnGroup>>,
    /// The controlling owner, from `metadata.ownerReferences`.
    pub owner: Option<Owner>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// `status.startTime`.
    pub started: Option<Timestamp>,
    /// `status.nominatedNodeName`, when not empty.
    pub nominated_node: Option<Str>,
    /// Condition DisruptionTarget is True with reason PreemptionByScheduler.
    pub preempted: bool,
    /// `status.resourceClaimStatuses`: of each of the pod's claims that come from a template the ResourceClaim that was
    /// made; without one none was needed.
    pub generated_claims: Vec<(Str, Option<Str>)>,
    /// Another number when something is said of the pod that the model does not [read](crate::unread).
    pub unread: u64,
}

/// The controller that owns a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// `apiVersion`, such as `apps/v1`.
    pub api_version: Str,
    /// Kind.
    pub kind: Str,
    /// Name, in the pod's namespace.
    pub name: Str,
    /// UID.
    pub uid: Str,
}

/// `spec.preemptionPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PreemptionPolicy {
    /// May preempt pods of lower priority.
    #[default]
    PreemptLowerPriority,
    /// Never preempts.
    Never,
}

/// The parts of a pod's spec that scheduling reads. Two pods with equal specs and labels in one namespace are
/// interchangeable to every in-tree plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PodSpec {
    /// `schedulerName`.
    pub scheduler_name: Str,
    /// `priority`; 0 when absent.
    pub priority: i32,
    /// `preemptionPolicy`.
    pub preemption_policy: PreemptionPolicy,
    /// Names of `schedulingGates`.
    pub gates: Vec<Str>,
    /// `containers`.
    pub containers: Vec<Container>,
    /// `initContainers`, sidecars among them.
    pub init_containers: Vec<Container>,
    /// `overhead`.
    pub overhead: ResourceList,
    /// Pod-level `resources`.
    pub pod_level: PodLevelResources,
    /// The pod's last in-place resize was found infeasible (condition PodResizePending, reason Infeasible).
    pub resize_infeasible: bool,
    /// `tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `nodeSelector`, in key order.
    pub node_selector: Vec<(Str, Str)>,
    /// `affinity.nodeAffinity`.
    pub node_affinity: NodeAffinity,
    /// `affinity.podAffinity`.
    pub pod_affinity: AffinityTerms,
    /// `affinity.podAntiAffinity`.
    pub pod_anti_affinity: AffinityTerms,
    /// `topologySpreadConstraints`.
    pub spread: Vec<SpreadConstraint>,
    /// `volumes`, those that scheduling reads.
    pub volumes: Vec<Volume>,
    /// `resourceClaims`.
    pub resource_claims: Vec<PodClaim>,
    /// `schedulingGroup.podGroupName`.
    pub scheduling_group: Option<Str>,
    /// Kubelet features the spec needs, as nodes declare them, in name order.
    pub required_features: Vec<Str>,
}

impl PodSpec {
    /// Whether something is reported of the pod's resources that is not what its containers ask for.
    fn is_reported_otherwise(&self) -> bool {
        let differs = |container: &Container| {
            container.actual.as_ref().is_some_and(|actual| {
                let lists = [&actual.requests, &actual.allocated];
                lists.into_iter().any(|list| !list.is_empty() && *list != container.requests)
            })
        };
        self.resize_infeasible
            || self.pod_level.actual.is_some()
            || self.containers.iter().chain(&self.init_containers).any(differs)
    }

    /// The spec without its containers, volumes and claims for devices, and without whatever else only counts through
    /// [effective requests](PodResources).
    pub fn without_parts(&self) -> Self {
        Self {
            volumes: Vec::new(),
            resource_claims: Vec::new(),
            containers: Vec::new(),
            init_containers: Vec::new(),
            overhead: ResourceList::default(),
            pod_level: PodLevelResources::default(),
            resize_infeasible: false,
            ..self.clone()
        }
    }
}

/// A claim for devices, as a pod names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PodClaim {
    /// Name within the pod.
    pub name: Str,
    /// Which ResourceClaim that is.
    pub source: ClaimSource,
}

/// Where a pod's claim for devices comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClaimSource {
    /// `resourceClaimName`.
    Claim(Str),
    /// `resourceClaimTemplateName`: one is made of this template, for this pod. Its name is among the pod's
    /// [generated claims](PodMeta::generated_claims).
    Template(Str),
    /// Something that is not known here.
    Unknown,
}

/// A container or init container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Container {
    /// Name.
    pub name: Str,
    /// Image reference as written.
    pub image: Str,
    /// Stands in `initContainers`.
    pub init: bool,
    /// An init container with `restartPolicy: Always` (a sidecar).
    pub restartable: bool,
    /// `resources.requests`.
    pub requests: ResourceList,
    /// What the kubelet reports of a container, when it reports resources.
    pub actual: Option<ActualResources>,
    /// Ports with a host port.
    pub host_ports: Vec<HostPort>,
}

/// What the kubelet reports: in-place resize makes it differ from the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ActualResources {
    /// Whether the status has `resources`, with requests or without.
    pub has_resources: bool,
    /// `resources.requests` of the status; empty when not reported.
    pub requests: ResourceList,
    /// `allocatedResources` of the status; empty when not reported.
    pub allocated: ResourceList,
}

/// Pod-level resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PodLevelResources {
    /// `spec.resources.requests`.
    pub requests: ResourceList,
    /// `status.resources.requests` and `status.allocatedResources`, when reported.
    pub actual: Option<ActualResources>,
}

/// `podAffinity` or `podAntiAffinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AffinityTerms {
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Vec<AffinityTerm>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`: weight (1 to 100) and term.
    pub preferred: Vec<(i32, AffinityTerm)>,
}

/// A pod affinity term, `matchLabelKeys` and `mismatchLabelKeys` already merged into the selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AffinityTerm {
    /// Label selector; `None` matches no pod.
    pub selector: Option<LabelSelector>,
    /// Namespaces by name. With no `namespace_selector` either, the pod's own namespace stands here.
    pub namespaces: Vec<Str>,
    /// Namespaces by label; `None` matches no namespace.
    pub namespace_selector: Option<LabelSelector>,
    /// Topology key.
    pub topology_key: Str,
}

impl AffinityTerm {
    /// Whether `pod`, whose namespace has `namespace_labels`, is one of the pods the term speaks of.
    pub fn matches(&self, pod: &Pod, namespace_labels: &Labels) -> bool {
        let namespace = self.namespaces.contains(&pod.meta.namespace)
            || self.namespace_selector.as_ref().is_some_and(|s| s.matches(namespace_labels));
        namespace && self.selector.as_ref().is_some_and(|s| s.matches(&pod.meta.labels))
    }
}

/// What to do when a spread constraint cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WhenUnsatisfiable {
    /// Reject the node.
    DoNotSchedule,
    /// Prefer nodes that lower the skew.
    ScheduleAnyway,
}

/// A topology spread constraint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SpreadConstraint {
    /// `maxSkew`, at least 1.
    pub max_skew: i32,
    /// `topologyKey`.
    pub topology_key: Str,
    /// `whenUnsatisfiable`.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// `labelSelector` with `matchLabelKeys` merged in; `None` matches no pod.
    pub selector: Option<LabelSelector>,
    /// `minDomains`; 1 when absent.
    pub min_domains: i32,
    /// `nodeAffinityPolicy` is Honor (the default).
    pub honor_affinity: bool,
    /// `nodeTaintsPolicy` is Honor (the default is Ignore).
    pub honor_taints: bool,
}

#[cfg(test)]
mod tests;
