//! What the engine is told that concerns groups.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, GroupStanding, GroupState};
use longshore_framework::verdict::Rejection;

use super::Engine;
use crate::groups::{Group, Kind};
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

    /// The pod's group has one more pod on a node than was thought.
    pub(super) fn group_has_place(&mut self, number: usize) {
        let (queue, pods, rules) = self.queue_parts();
        queue.found_on_node(pods, number, &rules);
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

    /// Tells how a group stands, unless that was told before.
    pub(super) fn tell_standing(
        &mut self,
        id: usize,
        standing: GroupStanding,
        pod: &Arc<Pod>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(group) = self.queue.groups.get_mut(id) else { return };
        if group.told.as_ref() == Some(&standing) {
            return;
        }
        group.told = Some(standing.clone());
        effects.push(Effect::GroupStatus { group: group.key.clone(), standing, pod: Arc::clone(pod) });
    }

    /// Tells of groups that lack pods since a while.
    pub(super) fn tell_incomplete(&mut self, effects: &mut Vec<Effect>) {
        for id in self.queue.groups.settled(self.now) {
            let Some(group) = self.queue.groups.get(id) else { continue };
            let Some(message) = group.kind.lacks(&group.key, group.known()) else { continue };
            let first = group.ready.iter().filter_map(|number| self.pods.waiting(*number)).next();
            let Some(pod) = first.map(|queued| Arc::clone(&queued.pod)) else { continue };
            let standing = self.standing(id, GroupState::Incomplete, message);
            self.tell_standing(id, standing, &pod, effects);
        }
    }

    /// Tells of groups that go as a whole for `preemptor`.
    pub(super) fn tell_preempted(
        &mut self,
        victims: &[Arc<Pod>],
        preemptor: &Pod,
        effects: &mut Vec<Effect>,
    ) {
        let mut told = None;
        for victim in victims {
            let number = self.pods.number(&victim.meta.uid);
            let Some(id) = number.and_then(|number| self.queue.groups.of(number)) else { continue };
            let whole = self.queue.groups.get(id).is_some_and(Group::goes_whole);
            if !whole || told.replace(id) == Some(id) {
                continue;
            }
            let message =
                format!("{}: preempting to accommodate a higher priority pod", preemptor.spec.scheduler_name);
            let standing = self.standing(id, GroupState::Preempted, message);
            self.tell_standing(id, standing, victim, effects);
        }
    }

    /// How a group stands.
    pub(super) fn standing(&self, id: usize, state: GroupState, message: String) -> GroupStanding {
        let group = self.queue.groups.get(id);
        let min_count = match group.map(|group| group.kind) {
            Some(Kind::Gang(min)) => min,
            _ => 0,
        };
        let members = group.into_iter().flat_map(Group::members);
        let placed = members.filter(|number| self.pods.on_node(*number).is_some()).count();
        GroupStanding { state, message, min_count, pods: group.map_or(0, Group::known), placed }
    }
}
