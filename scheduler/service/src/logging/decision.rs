//! One line for each decision, in kube-scheduler's words.

use std::fmt;

use longshore_framework::pod::Pod;

/// `namespace/name`, written only when somebody reads it.
#[derive(Clone, Copy, Debug)]
pub struct PodKey<'p>(pub &'p Pod);

impl fmt::Display for PodKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.meta.namespace, self.0.meta.name)
    }
}

/// The API server took a binding; level 2.
pub fn bound(pod: &Pod, node: &str, evaluated_nodes: usize, feasible_nodes: usize) {
    tracing::debug!(
        pod = %PodKey(pod),
        node,
        evaluatedNodes = evaluated_nodes,
        feasibleNodes = feasible_nodes,
        "Successfully bound pod to node"
    );
}

/// A pod does not fit; level 2.
pub fn unschedulable(pod: &Pod, message: &str) {
    tracing::debug!(pod = %PodKey(pod), err = message, "Unable to schedule pod; no fit; waiting");
}

/// Something broke while a pod was decided or bound; always written.
pub fn broken(pod: &Pod, message: &str) {
    tracing::error!(pod = %PodKey(pod), err = message, "Error scheduling pod; retrying");
}

/// A plugin keeps a pod out of the queue; level 4.
pub fn gated(pod: &Pod, plugin: &str, message: &str) {
    tracing::trace!(pod = %PodKey(pod), plugin, status = message, "Status after running PreEnqueue plugin");
}
