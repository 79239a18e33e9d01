//! Groups in the queue: the pods of a group wait in it, and the group stands in the queue by its entity.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::ClusterEvent;
use longshore_framework::group::{GroupKey, PodGroup};
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;

use super::wake::Wake;
use super::{Place, Queue, QueueCounts, Rules, Via};
use crate::groups::{Group, Kind};
use crate::meter::EventLabel;
use crate::plugin_set::PluginSet;
use crate::pods::{Part, Pods, QueuedPod, Seat};

/// Pods that were taken from the queue together, in the order in which they are decided.
#[allow(clippy::vec_box, reason = "they are boxed wherever they are, and go on one by one")]
pub(crate) type Taken = Vec<Box<QueuedPod>>;

impl Queue {
    /// Lets the group of a pod know the pod, and the group that it was of before that it is of another. `object` finds a
    /// group's PodGroup. Whether its group counts one more pod now, or knows something else of it.
    pub(crate) fn join_group<'o>(
        &mut self,
        pods: &mut Pods,
        (number, pod, profile): (usize, &Arc<Pod>, usize),
        object: impl FnOnce(&GroupKey) -> Option<&'o PodGroup>,
    ) -> bool {
        let Some(key) = GroupKey::of(pod) else {
            self.leave_group(pods, number);
            return false;
        };
        if self.groups.of(number) != self.groups.find(&key) {
            self.leave_group(pods, number);
        }
        let said = pod.meta.own_group.as_ref();
        let since = self.now;
        let seat = |id: usize, uid: &Str| {
            let number = pods.number_for(uid);
            let entity =
                QueuedPod { stands_for: Some(id), ..QueuedPod::new(number, Arc::clone(pod), profile, since) };
            // The number is new, so nobody sits there.
            let _ = pods.wait(Box::new(entity));
            pods.set_part(number, Part::Group);
            number
        };
        let (id, is_new) = self.groups.join(number, &key, said, seat);
        if let Some(group) = self.groups.get_mut(id).filter(|_| is_new) {
            group.learn(object(&key), self.basic_together);
            self.groups.changed(id, since);
        }
        is_new
    }

    /// The pod with this number is gone, or of another group.
    pub(crate) fn leave_group(&mut self, pods: &mut Pods, number: usize) {
        let Some(id) = self.groups.leave(number) else { return };
        self.groups.changed(id, self.now);
        self.rest_unless_due(pods, id);
        if let Some(uid) = self.groups.close(id) {
            pods.remove(&uid);
        }
    }

    /// The PodGroup of a group is another one, or gone: its pods wait for each other, or do not any more.
    pub(crate) fn group_changed(
        &mut self,
        pods: &mut Pods,
        key: &GroupKey,
        object: Option<&PodGroup>,
        rules: &dyn Rules,
    ) {
        let Some(id) = self.groups.find(key) else { return };
        let Some(group) = self.groups.get_mut(id) else { return };
        let before = group.kind;
        group.learn(object, self.basic_together);
        if before == group.kind {
            return;
        }
        let was_bound = before.is_bound();
        if was_bound != group.kind.is_bound() {
            let mut moved: Vec<usize> = group.members().filter(|n| pods.waiting(*n).is_some()).collect();
            pods.sort_by_uid(&mut moved, |number| *number);
            moved.retain(|number| pods.waiting(*number).is_some_and(|queued| queued.gated_by.is_none()));
            for number in moved {
                self.unlink(pods, number);
                self.activate_unless_gated(pods, number, Via::from_parked(EventLabel::GROUP_CHANGED), rules);
            }
        }
        self.rest_unless_due(pods, id);
        self.muster(pods, id, Wake::AtOnce, EventLabel::GROUP_CHANGED, rules);
    }

    /// The group of this pod may be due, for it has one pod more.
    pub(crate) fn muster_group_of(&mut self, pods: &mut Pods, number: usize, rules: &dyn Rules) {
        let Some(id) = self.groups.binding(number) else { return };
        let wake = if self.stands(pods, id) { Wake::AfterBackoff } else { Wake::AtOnce };
        self.muster(pods, id, wake, EventLabel::GROUP_CHANGED, rules);
    }

    /// A pod is on a node whom nobody here sent there. Its group may have begun by that, or be begun no more.
    pub(crate) fn found_on_node(&mut self, pods: &Pods, number: usize, rules: &dyn Rules) {
        let group = self.groups.binding(number).and_then(|id| self.groups.get(id));
        let Some(entity) = group.map(|group| group.number) else { return };
        if let Seat::Waiting(Part::Active | Part::Backoff | Part::ErrorBackoff, _) = pods.seat(entity) {
            self.link(pods, entity, rules);
        }
    }

    /// Whether the group stands in a part of the queue.
    fn stands(&self, pods: &Pods, id: usize) -> bool {
        let seat = self.groups.get(id).map(|group| pods.seat(group.number));
        matches!(seat, Some(Seat::Waiting(part, _)) if *part != Part::Group)
    }

    /// A waiting pod that no part knows goes to its group. A group that was tried before and stands parked goes to its
    /// backoff first: with every pod that comes to it, it would be tried again.
    pub(super) fn enter_group(
        &mut self,
        pods: &mut Pods,
        (id, number): (usize, usize),
        wake: Wake,
        event: EventLabel,
        rules: &dyn Rules,
    ) -> Place {
        pods.set_part(number, Part::Group);
        self.link(pods, number, rules);
        if let Some(queued) = pods.waiting_mut(number) {
            if queued.entry == 0 {
                self.entries += 1;
                queued.entry = self.entries;
            }
            queued.marks.entered.get_or_insert(self.meter.now().into());
            let stated = (queued.attempts == 0).then(|| Arc::clone(&queued.pod));
            if let Some(pod) = stated {
                self.nominate_as_stated(&pod);
            }
        }
        let was_tried = pods.waiting(number).is_some_and(|queued| queued.attempts > 0);
        let is_alone = self.groups.get(id).is_some_and(|group| !group.deciding);
        let wake = match (wake, self.stands(pods, id)) {
            // It lost its place after the group had started: whatever it waits for, the group is not complete without it.
            (Wake::No, _) if was_tried && is_alone && self.retry => Wake::AfterBackoff,
            (wake, true) => wake.min(Wake::AfterBackoff),
            (wake, false) => wake,
        };
        self.muster(pods, id, wake, event, rules);
        let (Some(group), Some(queued)) = (self.groups.get(id), pods.waiting(number)) else {
            return Place::Parked;
        };
        if let Some((plugin, rejection)) = rules.gate_of_group(queued, group) {
            return Place::Gated(plugin, rejection);
        }
        match pods.seat(group.number) {
            Seat::Waiting(Part::Active, _) => Place::Active,
            Seat::Waiting(Part::Backoff | Part::ErrorBackoff, _) => Place::Backoff,
            _ => Place::Parked,
        }
    }

    /// Lets the group stand where it belongs, if it is due.
    fn muster(&mut self, pods: &mut Pods, id: usize, wake: Wake, event: EventLabel, rules: &dyn Rules) {
        let Some(group) = self.groups.get(id).filter(|group| group.is_due()) else { return };
        let number = group.number;
        let Some(first) = first_of(group, pods) else { return };
        let (pod, profile) = (Arc::clone(&first.pod), first.profile);
        let (since, entry, errors) = (first.since, first.entry, first.error_count);
        let Seat::Waiting(part, entity) = pods.seat(number) else { return };
        let (part, rises) = (*part, pod.spec.priority > entity.pod.spec.priority);
        let Some(entity) = pods.waiting_mut(number) else { return };
        if part == Part::Group {
            (entity.pod, entity.profile) = (pod, profile);
            (entity.since, entity.entry, entity.error_count) = (since, entry, errors);
            self.put(pods, number, wake, Via::new(event), rules);
            return;
        }
        if rises {
            entity.pod = pod;
            self.link(pods, number, rules);
        }
        if part == Part::Parked && wake != Wake::No {
            self.unlink(pods, number);
            self.put(pods, number, wake, Via::from_parked(event), rules);
        }
    }

    /// A group that is not due any more stands nowhere.
    pub(super) fn rest_unless_due(&mut self, pods: &mut Pods, id: usize) {
        if self.groups.get(id).is_none_or(Group::is_due) || !self.stands(pods, id) {
            return;
        }
        if let Some(number) = self.groups.get(id).map(|group| group.number) {
            self.unlink(pods, number);
            pods.set_part(number, Part::Group);
        }
    }

    /// A pod that waited in a group does not wait there any more.
    pub(super) fn left_group(&mut self, pods: &mut Pods, number: usize) {
        if let Some(id) = self.groups.of(number) {
            self.rest_unless_due(pods, id);
        }
    }

    /// Takes a group that was taken from the queue apart: its waiting pods, now in flight, in the order in which they are
    /// decided, the higher priority first and among equals who came first.
    pub(crate) fn take_group(&mut self, pods: &mut Pods, entity: Box<QueuedPod>) -> Taken {
        let (Some(id), number) = (entity.stands_for, entity.number) else { return Vec::new() };
        if let Ok(flight) = pods.wait(entity) {
            pods.set_part(number, Part::Group);
            self.land(flight);
        }
        // What other groups need that have begun is not for pods beyond those that this one takes.
        let lacks = self.groups.get(id).filter(|group| !group.tries_all).and_then(|g| begun_lacks(g, pods));
        let Some(group) = self.groups.get_mut(id) else { return Vec::new() };
        group.deciding = true;
        let mut numbers: Vec<usize> = std::mem::take(&mut group.ready).into_iter().collect();
        let order = |number: &usize| {
            pods.waiting(*number).map(|queued| (-i64::from(queued.pod.spec.priority), queued.entry))
        };
        numbers.sort_by_key(order);
        let most = lacks.map_or(numbers.len(), |lacks| lacks.min(numbers.len()));
        group.ready = numbers.split_off(most).into_iter().collect();
        group.left_out = !group.ready.is_empty();
        numbers.into_iter().filter_map(|number| self.take_off(pods, number)).collect()
    }

    /// A group was decided, and those of its pods that have no node are back in it. `unfit` are pods that found no node, one
    /// of each sort: none when all found one and were too few, or something broke.
    pub(crate) fn group_decided(
        &mut self,
        pods: &mut Pods,
        id: usize,
        unfit: Vec<QueuedPod>,
        broke: bool,
        rules: &dyn Rules,
    ) {
        let Some(group) = self.groups.get_mut(id) else { return };
        group.deciding = false;
        // Pods that were left out are tried at once: where the others did not fit, all together.
        let left_out = std::mem::take(&mut group.left_out);
        group.tries_all = left_out && !unfit.is_empty();
        group.witnesses = unfit;
        let number = group.number;
        let (mut rejected_by, mut pending_on) = (PluginSet::default(), PluginSet::default());
        for witness in &group.witnesses {
            witness.rejected_by.iter().for_each(|plugin| rejected_by.insert(plugin));
            witness.pending_on.iter().for_each(|plugin| pending_on.insert(plugin));
        }
        let Some(entity) = pods.waiting_mut(number) else { return };
        entity.flushed = None;
        entity.gated_by = None;
        if !broke {
            entity.unschedulable_count += 1;
            // Without anybody else to blame, only its own pods can help it.
            if rejected_by.is_empty()
                && pending_on.is_empty()
                && let Some(plugin) = rules.group_plugin(entity)
            {
                rejected_by.insert(plugin);
            }
        }
        (entity.rejected_by, entity.pending_on) = (rejected_by, pending_on);
        let wake = match (broke && self.retry, left_out) {
            (true, _) => Wake::AfterBackoff,
            (false, true) => Wake::AtOnce,
            (false, false) => Wake::No,
        };
        self.muster(pods, id, wake, EventLabel::ATTEMPT_FAILED, rules);
    }

    /// What an event means for a group: what it means for one of the pods that did not fit.
    pub(super) fn evaluate_group(&self, id: usize, event: &ClusterEvent, rules: &dyn Rules) -> Wake {
        let witnesses = self.groups.get(id).map_or(&[][..], |group| &group.witnesses[..]);
        witnesses.iter().map(|witness| self.evaluate(witness, event, rules)).max().unwrap_or(Wake::No)
    }

    /// A new version of a pod that waits in its group. The group is tried again if what changed may help the pod.
    pub(super) fn update_grouped(
        &mut self,
        pods: &mut Pods,
        number: usize,
        events: &[Arc<ClusterEvent>],
        rules: &dyn Rules,
    ) -> Place {
        let (Some(queued), Some(id)) = (pods.waiting(number), self.groups.of(number)) else {
            return Place::Parked;
        };
        let wake = events.iter().map(|event| self.evaluate(queued, event, rules)).max().unwrap_or(Wake::No);
        let wake = if queued.attempts == 0 { Wake::No } else { wake };
        self.link(pods, number, rules);
        self.muster(pods, id, wake, EventLabel::POD_UPDATE, rules);
        Place::Parked
    }

    /// The number of the entity that stands in the queue for a pod that waits in its group.
    pub(crate) fn stands_in(&self, pods: &Pods, number: usize) -> Option<usize> {
        let Seat::Waiting(Part::Group, _) = pods.seat(number) else { return None };
        let id = self.groups.of(number).filter(|id| self.stands(pods, *id))?;
        self.groups.get(id).map(|group| group.number)
    }

    /// Whether the pod, or its group, is the one that goes first.
    pub(crate) fn is_first(&self, pods: &Pods, number: usize) -> bool {
        let first = self.active.peek().map(|(_, n)| n).or_else(|| self.backoff.peek().map(|(_, n)| n));
        first == Some(self.stands_in(pods, number).unwrap_or(number))
    }

    /// While evictions for one of its pods are under way, a group is not tried.
    pub(super) fn gate_of_entity(
        &self,
        pods: &Pods,
        id: usize,
        rules: &dyn Rules,
    ) -> Option<(PluginId, Rejection)> {
        let group = self.groups.get(id)?;
        let mut waiting = group.ready.iter().filter_map(|number| pods.waiting(*number));
        waiting.find_map(|queued| rules.gate_of_evictions(queued))
    }

    /// What of the counts is wrong as long as a group counts as one pod that stands where the group does.
    pub(super) fn count_groups(&self, pods: &Pods, counts: &mut QueueCounts) {
        for group in self.groups.iter() {
            let Seat::Waiting(part, entity) = pods.seat(group.number) else { continue };
            let others = group.ready.len().saturating_sub(usize::from(*part != Part::Group));
            match (part, entity.gated_by) {
                (Part::Active, _) => counts.active += others,
                (Part::Backoff | Part::ErrorBackoff, _) => counts.backoff += others,
                (Part::Parked, None) => counts.unschedulable += others,
                (Part::Parked, Some(_)) | (Part::Group, _) => counts.gated += others,
            }
        }
    }
}

/// Whether some pods of the group have a node, but fewer than it takes: who started it ended in the middle of that, or bindings
/// failed. What it has is of no use to anybody until it has the rest, and the rest was free when it began; so it goes first.
pub(super) fn has_begun(group: &Group, pods: &Pods) -> bool {
    begun_lacks(group, pods).is_some()
}

/// How many pods a group lacks that has begun.
fn begun_lacks(group: &Group, pods: &Pods) -> Option<usize> {
    let Kind::Gang(min) = group.kind else { return None };
    if group.ready.len() == group.known() {
        return None;
    }
    let placed = group.members().filter(|number| pods.on_node(*number).is_some()).take(min).count();
    (1..min).contains(&placed).then(|| min - placed)
}

/// Whose place the group takes: that of its pod that goes first.
fn first_of<'p>(group: &Group, pods: &'p Pods) -> Option<&'p QueuedPod> {
    let waiting = group.ready.iter().filter_map(|number| pods.waiting(*number));
    waiting.min_by_key(|queued| (-i64::from(queued.pod.spec.priority), queued.since, queued.entry))
}
