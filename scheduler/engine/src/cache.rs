//! Which pod counts on which node, as far as the scheduler knows.
//!
//! The pods themselves, and what each is on its node by, sit in the [table](crate::pods), which the cache is lent. A pod that
//! is assumed counts as if it were bound. A pod may sit on a node that is not known yet; it is counted when the node comes.

use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::node_metrics::{MetricsNeed, MetricsSource, Sample};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::pod::Pod;
use longshore_framework::port::ReleasedClaim;
use longshore_framework::resource_claim::ResourceClaim;
use longshore_framework::snapshot::Snapshot;
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

use crate::pods::Pods;

/// The columns that pods are counted in, and all other objects.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    snapshot: Snapshot,
    /// Every other object.
    objects: Objects,
    /// Node that is not known → numbers of the pods on it.
    homeless: FxHashMap<Str, Vec<usize>>,
}

impl Cache {
    /// The columns.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Every other object.
    pub(crate) fn objects(&self) -> &Objects {
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

    /// Keeps what every plugin reads of what is measured on nodes, and nothing else.
    pub(crate) fn declare_metrics(&mut self, needs: impl IntoIterator<Item = MetricsNeed>) {
        self.objects.metrics.declare(needs);
    }

    /// Takes what a source says of nodes. Whether that changes anything.
    pub(crate) fn set_metrics(&mut self, source: &Arc<MetricsSource>, sample: &Sample) -> bool {
        let snapshot = &self.snapshot;
        let capacity = |name: &str| snapshot.slot(name).map(|slot| snapshot.node(slot).capacity);
        let changed = self.objects.set_metrics(source, sample, capacity);
        self.follow_objects();
        changed
    }

    /// The time is `now`. Whether values have become too old for somebody.
    pub(crate) fn advance_metrics(&mut self, now: Timestamp) -> bool {
        let changed = self.objects.advance_metrics(now);
        self.follow_objects();
        changed
    }

    /// What goes before the binding of a pod is being written from now on.
    pub(crate) fn begin_writes(&mut self, uid: &Str) {
        self.objects.resource_claims.begin_writes(uid);
    }

    /// It was written, or failed. Returns the claims that lose what they would have had, with that and as they are.
    pub(crate) fn end_writes(&mut self, uid: &str) -> Vec<(Arc<ResourceClaim>, Arc<ResourceClaim>)> {
        let lost = self.objects.resource_claims.end_writes(uid);
        self.follow_objects();
        lost
    }

    /// What Unreserve takes back of claims, since this was last asked.
    pub(crate) fn take_releases(&mut self) -> Vec<(Arc<Pod>, Vec<ReleasedClaim>)> {
        self.objects.resource_claims.take_releases()
    }

    /// Marks the nodes that changes of objects concern.
    pub(crate) fn follow_objects(&mut self) {
        for concern in self.objects.take_concerns() {
            self.snapshot.concern(&concern);
        }
    }

    /// Another attempt to place a pod begins.
    pub(crate) fn begin_attempt(&mut self) {
        self.snapshot.begin_attempt();
    }

    /// Marks a node as changed for a reason that lies outside the cache.
    pub(crate) fn touch(&mut self, name: &str) {
        if let Some(slot) = self.snapshot.slot(name) {
            self.snapshot.touch(slot);
        }
    }

    /// Adds or replaces a node; returns the node it replaced.
    pub(crate) fn set_node(&mut self, pods: &Pods, node: Arc<Node>) -> Option<Arc<Node>> {
        let old = self.snapshot.slot(&node.name).map(|s| Arc::clone(self.snapshot.node(s)));
        let slot = self.snapshot.set_node(Arc::clone(&node));
        self.objects.metrics.learn(&node.name, node.capacity);
        for number in self.homeless.remove(&node.name).unwrap_or_default() {
            if let Some(on) = pods.on_node(number) {
                self.snapshot.add_pod(slot, Arc::clone(&on.pod));
            }
        }
        old
    }

    /// Removes a node; its pods stay known.
    pub(crate) fn remove_node(&mut self, pods: &Pods, name: &Str) -> Option<Arc<Node>> {
        let slot = self.snapshot.slot(name)?;
        let node = Arc::clone(self.snapshot.node(slot));
        let orphans = self.snapshot.remove_node(name)?;
        if !orphans.is_empty() {
            let numbers = orphans.iter().filter_map(|pod| pods.number(&pod.meta.uid)).collect();
            self.homeless.insert(Arc::clone(name), numbers);
        }
        Some(node)
    }

    /// Counts a pod on a node.
    pub(crate) fn count(&mut self, number: usize, pod: Arc<Pod>, node: &Str) {
        match self.snapshot.slot(node) {
            Some(slot) => self.snapshot.add_pod(slot, pod),
            None => self.homeless.entry(Arc::clone(node)).or_default().push(number),
        }
    }

    /// Takes back what [`count`](Self::count) did for this version of the pod.
    pub(crate) fn uncount(&mut self, number: usize, pod: &Arc<Pod>, node: &Str) {
        if let Some(slot) = self.snapshot.slot(node) {
            self.snapshot.remove_known(slot, pod);
            return;
        }
        if let Some(numbers) = self.homeless.get_mut(node) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.homeless.remove(node);
            }
        }
    }

    /// The API server shows the pod on a node. Returns the version that counted before, if any.
    pub(crate) fn confirm(
        &mut self,
        pods: &mut Pods,
        number: usize,
        pod: Arc<Pod>,
        node: Str,
    ) -> Option<Arc<Pod>> {
        let (old, before) = match pods.show(number, Arc::clone(&pod), Arc::clone(&node)) {
            Some(was) => was,
            None => {
                self.count(number, pod, &node);
                return None;
            }
        };
        if before == node && old.counts_as(&pod) {
            if let Some(slot) = self.snapshot.slot(&node) {
                self.snapshot.renew_pod(slot, &old, pod);
            }
        } else {
            self.uncount(number, &old, &before);
            self.count(number, pod, &node);
        }
        Some(old)
    }
}

#[cfg(test)]
mod tests;
