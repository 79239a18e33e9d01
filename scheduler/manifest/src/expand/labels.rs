//! Labels that controllers give their pods and find them by.

/// Tells the ReplicaSets of a Deployment apart.
pub(super) const TEMPLATE_HASH: &str = "pod-template-hash";
/// The index of a pod of an indexed Job; an annotation, too.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
