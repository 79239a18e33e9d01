//! Which pod is tried.

use std::time::Duration;

/// The pod to try.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub name: String,
    /// `spec.schedulerName`.
    pub scheduler_name: String,
    /// The container's image. It need not start: the pod is deleted as soon as it has a node.
    pub image: String,
    /// How long the pod may wait for its node.
    pub wait: Duration,
}
