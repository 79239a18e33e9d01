//! Which pod is on which node, as far as the scheduler knows.
//!
//! ```text
//!                    assume                 confirm (the API server shows the binding)
//!   (unknown pod) ──────────▶ assumed ─────────────────────────────▶ confirmed ──┐ update
//!        ▲                       │                                      ▲  │ ▲───┘
//!        │        forget         │             add                      │  │
//!        ├───────────────────────┘  (unknown) ──────────────────────────┘  │ remove
//!        └─────────────────────────────────────────────────────────────────┘
//! ```
//! An assumed pod counts on its node as if it were bound. It never expires: either the binding is confirmed, or it
//! failed and the pod is forgotten. A pod may sit on a node that is not known yet; it is counted when the node comes.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::{Object, Objects};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Snapshot;
use rustc_hash::FxHashMap;
use thiserror::Error;

/// The cache is asked for something its state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CacheError {
    /// The pod is on a node already.
    #[error("pod {0} is in the cache already")]
    Known(String),
}

#[derive(Clone, Debug)]
struct Entry {
    pod: Arc<Pod>,
    node: Str,
    assumed: bool,
}

/// Pods on nodes, and the columns they are counted in.
#[derive(Debug, Default)]
pub struct Cache {
    snapshot: Snapshot,
    /// Every other object.
    objects: Objects,
    pods: FxHashMap<Str, Entry>,
    /// UIDs of pods on nodes that are not known.
    homeless: FxHashMap<Str, Vec<Str>>,
    assumed: usize,
}

impl Cache {
    /// The columns.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Every other object.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The columns to read and the objects to change, for Reserve; [`follow_objects`](Self::follow_objects) has to come after.
    pub(crate) fn parts_mut(&mut self) -> (&Snapshot, &mut Objects) {
        (&self.snapshot, &mut self.objects)
    }

    /// Puts an object in place of the one with the same key, which is returned.
    pub(crate) fn set_object(&mut self, object: Object) -> Option<Object> {
        let old = self.objects.set(object);
        self.follow_objects();
        old
    }

    /// Removes the object with the same key, and returns what was known of it.
    pub(crate) fn remove_object(&mut self, object: &Object) -> Option<Object> {
        let old = self.objects.remove(object);
        self.follow_objects();
        old
    }

    /// Marks the nodes that changes of objects concern.
    pub(crate) fn follow_objects(&mut self) {
        for concern in self.objects.take_concerns() {
            self.snapshot.concern(&concern);
        }
    }

    /// Number of pods, and how many of them are assumed.
    pub fn pod_counts(&self) -> (usize, usize) {
        (self.pods.len(), self.assumed)
    }

    /// Every pod and its node, in no particular order.
    pub fn pods(&self) -> impl Iterator<Item = (&Arc<Pod>, &Str)> {
        self.pods.values().map(|e| (&e.pod, &e.node))
    }

    /// The pod with this UID and its node.
    pub fn pod(&self, uid: &str) -> Option<(&Arc<Pod>, &Str)> {
        self.pods.get(uid).map(|e| (&e.pod, &e.node))
    }

    /// Whether the pod is assumed.
    pub fn is_assumed(&self, uid: &str) -> bool {
        self.pods.get(uid).is_some_and(|e| e.assumed)
    }

    /// Marks a node as changed for a reason that lies outside the cache.
    pub(crate) fn touch(&mut self, name: &str) {
        if let Some(slot) = self.snapshot.slot(name) {
            self.snapshot.touch(slot);
        }
    }

    /// Adds or replaces a node; returns the node it replaced.
    pub(crate) fn set_node(&mut self, node: Arc<Node>) -> Option<Arc<Node>> {
        let old = self.snapshot.slot(&node.name).map(|s| Arc::clone(self.snapshot.node(s)));
        let slot = self.snapshot.set_node(Arc::clone(&node));
        for uid in self.homeless.remove(&node.name).unwrap_or_default() {
            if let Some(entry) = self.pods.get(&uid) {
                self.snapshot.add_pod(slot, Arc::clone(&entry.pod));
            }
        }
        old
    }

    /// Removes a node; its pods stay known.
    pub(crate) fn remove_node(&mut self, name: &Str) -> Option<Arc<Node>> {
        let slot = self.snapshot.slot(name)?;
        let node = Arc::clone(self.snapshot.node(slot));
        let orphans = self.snapshot.remove_node(name)?;
        if !orphans.is_empty() {
            let uids = orphans.iter().map(|p| Arc::clone(&p.meta.uid)).collect();
            self.homeless.insert(Arc::clone(name), uids);
        }
        Some(node)
    }

    /// Counts a pod on a node before the API server knows.
    pub(crate) fn assume(&mut self, pod: Arc<Pod>, node: Str) -> Result<(), CacheError> {
        if self.pods.contains_key(&pod.meta.uid) {
            return Err(CacheError::Known(pod.key()));
        }
        self.assumed += 1;
        self.place(Entry { pod, node, assumed: true });
        Ok(())
    }

