//! What plugins had to say.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

/// What is kept at the most.
pub(super) const MOST: usize = 10_000;

/// An event of a plugin about a pod, which a cluster would record.
#[derive(Clone, Debug)]
pub struct Said {
    /// The pod.
    pub pod: Arc<Pod>,
    /// The plugin.
    pub plugin: Str,
    /// Whether it is a warning.
    pub warning: bool,
    /// In CamelCase.
    pub reason: Str,
    /// For people.
    pub note: Str,
}
