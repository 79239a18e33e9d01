//! From a reserved node to a bound pod, and back when something goes wrong on the way. The phases are drawn in
//! [`reservation`](crate::pods::reservation).

use longshore_framework::objects::Object;
use longshore_framework::port::Effect;
use longshore_framework::{Str, Timestamp};

use super::Engine;
use super::failure::Failure;
use crate::events;
use crate::guard::{Guard, Refused, Undone};
use crate::meter::{AttemptResult, ExtensionPoint, Moment, Status};
use crate::pods::reservation::Phase;
use crate::pods::{Hold, QueuedPod};
use crate::queue::Queue;

/// Reserve and Permit of a pod that has just been assumed; then it waits, until the time that is returned, or its binding
/// begins.
pub(crate) fn hold(
    guard: &mut Guard<'_>,
    now: Timestamp,
    queue: &mut Queue,
    effects: &mut Vec<Effect>,
) -> Result<Option<Timestamp>, Refused> {
    guard.reserve()?;
    let waits = guard.permit(now)?;
    let Some(until) = waits.iter().map(|wait| wait.until).min() else {
        queue.land(guard.let_go());
        return pre_bind(guard, effects).map(|()| None);
    };
    guard.wait(waits);
    if let Some((pod, node)) = guard.placement() {
        effects.push(Effect::Waiting { pod, node, until });
    }
    Ok(Some(until))
}

/// PreBind: writes what goes first, or binds when there is nothing.
pub(crate) fn pre_bind(guard: &mut Guard<'_>, effects: &mut Vec<Effect>) -> Result<(), Refused> {
    let writes = guard.pre_bind()?;
    if writes.is_empty() {
        return bind(guard, effects);
    }
    guard.pre_binding();
    if let Some((pod, node)) = guard.placement() {
        effects.push(Effect::PreBind { pod, node, writes });
    }
    Ok(())
}

fn bind(guard: &mut Guard<'_>, effects: &mut Vec<Effect>) -> Result<(), Refused> {
    let binding = guard.bind()?;
    guard.binding();
    if let Some((pod, _)) = guard.placement() {
        effects.push(Effect::Bind { pod, binding, extenders: guard.binders() });
    }
    Ok(())
}

/// The end of a step of the way: the guard lets the reservation be, or undoes it because of what was refused.
pub(crate) fn end(guard: Guard<'_>, went: Result<(), Refused>) -> Option<(Undone, Refused)> {
    match went {
        Ok(()) => {
            guard.keep();
            None
        }
        Err(refused) => Some((guard.abandon()?, refused)),
    }
}

impl Engine {
    /// The writes before the binding are over.
    pub(crate) fn pre_bound(&mut self, uid: &str, result: Result<(), Str>, effects: &mut Vec<Effect>) {
        // What a pod that is gone would have had is free for others.
        for (had, has) in self.cache.end_writes(uid) {
            let [had, has] = [had, has].map(|claim| Some(Object::ResourceClaim(claim)));
            self.tell_if(events::object(had, has));
        }
        let Some(number) = self.pods.number(uid) else { return };
        let Some(Phase::PreBinding { cancelled }) = self.pods.phase(number) else { return };
        let broken = cancelled.clone().or_else(|| result.err());
        self.phase_over(number, ExtensionPoint::PreBind, broken.is_none());
        match broken {
            None => self.go_on(number, bind, effects),
            Some(message) => self.unbind(number, message.to_string(), effects),
        }
    }

    /// A pod that was reserved goes on after a wait or a write, with this step.
    pub(crate) fn go_on(
        &mut self,
        number: usize,
        step: impl FnOnce(&mut Guard<'_>, &mut Vec<Effect>) -> Result<(), Refused>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut guard) = Guard::resume(&mut self.pods, &mut self.cache, &self.meter, number) else {
            return;
        };
        let went = step(&mut guard, effects);
        if let Some((undone, refused)) = end(guard, went) {
            self.fail_late(undone, Failure::refused(refused), effects);
        }
    }

    /// The answer to a binding. When the pod was seen on its node meanwhile, it is bound whatever the answer says: the
    /// binding was accepted and only its answer was lost.
    pub(crate) fn bound(&mut self, uid: &str, result: Result<(), Str>, effects: &mut Vec<Effect>) {
        let Some(number) = self.pods.number(uid) else { return };
        let seen = match self.pods.on_node(number).map(|on| &on.hold) {
            Some(Hold::Reserved(Phase::Binding, _)) => false,
            Some(Hold::Unanswered(_)) => true,
            _ => return,
        };
        let broken = result.is_err() && !seen;
        self.phase_over(number, ExtensionPoint::Bind, !broken);
        match result {
            Err(error) if broken => self.unbind(number, error.to_string(), effects),
            _ => self.scheduled(number, effects),
        }
    }

    /// The API server took the binding. The pod stays assumed until it is seen on its node.
    fn scheduled(&mut self, number: usize, effects: &mut Vec<Effect>) {
        let Some((held, _)) = self.pods.held(number) else { return };
        let (evaluated_nodes, feasible_nodes) = (held.state.evaluated, held.state.feasible);
        self.tell_bound(&held.queued);
        let Some(mut guard) = Guard::resume(&mut self.pods, &mut self.cache, &self.meter, number) else {
            return;
        };
        guard.post_bind();
        if let Some((pod, node)) = guard.placement() {
            effects.push(Effect::Scheduled { pod, node, evaluated_nodes, feasible_nodes });
        }
        guard.conclude();
    }

    /// Tells the meter that a stage is over that began when the reservation's phase did.
    fn phase_over(&self, number: usize, point: ExtensionPoint, ok: bool) {
        if let Some((held, _)) = self.pods.held(number) {
            let status = if ok { Status::Success } else { Status::Error };
            self.meter.watch(held.queued.profile, false).point(point, status, held.queued.marks.phase);
        }
    }

    fn tell_bound(&self, queued: &QueuedPod) {
        let (profile, attempts, marks) = (queued.profile, queued.attempts, queued.marks);
        self.meter.tell(|meter| {
            let now = meter.now();
            let since = |then: Moment| now.saturating_sub(then.into());
            meter.attempt(profile, AttemptResult::Scheduled, since(marks.taken));
            meter.bound(attempts, since(marks.entered.unwrap_or(marks.taken)));
            if queued.flushed.is_some() {
                meter.bound_after_flush();
            }
        });
    }

    /// The binding came to nothing: everything is undone and the pod is tried again after a backoff.
    pub(crate) fn unbind(&mut self, number: usize, message: String, effects: &mut Vec<Effect>) {
        if let Some(undone) = self.release(number) {
            self.fail_late(undone, Failure::broken(message), effects);
        }
    }

    /// Undoes a reservation.
    pub(crate) fn release(&mut self, number: usize) -> Option<Undone> {
        Guard::resume(&mut self.pods, &mut self.cache, &self.meter, number)?.abandon()
    }
}
