//! The pods of a group that starts go on together.
//!
//! Permit is asked for all of them before one goes on, and while a plugin keeps one waiting, the others wait with it: else
//! some would be bound when it is turned away.

use std::time::Duration;

use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::{Str, Timestamp};

use super::{Member, Tried, Whole};
use crate::engine::Engine;
use crate::engine::binding::{end, pre_bind};
use crate::engine::failure::Failure;
use crate::groups::NAME;
use crate::guard::{Guard, Undone};
use crate::pods::Hold;
use crate::pods::reservation::{Phase, Wait};

/// How long a pod waits for the others of its group to be let go; longer than any plugin may keep one.
const LONGEST: Duration = Duration::from_secs(16 * 60);

impl Engine {
    /// Asks Permit for the pods that fit, and lets them go on if they are still enough; false when not. Pods that are turned
    /// away are in hand then.
    pub(super) fn start_group(
        &mut self,
        whole: &Whole,
        members: &mut [Member],
        effects: &mut Vec<Effect>,
    ) -> bool {
        let waits = self.permit_all(members);
        if !whole.is_enough(members) {
            return false;
        }
        let free = waits.iter().all(|(_, waits)| waits.is_empty());
        for (at, waits) in waits {
            match free {
                true => self.go_ahead(&mut members[at], effects),
                false => self.hold_back(&members[at], waits, effects),
            }
        }
        true
    }

    /// Who wants which pod to wait. A pod that is turned away is in hand.
    fn permit_all(&mut self, members: &mut [Member]) -> Vec<(usize, Vec<Wait>)> {
        let mut waits = Vec::new();
        for (at, member) in members.iter_mut().enumerate() {
            let Tried::Placed(place) = &member.tried else { continue };
            let guard = Guard::resume(&mut self.pods, &mut self.cache, &self.meter, place.number);
            let Some(mut guard) = guard else { continue };
            match guard.permit(self.now) {
                Ok(wait) => {
                    guard.keep();
                    waits.push((at, wait));
                }
                Err(refused) => {
                    if let Some(Undone { queued, .. }) = guard.abandon() {
                        member.tried = Tried::Unfit(queued, Failure::refused(refused));
                    }
                }
            }
        }
        waits
    }

    fn go_ahead(&mut self, member: &mut Member, effects: &mut Vec<Effect>) {
        let Tried::Placed(place) = &member.tried else { return };
        self.evictions.end(&member.attempt.pod.meta.uid, Some(&place.node));
        let Some(mut guard) = Guard::resume(&mut self.pods, &mut self.cache, &self.meter, place.number)
        else {
            return;
        };
        self.queue.land(guard.let_go());
        let went = pre_bind(&mut guard, effects);
        if let Some((undone, refused)) = end(guard, went) {
            member.attempt.outcome = self.fail_reserved(undone, Failure::refused(refused), effects);
        }
    }

    fn hold_back(&mut self, member: &Member, waits: Vec<Wait>, effects: &mut Vec<Effect>) {
        let Tried::Placed(place) = &member.tried else { return };
        self.evictions.end(&member.attempt.pod.meta.uid, Some(&place.node));
        let waits = match waits.is_empty() {
            true => self.group_wait(place.number).into_iter().collect(),
            false => waits,
        };
        self.keep_waiting(place.number, waits, effects);
    }

    /// What keeps a pod waiting for the others of its group.
    fn group_wait(&self, number: usize) -> Option<Wait> {
        let plugin = self.pods.held(number)?.0.profile.id(NAME)?;
        let millis = i64::try_from(LONGEST.as_millis()).unwrap_or(i64::MAX);
        Some(Wait { plugin, time: LONGEST, until: Timestamp(self.now.0.saturating_add(millis)) })
    }

    fn keep_waiting(&mut self, number: usize, waits: Vec<Wait>, effects: &mut Vec<Effect>) {
        let Some(until) = waits.iter().map(|wait| wait.until).min() else { return };
        let Some(mut guard) = Guard::resume(&mut self.pods, &mut self.cache, &self.meter, number) else {
            return;
        };
        guard.wait(waits);
        if let Some((pod, node)) = guard.placement() {
            effects.push(Effect::Waiting { pod, node, until });
        }
        guard.keep();
        self.first_timeout = self.first_timeout.min(until);
    }

    /// No plugin holds this pod any more: it goes on with the pods of its group that wait, or waits for them. False when it
    /// is of no group.
    pub(crate) fn wait_for_group(&mut self, number: usize, effects: &mut Vec<Effect>) -> bool {
        let Some(id) = self.queue.groups.binding(number) else { return false };
        let Some(wait) = self.group_wait(number) else { return false };
        let waiting = self.waiting_of(id);
        let is_held = |number: &usize| match self.pods.phase(*number) {
            Some(Phase::Waiting(waits, _)) => waits.iter().any(|w| w.plugin != wait.plugin),
            _ => false,
        };
        if waiting.iter().any(is_held) {
            self.keep_waiting(number, vec![wait], effects);
            return true;
        }
        for number in waiting {
            if let Some((phase, _)) = self.pods.reserved_mut(number) {
                self.queue.land(phase.let_go());
                self.go_on(number, pre_bind, effects);
            }
        }
        true
    }

    /// Those pods of a group that wait for Permit, in the order of their UIDs.
    fn waiting_of(&self, id: usize) -> Vec<usize> {
        let Some(group) = self.queue.groups.get(id) else { return Vec::new() };
        let waits = |number: usize| match self.pods.on_node(number) {
            Some(on) if matches!(&on.hold, Hold::Reserved(Phase::Waiting(..), _)) => {
                Some((Str::clone(&on.pod.meta.uid), number))
            }
            _ => None,
        };
        let mut waiting: Vec<(Str, usize)> = group.members().filter_map(waits).collect();
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, number)| number).collect()
    }

    /// A pod of the group lost its place: when those that have one are too few, the ones that only wait give theirs up.
    pub(crate) fn group_shrank(&mut self, id: usize, effects: &mut Vec<Effect>) {
        let Some(Whole { key, min, before, .. }) = self.whole(id) else { return };
        if before >= min {
            return;
        }
        for number in self.waiting_of(id) {
            let Some((held, _)) = self.pods.held(number) else { continue };
            let plugin = self.profiles[held.queued.profile].id(NAME);
            let message =
                format!("pod group {key} is not started: one of its pods was turned away or deleted");
            let mut failure = Failure::broken(message);
            failure.reason = FailureReason::Unschedulable;
            failure.rejected_by = plugin.into_iter().collect();
            self.send_back(number, failure, effects);
        }
    }
}
