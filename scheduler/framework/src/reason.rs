//! Why a pod was rejected: every reason the in-tree plugins give, with its one wording.
//!
//! The wordings are kube-scheduler's; events, conditions, dashboards and autoscalers read them.

use std::fmt;

use crate::Str;

/// A reason for a rejection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// NodeUnschedulable.
    NodeUnschedulable,
    /// NodeName.
    NodeName,
    /// TaintToleration.
    UntoleratedTaint,
    /// NodeAffinity: the profile's `addedAffinity`.
    EnforcedNodeAffinity,
    /// NodeAffinity: the pod's own.
    NodeAffinity,
    /// NodeAffinity: terms that each name nodes, none in common.
    ConflictingAffinityTerms,
    /// NodePorts.
    NodePorts,
    /// NodeResourcesFit: the pod count.
    TooManyPods,
    /// NodeResourcesFit: a resource.
    Insufficient(Str),
    /// VolumeRestrictions: an inline disk is in use.
    DiskConflict,
    /// VolumeRestrictions: a ReadWriteOncePod claim is in use.
    ReadWriteOncePodConflict,
    /// NodeVolumeLimits.
    VolumeLimit,
    /// VolumeBinding: claims of classes that do not wait are unbound.
    UnboundImmediateClaims,
    /// VolumeBinding: nothing to bind.
    VolumeBindConflict,
    /// VolumeBinding: a bound volume cannot be used on this node.
    VolumeNodeConflict,
    /// VolumeBinding: a claim is bound to a volume that is gone.
    VolumeNotExist,
    /// VolumeBinding: no room to provision.
    NotEnoughSpace,
    /// VolumeZone.
    VolumeZone,
    /// PodTopologySpread.
    TopologySpread,
    /// PodTopologySpread: the node lacks a topology label.
    TopologySpreadMissingLabel,
    /// InterPodAffinity: the pod's affinity.
    PodAffinity,
    /// InterPodAffinity: the pod's anti-affinity.
    PodAntiAffinity,
    /// InterPodAffinity: the anti-affinity of pods already there.
    ExistingPodAntiAffinity,
    /// NodeDeclaredFeatures.
    DeclaredFeatures,
    /// A node outside the set that PreFilter plugins left.
    OutsideNodeSet(Str),
    /// DefaultPreemption: nothing to evict.
    NoVictims,
    /// DefaultPreemption: evicting cannot help here.
    PreemptionNotHelpful,
    /// Any other wording: a message with a name in it, or the words of a guest plugin.
    Other(Str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NodeUnschedulable => "node(s) were unschedulable",
            Self::NodeName => "node(s) didn't match the requested node name",
            Self::UntoleratedTaint => "node(s) had untolerated taint(s)",
            Self::EnforcedNodeAffinity => "node(s) didn't match scheduler-enforced node affinity",
            Self::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
            Self::ConflictingAffinityTerms => "pod affinity terms conflict",
            Self::NodePorts => "node(s) didn't have free ports for the requested pod ports",
            Self::TooManyPods => "Too many pods",
            Self::Insufficient(resource) => return write!(f, "Insufficient {resource}"),
            Self::DiskConflict => "node(s) had no available disk",
            Self::ReadWriteOncePodConflict => {
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
            }
            Self::VolumeLimit => "node(s) exceed max volume count",
            Self::UnboundImmediateClaims => "pod has unbound immediate PersistentVolumeClaims",
            Self::VolumeBindConflict => "node(s) didn't find available persistent volumes to bind",
            Self::VolumeNodeConflict => "node(s) didn't match PersistentVolume's node affinity",
            Self::VolumeNotExist => {
                "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
            }
            Self::NotEnoughSpace => "node(s) did not have enough free storage",
            Self::VolumeZone => "node(s) had no available volume zone",
            Self::TopologySpread => "node(s) didn't match pod topology spread constraints",
            Self::TopologySpreadMissingLabel => {
                "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            Self::PodAffinity => "node(s) didn't match pod affinity rules",
            Self::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
            Self::ExistingPodAntiAffinity => "node(s) didn't satisfy existing pods anti-affinity rules",
            Self::DeclaredFeatures => "node(s) didn't match Pod's required features",
            Self::OutsideNodeSet(plugins) => {
                return write!(f, "node(s) didn't satisfy plugin(s) [{plugins}]");
            }
            Self::NoVictims => "No preemption victims found for incoming pod",
            Self::PreemptionNotHelpful => "Preemption is not helpful for scheduling",
            Self::Other(text) => text,
        };
        f.write_str(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Other(text.into())
    }
}
