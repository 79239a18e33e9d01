//! From a reserved node to a bound pod, and back when something goes wrong on the way. The phases are drawn in
//! [`reservation`](crate::reservation).

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::port::Effect;

use super::Engine;
use super::failure::Failure;
use crate::meter::{AttemptResult, ExtensionPoint, Moment, Status};
use crate::queue::QueuedPod;
use crate::reservation::{Guard, Phase, Refused, Reservation, Undone, Wait};

/// A pod that comes back, and why.
type Returned = Box<(Undone, Refused)>;

/// The next step of a reservation: wait, write what goes first, or bind.
pub(crate) fn advance(
    guard: Guard<'_>,
    waits: Vec<Wait>,
    effects: &mut Vec<Effect>,
) -> Result<Reservation, Returned> {
    let now = guard.now();
    let Some(until) = waits.iter().map(|w| w.until).min() else { return pre_bind(guard, effects) };
    let mut held = keep(guard, Phase::Waiting(waits))?;
    held.queued.marks.phase = now.into();
    effects.push(Effect::Waiting { pod: Arc::clone(&held.queued.pod), node: Arc::clone(&held.node), until });
    Ok(held)
}

fn pre_bind(mut guard: Guard<'_>, effects: &mut Vec<Effect>) -> Result<Reservation, Returned> {
    let writes = match guard.pre_bind() {
        Ok(writes) if writes.is_empty() => return bind(guard, effects),
        Ok(writes) => writes,
        Err(refused) => return give_up(guard, refused),
    };
    let held = keep(guard, Phase::PreBinding { cancelled: None })?;
    let (pod, node) = (Arc::clone(&held.queued.pod), Arc::clone(&held.node));
    effects.push(Effect::PreBind { pod, node, writes });
    Ok(held)
}

fn bind(mut guard: Guard<'_>, effects: &mut Vec<Effect>) -> Result<Reservation, Returned> {
    let binding = match guard.bind() {
        Ok(binding) => binding,
        Err(refused) => return give_up(guard, refused),
    };
    let held = keep(guard, Phase::Binding)?;
    let (pod, extenders) = (Arc::clone(&held.queued.pod), held.binders.clone());
    effects.push(Effect::Bind { pod, binding, extenders });
    Ok(held)
}

fn keep(guard: Guard<'_>, phase: Phase) -> Result<Reservation, Returned> {
    // A guard that was made or resumed holds a reservation until it is kept or abandoned, each of which consumes it.
    guard.keep(phase).ok_or_else(|| unreachable!("a guard holds its reservation"))
}

fn give_up(guard: Guard<'_>, refused: Refused) -> Result<Reservation, Returned> {
    match guard.abandon() {
        Some(undone) => Err(Box::new((undone, refused))),
        None => unreachable!("a guard holds its reservation"),
    }
}

impl Engine {
    /// The writes before the binding are over.
    pub(crate) fn pre_bound(&mut self, uid: &str, result: Result<(), Str>, effects: &mut Vec<Effect>) {
        let Some(Phase::PreBinding { cancelled }) = self.reservations.get(uid).map(|h| &h.phase) else {
            return;
        };
        let broken = cancelled.clone().or_else(|| result.err().map(|e| e.to_string()));
        self.phase_over(uid, ExtensionPoint::PreBind, broken.is_none());
        match broken {
            None => self.proceed(uid, effects),
            Some(message) => self.unbind(uid, message, effects),
        }
    }

    /// A pod that was reserved goes on after a wait or a write.
    pub(crate) fn proceed(&mut self, uid: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.remove(uid) else { return };
        let written = matches!(held.phase, Phase::PreBinding { .. });
        let guard = Guard::resume(&mut self.cache, &self.meter, held);
        match if written { bind(guard, effects) } else { pre_bind(guard, effects) } {
            Ok(held) => {
                self.reservations.insert(uid.into(), held);
            }
            Err(returned) => {
                let (undone, refused) = *returned;
                self.fail_late(undone, Failure::refused(refused), effects);
            }
        }
    }

    /// The answer to a binding. When the pod was seen on its node meanwhile, it is bound whatever the answer says: the
    /// binding was accepted and only its answer was lost.
    pub(crate) fn bound(&mut self, uid: &str, result: Result<(), Str>, effects: &mut Vec<Effect>) {
        if !matches!(self.reservations.get(uid).map(|h| &h.phase), Some(Phase::Binding)) {
            return;
        }
        let broken = result.is_err() && self.cache.is_assumed(uid);
        self.phase_over(uid, ExtensionPoint::Bind, !broken);
        match result {
            Err(error) if broken => self.unbind(uid, error.to_string(), effects),
            _ => self.scheduled(uid, effects),
        }
    }

    /// The API server took the binding. The pod stays assumed until it is seen on its node.
    fn scheduled(&mut self, uid: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.remove(uid) else { return };
        let (pod, node) = (Arc::clone(&held.queued.pod), Arc::clone(&held.node));
        let (evaluated_nodes, feasible_nodes) = (held.state.evaluated, held.state.feasible);
        self.tell_bound(&held.queued);
        let mut guard = Guard::resume(&mut self.cache, &self.meter, held);
        guard.post_bind();
        guard.keep(Phase::Binding);
        effects.push(Effect::Scheduled { pod, node, evaluated_nodes, feasible_nodes });
    }

    /// Tells the meter that a stage is over that began when the reservation's phase did.
    fn phase_over(&self, uid: &str, point: ExtensionPoint, ok: bool) {
        if let Some(held) = self.reservations.get(uid) {
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
    pub(crate) fn unbind(&mut self, uid: &str, message: String, effects: &mut Vec<Effect>) {
        if let Some(undone) = self.release(uid) {
            self.fail_late(undone, Failure::broken(message), effects);
        }
    }

    /// Undoes a reservation.
    pub(crate) fn release(&mut self, uid: &str) -> Option<Undone> {
        let held = self.reservations.remove(uid)?;
        Guard::resume(&mut self.cache, &self.meter, held).abandon()
    }
}
