//! What the engine is told that concerns groups.

use std::sync::Arc;

use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

use super::Engine;

impl Engine {
    /// The group of the pod with this UID.
    pub(super) fn group_number(&self, uid: &str) -> Option<usize> {
        self.queue.groups.of(self.pods.number(uid)?)
    }

    /// Lets the pod's group know it; whether that changes anything for the group.
    pub(super) fn join_group(&mut self, number: usize, pod: &Arc<Pod>, profile: usize) -> bool {
        let objects = self.cache.objects();
        self.queue.join_group(&mut self.pods, (number, pod, profile), |key| {
            objects.pod_groups.get(key).map(|group| &**group)
        })
    }

    /// The pod's group has grown, and may be due.
    pub(super) fn group_grew(&mut self, number: usize) {
        let (queue, pods, rules) = self.queue_parts();
        queue.muster_group_of(pods, number, &rules);
    }

    /// An object came, changed or went: if it is a PodGroup, its pods hear of it.
    pub(super) fn group_object(&mut self, object: &Object) {
        let Object::PodGroup(group) = object else { return };
        let key = group.key();
        let known = self.cache.objects().pod_groups.get(&key).cloned();
        let (queue, pods, rules) = self.queue_parts();
        queue.group_changed(pods, &key, known.as_deref(), &rules);
    }
}
