//! What the engine is told that concerns groups.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::Rejection;

use super::Engine;
use crate::queue::Rules;

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

    /// Why a pod that waits in its group is not tried, if it is not: the group is not complete.
    pub fn gate_of_group(&self, uid: &str) -> Option<(Str, Rejection)> {
        let number = self.pods.number(uid)?;
        let group = self.queue.groups.get(self.queue.groups.binding(number)?)?;
        let queued = self.pods.waiting(number)?;
        let (plugin, rejection) = self.rules().gate_of_group(queued, group)?;
        Some((self.profiles[queued.profile].name(plugin).into(), rejection))
    }

    /// Whether the pod, or its group, is the one that [`step`](Self::step) would try.
    pub fn is_next(&self, uid: &str) -> bool {
        self.pods.number(uid).is_some_and(|number| self.queue.is_first(&self.pods, number))
    }

    /// Whether the pod waits in a group that stands in the queue.
    pub fn may_be_tried(&self, uid: &str) -> bool {
        self.pods.number(uid).is_some_and(|number| self.queue.stands_in(&self.pods, number).is_some())
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
