//! Nodes promised to pods that wait for room to be made there.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use rustc_hash::FxHashMap;

/// Node → nominated pods, in the order they were nominated.
#[derive(Debug, Default)]
pub(crate) struct Nominator {
    by_node: FxHashMap<Str, Vec<Arc<Pod>>>,
    node_of: FxHashMap<Str, Str>,
}

impl Nominator {
    /// Promises `node` to `pod`, in place of any other node.
    pub(crate) fn nominate(&mut self, pod: &Arc<Pod>, node: &Str) {
        self.remove(&pod.meta.uid);
        self.by_node.entry(Arc::clone(node)).or_default().push(Arc::clone(pod));
        self.node_of.insert(Arc::clone(&pod.meta.uid), Arc::clone(node));
    }

    /// Takes the pod's promise back.
    pub(crate) fn remove(&mut self, uid: &str) {
        let Some(node) = self.node_of.remove(uid) else { return };
        if let Some(pods) = self.by_node.get_mut(&node) {
            pods.retain(|p| &*p.meta.uid != uid);
            if pods.is_empty() {
                self.by_node.remove(&node);
            }
        }
    }

    /// The node promised to the pod.
    pub(crate) fn node_of(&self, uid: &str) -> Option<&Str> {
        self.node_of.get(uid)
    }

    /// Pods that the node is promised to.
    pub(crate) fn on(&self, node: &str) -> &[Arc<Pod>] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// Nodes with a promise, in no particular order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Str> {
        self.by_node.keys()
    }

    /// Whether there is no promise at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }
}
