//! Objects as the API server wrote them, for extenders that want them whole.

use std::fmt;
use std::sync::Arc;

use dashmap::DashMap;
use longshore_framework::Str;
use longshore_framework::raw::RawObjects;
use rustc_hash::FxBuildHasher;
use serde_json::value::RawValue;

/// An object as JSON text.
pub(crate) type Raw = Arc<RawValue>;

/// Which objects have to be kept whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Pods without a node.
    pub waiting_pods: bool,
    /// Pods on nodes.
    pub placed_pods: bool,
    /// Nodes.
    pub nodes: bool,
}

impl Wants {
    /// Whether all of what `other` wants is wanted here too.
    pub fn cover(self, other: Self) -> bool {
        let pairs = [
            (self.waiting_pods, other.waiting_pods),
            (self.placed_pods, other.placed_pods),
            (self.nodes, other.nodes),
        ];
        pairs.into_iter().all(|(here, there)| here || !there)
    }

    /// What both want together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            waiting_pods: self.waiting_pods || other.waiting_pods,
            placed_pods: self.placed_pods || other.placed_pods,
            nodes: self.nodes || other.nodes,
        }
    }
}

/// Whole objects in memory, to be kept up to date by whoever sees them change. Objects are large, so it is kept only when
/// some extender wants them.
#[derive(Default)]
pub struct RawStore {
    pods: DashMap<Str, Raw, FxBuildHasher>,
    /// By name, with UID.
    nodes: DashMap<Str, (Str, Raw), FxBuildHasher>,
}

impl RawStore {
    /// A pod is new or has changed.
    pub fn set_pod(&self, uid: Str, pod: Box<RawValue>) {
        self.pods.insert(uid, pod.into());
    }

    /// A node is new or has changed.
    pub fn set_node(&self, name: Str, uid: Str, node: Box<RawValue>) {
        self.nodes.insert(name, (uid, node.into()));
    }

    /// A pod is gone.
    pub fn remove_pod(&self, uid: &str) {
        self.pods.remove(uid);
    }

    /// A node is gone. Another one that has come under its name meanwhile stays.
    pub fn remove_node(&self, name: &str, uid: &str) {
        self.nodes.remove_if(name, |_, (known, _)| **known == *uid);
    }
}

impl RawObjects for RawStore {
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>> {
        self.pods.get(uid).map(|found| Arc::clone(&found))
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.nodes.get(name).map(|found| Arc::clone(&found.1))
    }
}

impl fmt::Debug for RawStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawStore({} pods, {} nodes)", self.pods.len(), self.nodes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_came_back_under_its_name_stays() {
        let store = RawStore::default();
        let set =
            |uid: &str| store.set_node("n".into(), uid.into(), RawValue::from_string("{}".into()).unwrap());
        set("old");
        set("new");
        store.remove_node("n", "old");
        assert!(store.node("n").is_some());
        store.remove_node("n", "new");
        assert!(store.node("n").is_none());
    }
}