    /// Takes back an assumption; a pod that is not assumed is left alone.
    pub(crate) fn forget(&mut self, uid: &str) -> Option<Arc<Pod>> {
        if !self.is_assumed(uid) {
            return None;
        }
        self.remove(uid)
    }

    /// The API server shows the pod on a node. Returns the version known before, if any.
    pub(crate) fn confirm(&mut self, pod: Arc<Pod>, node: Str) -> Option<Arc<Pod>> {
        if let Some(entry) = self.pods.get_mut(&pod.meta.uid)
            && entry.node == node
            && entry.pod.counts_as(&pod)
        {
            if let Some(slot) = self.snapshot.slot(&node) {
                self.snapshot.renew_pod(slot, &entry.pod, Arc::clone(&pod));
            }
            self.assumed -= usize::from(std::mem::take(&mut entry.assumed));
            return Some(std::mem::replace(&mut entry.pod, pod));
        }
        let old = self.remove(&pod.meta.uid);
        self.place(Entry { pod, node, assumed: false });
        old
    }

    /// The pod is gone.
    pub(crate) fn remove(&mut self, uid: &str) -> Option<Arc<Pod>> {
        let entry = self.pods.remove(uid)?;
        self.assumed -= usize::from(entry.assumed);
        match self.snapshot.slot(&entry.node) {
            Some(slot) => {
                self.snapshot.remove_known(slot, &entry.pod);
            }
            None => {
                if let Some(uids) = self.homeless.get_mut(&entry.node) {
                    uids.retain(|u| &**u != uid);
                    if uids.is_empty() {
                        self.homeless.remove(&entry.node);
                    }
                }
            }
        }
        Some(entry.pod)
    }

    fn place(&mut self, entry: Entry) {
        let uid = Arc::clone(&entry.pod.meta.uid);
        match self.snapshot.slot(&entry.node) {
            Some(slot) => self.snapshot.add_pod(slot, Arc::clone(&entry.pod)),
            None => self.homeless.entry(Arc::clone(&entry.node)).or_default().push(Arc::clone(&uid)),
        }
        self.pods.insert(uid, entry);
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::snapshot::{CPU_ID, Slot};

    use super::*;

    #[track_caller]
    fn check(cache: &Cache, milli_cpu: i64, pods: (usize, usize)) {
        let held = cache.snapshot().column(CPU_ID).at(Slot(0)).1;
        assert_eq!((held, cache.pod_counts()), (milli_cpu, pods));
    }

    #[test]
    fn assume_then_forget_restores_and_assume_then_confirm_keeps() {
        let mut cache = Cache::default();
        cache.set_node(node("n").build());
        let p = pod("p").request("cpu", "1").build();
        cache.assume(Arc::clone(&p), "n".into()).unwrap();
        check(&cache, 1000, (1, 1));
        assert!(cache.assume(Arc::clone(&p), "n".into()).is_err());
        cache.forget(&p.meta.uid);
        check(&cache, 0, (0, 0));
        cache.assume(Arc::clone(&p), "n".into()).unwrap();
        cache.confirm(Arc::clone(&p), "n".into());
        check(&cache, 1000, (1, 0));
        assert!(cache.forget(&p.meta.uid).is_none());
    }

    #[test]
    fn a_pod_that_left_an_unknown_node_does_not_come_back_with_it() {
        let mut cache = Cache::default();
        cache.set_node(node("m").build());
        let p = pod("p").request("cpu", "1").build();
        for node in ["n", "m"] {
            cache.confirm(Arc::clone(&p), node.into());
        }
        cache.set_node(node("n").build());
        assert_eq!(cache.snapshot().column(CPU_ID).at(Slot(1)).1, 0);
        check(&cache, 1000, (1, 0));
    }

    #[test]
    fn an_assumed_pod_that_is_seen_on_another_node_counts_there() {
        let mut cache = Cache::default();
        for name in ["n", "m"] {
            cache.set_node(node(name).build());
        }
        let p = pod("p").request("cpu", "1").build();
        cache.assume(Arc::clone(&p), "n".into()).unwrap();
        cache.confirm(Arc::clone(&p), "m".into());
        check(&cache, 0, (1, 0));
        assert_eq!(cache.snapshot().column(CPU_ID).at(Slot(1)).1, 1000);
        assert_eq!(cache.pod(&p.meta.uid).map(|(_, node)| &**node), Some("m"));
    }

    #[test]
    fn a_pod_on_an_unknown_node_counts_when_the_node_comes() {
        let mut cache = Cache::default();
        let p = pod("p").request("cpu", "1").build();
        cache.confirm(p, "n".into());
        cache.set_node(node("n").build());
        check(&cache, 1000, (1, 0));
        cache.remove_node(&"n".into());
        assert_eq!(cache.pod_counts(), (1, 0));
        cache.set_node(node("n").build());
        check(&cache, 1000, (1, 0));
    }
}
