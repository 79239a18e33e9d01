//! What of the engine's cluster anybody may look at.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Snapshot;

use super::Engine;

/// Pods on nodes, the columns they are counted in, and all other objects.
#[derive(Clone, Copy, Debug)]
pub struct CacheView<'e>(&'e Engine);

impl Engine {
    /// Pods on nodes and all other objects.
    pub fn cache(&self) -> CacheView<'_> {
        CacheView(self)
    }
}

impl<'e> CacheView<'e> {
    /// The columns.
    pub fn snapshot(self) -> &'e Snapshot {
        self.0.cache.snapshot()
    }

    /// Every other object.
    pub fn objects(self) -> &'e Objects {
        self.0.cache.objects()
    }

    /// Number of pods, and how many of them are assumed.
    pub fn pod_counts(self) -> (usize, usize) {
        self.0.pods.counts()
    }

    /// Every pod and its node, in no particular order.
    pub fn pods(self) -> impl Iterator<Item = (&'e Arc<Pod>, &'e Str)> {
        self.0.pods.on_nodes().map(|on| (&on.pod, &on.node))
    }

    /// The pod with this UID and its node.
    pub fn pod(self, uid: &str) -> Option<(&'e Arc<Pod>, &'e Str)> {
        let on = self.0.pods.on_node(self.0.pods.number(uid)?)?;
        Some((&on.pod, &on.node))
    }

    /// Whether the pod is assumed.
    pub fn is_assumed(self, uid: &str) -> bool {
        self.0.pods.number(uid).is_some_and(|number| self.0.pods.is_assumed(number))
    }
}
