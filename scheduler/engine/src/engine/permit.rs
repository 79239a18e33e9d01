//! Pods that wait for Permit plugins.

use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::profile::PluginId;
use longshore_framework::reason::Reason;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};

use super::Engine;
use super::binding::pre_bind;
use super::failure::Failure;
use crate::guard::{Refused, Undone};
use crate::message;
use crate::meter::Status;
use crate::pods::Hold;
use crate::pods::reservation::{Phase, Wait};

/// When no plugin gives up.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

impl Engine {
    /// When the first of the plugins that pods wait for gives up; `None` while no pod waits for Permit.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let waits = self.pods.reserved().filter_map(|(_, on, _)| match &on.hold {
            Hold::Reserved(Phase::Waiting(waits, _), _) => waits.iter().map(|wait| wait.until).min(),
            _ => None,
        });
        waits.min()
    }

    /// When something may happen to a pod that waits for Permit, though nothing else happens: a plugin gives up, or is called
    /// because its time has come. `None` while no pod waits for Permit.
    pub fn next_time(&self) -> Option<Timestamp> {
        let timeout = self.next_timeout()?;
        let plugins = self.profiles.iter().flat_map(|profile| profile.plugins());
        let tick = self.timers.next(plugins.map(|instance| &*instance.plugin));
        Some(tick.map_or(timeout, |tick| tick.max(self.now).min(timeout)))
    }

    /// A Permit plugin lets the pod go; it goes on when no other holds it.
    pub(crate) fn allow(&mut self, uid: &Str, plugin: &str, effects: &mut Vec<Effect>) {
        let Some(number) = self.pods.number(uid) else { return };
        let Some((phase, held)) = self.pods.reserved_mut(number) else { return };
        let id = held.profile.id(plugin);
        let Phase::Waiting(waits, _) = &mut *phase else { return };
        *waits = waits.iter().filter(|wait| Some(wait.plugin) != id).copied().collect();
        if waits.is_empty() {
            let began = held.queued.marks.phase;
            self.meter.tell_since(began, |m, took| m.permit_waited(Status::Success, took));
            if self.wait_for_group(number, effects) {
                return;
            }
            if let Some((phase, _)) = self.pods.reserved_mut(number) {
                self.queue.land(phase.let_go());
                self.go_on(number, pre_bind, effects);
            }
        }
    }

    /// A Permit plugin turns the pod away.
    pub(crate) fn reject(&mut self, uid: &Str, plugin: &str, message: Str, effects: &mut Vec<Effect>) {
        let Some(number) = self.pods.number(uid) else { return };
        let Some((held, _)) = self.pods.held(number) else { return };
        if let (Some(Phase::Waiting(..)), Some(id)) = (self.pods.phase(number), held.profile.id(plugin)) {
            self.turn_away(number, id, message, effects);
        }
    }

    /// `plugin` is a plugin of the profile that the pod was decided with. The queue is told its number in the profile of
    /// today, which may be another.
    fn turn_away(&mut self, number: usize, plugin: PluginId, message: Str, effects: &mut Vec<Effect>) {
        let Some((held, _)) = self.pods.held(number) else { return };
        let today = self.profiles[held.queued.profile].id(held.profile.name(plugin));
        let rejection = Rejection::unschedulable(Reason::Other(message));
        let failure = match today {
            Some(plugin) => Failure::refused(Refused::Rejected(plugin, rejection)),
            None => Failure {
                reason: FailureReason::Unschedulable,
                ..Failure::broken(message::refused(&rejection))
            },
        };
        self.send_back(number, failure, effects);
    }

    /// Sends a waiting pod back to the queue. Others hear of its room after that, and it does not: its own room is
    /// no news to it.
    pub(crate) fn send_back(&mut self, number: usize, failure: Failure, effects: &mut Vec<Effect>) {
        let Some(undone) = self.release(number) else { return };
        let status = match failure.reason {
            FailureReason::Unschedulable => Status::Unschedulable,
            FailureReason::SchedulerError => Status::Error,
        };
        let began = undone.queued.marks.phase;
        self.meter.tell_since(began, |m, took| m.permit_waited(status, took));
        let Undone { queued, pod, node } = undone;
        self.fail(queued, failure, effects);
        self.seen_gone(&pod.meta.uid);
        self.room_left(&pod, &node, &|other| other.meta.uid != pod.meta.uid);
        if let Some(id) = self.queue.groups.binding(number) {
            self.group_shrank(id, effects);
        }
    }

    /// Permit plugins whose time is up turn their pods away, in the order in which their times ended. Nobody is looked at
    /// while it cannot be anyone's turn.
    pub(crate) fn expire_waits(&mut self, effects: &mut Vec<Effect>) {
        let now = self.now;
        if now < self.first_timeout {
            return;
        }
        let mut expired: Vec<(Timestamp, Str, usize, Wait)> = Vec::new();
        for (number, on, held) in self.pods.reserved() {
            if let Hold::Reserved(Phase::Waiting(waits, _), _) = &on.hold
                && let Some(wait) = waits.iter().filter(|w| w.until <= now).min_by_key(|w| w.until)
            {
                expired.push((wait.until, Str::clone(&held.queued.pod.meta.uid), number, *wait));
            }
        }
        expired.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        for (.., number, wait) in expired {
            let Some((held, _)) = self.pods.held(number) else { continue };
            let plugin = held.profile.name(wait.plugin);
            let time = message::duration(wait.time);
            let message = format!("rejected due to timeout after waiting {time} at plugin {plugin}");
            self.turn_away(number, wait.plugin, message.into(), effects);
        }
        self.first_timeout = self.next_timeout().unwrap_or(NEVER);
    }
}
