//! Pods that wait for Permit plugins.

use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::profile::PluginId;
use longshore_framework::reason::Reason;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};

use super::Engine;
use super::failure::Failure;
use crate::message;
use crate::meter::Status;
use crate::reservation::{Phase, Refused, Undone, Wait};

/// When no plugin gives up.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

impl Engine {
    /// When the first of the plugins that pods wait for gives up; `None` while no pod waits for Permit.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let waits = self.reservations.values().filter_map(|held| match &held.phase {
            Phase::Waiting(waits) => waits.iter().map(|wait| wait.until).min(),
            _ => None,
        });
        waits.min()
    }

    /// A Permit plugin lets the pod go; it goes on when no other holds it.
    pub(crate) fn allow(&mut self, uid: &Str, plugin: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.get_mut(uid) else { return };
        let id = held.profile.id(plugin);
        let Phase::Waiting(waits) = &mut held.phase else { return };
        waits.retain(|wait| Some(wait.plugin) != id);
        if waits.is_empty() {
            let began = held.queued.marks.phase;
            self.meter.tell_since(began, |m, took| m.permit_waited(Status::Success, took));
            self.queue.done(uid);
            self.proceed(uid, effects);
        }
    }

    /// A Permit plugin turns the pod away.
    pub(crate) fn reject(&mut self, uid: &Str, plugin: &str, message: Str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.get(uid) else { return };
        if let (Phase::Waiting(_), Some(id)) = (&held.phase, held.profile.id(plugin)) {
            self.turn_away(uid, id, message, effects);
        }
    }

    /// `plugin` is a plugin of the profile that the pod was decided with. The queue is told its number in the profile of
    /// today, which may be another.
    fn turn_away(&mut self, uid: &Str, plugin: PluginId, message: Str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.get(uid) else { return };
        let today = self.profiles[held.queued.profile].id(held.profile.name(plugin));
        let rejection = Rejection::unschedulable(Reason::Other(message));
        let failure = match today {
            Some(plugin) => Failure::refused(Refused::Rejected(plugin, rejection)),
            None => Failure {
                reason: FailureReason::Unschedulable,
                ..Failure::broken(message::refused(&rejection))
            },
        };
        self.send_back(uid, failure, effects);
    }

    /// Sends a waiting pod back to the queue. Others hear of its room after that, and it does not: its own room is
    /// no news to it.
    pub(crate) fn send_back(&mut self, uid: &Str, failure: Failure, effects: &mut Vec<Effect>) {
        let Some(undone) = self.release(uid) else { return };
        let status = match failure.reason {
            FailureReason::Unschedulable => Status::Unschedulable,
            FailureReason::SchedulerError => Status::Error,
        };
        let began = undone.queued.marks.phase;
        self.meter.tell_since(began, |m, took| m.permit_waited(status, took));
        let Undone { queued, pod, node } = undone;
        self.fail(queued, failure, effects);
        self.seen_gone(uid);
        self.room_left(&pod, &node, &|other| other.meta.uid != *uid);
    }

    /// Permit plugins whose time is up turn their pods away, in the order in which their times ended. Nobody is looked at
    /// while it cannot be anyone's turn.
    pub(crate) fn expire_waits(&mut self, effects: &mut Vec<Effect>) {
        let now = self.now;
        if now < self.first_timeout {
            return;
        }
        let mut expired: Vec<(Timestamp, Str, Wait)> = Vec::new();
        for (uid, held) in &self.reservations {
            if let Phase::Waiting(waits) = &held.phase
                && let Some(wait) = waits.iter().filter(|w| w.until <= now).min_by_key(|w| w.until)
            {
                expired.push((wait.until, uid.clone(), *wait));
            }
        }
        expired.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        for (_, uid, wait) in expired {
            let Some(held) = self.reservations.get(&uid) else { continue };
            let plugin = held.profile.name(wait.plugin);
            let time = message::duration(wait.time);
            let message = format!("rejected due to timeout after waiting {time} at plugin {plugin}");
            self.turn_away(&uid, wait.plugin, message.into(), effects);
        }
        self.first_timeout = self.next_timeout().unwrap_or(NEVER);
    }
}
