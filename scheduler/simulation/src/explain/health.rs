//! Taints that say how a node is. They are set by the control plane, a cloud provider or an autoscaler, and go when the node
//! is well again; a pod that tolerates them would be started where it cannot run.

use longshore_framework::taint::{Taint, TaintEffect};

/// The taint of cordoned nodes.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Taints of nodes that may be well again, by key, and how such a node is.
const PASSING: [(&str, &str); 10] = [
    ("node.kubernetes.io/not-ready", "not ready"),
    ("node.kubernetes.io/unreachable", "unreachable"),
    ("node.kubernetes.io/memory-pressure", "under memory pressure"),
    ("node.kubernetes.io/disk-pressure", "under disk pressure"),
    ("node.kubernetes.io/pid-pressure", "under process ID pressure"),
    ("node.kubernetes.io/network-unavailable", "without network"),
    ("node.kubernetes.io/out-of-service", "marked out of service"),
    ("node.cloudprovider.kubernetes.io/uninitialized", "not initialised by its cloud provider"),
    ("node.cloudprovider.kubernetes.io/shutdown", "shut down"),
    ("karpenter.sh/unregistered", "not registered by Karpenter"),
];

/// Taints of nodes that are going away.
const GOING: [(&str, &str); 2] = [
    ("ToBeDeletedByClusterAutoscaler", "being removed by the Cluster Autoscaler"),
    ("karpenter.sh/disrupted", "being removed by Karpenter"),
];

fn find(taint: &Taint, table: &[(&str, &'static str)]) -> Option<&'static str> {
    table.iter().find(|(key, _)| *key == &*taint.key).map(|(_, state)| *state)
}

/// Whether the taint is that of a cordoned node.
pub(super) fn is_cordon(taint: &Taint) -> bool {
    &*taint.key == UNSCHEDULABLE && taint.effect == TaintEffect::NoSchedule
}

/// The state of a node that may be well again, as the taint tells it: `not ready`.
pub(super) fn passing(taint: &Taint) -> Option<&'static str> {
    find(taint, &PASSING)
}

/// How the node is, as the taint tells it: `not ready`, `being removed by Karpenter`.
pub(super) fn state(taint: &Taint) -> Option<&'static str> {
    passing(taint).or_else(|| find(taint, &GOING))
}

/// Whether the taint tells of the node, and not of what its pods should be.
pub(super) fn tells_of_node(taint: &Taint) -> bool {
    is_cordon(taint) || state(taint).is_some()
}
