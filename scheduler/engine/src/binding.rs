//! From a reserved node to a bound pod, and back when something goes wrong on the way.

use std::sync::Arc;

use longshore_framework::event::Action;
use longshore_framework::plugin::Nomination;
use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::profile::PluginId;
use longshore_framework::verdict::Rejection;
use longshore_framework::{Str, Timestamp};

use crate::attempt::Outcome;
use crate::engine::{Engine, Failure};
use crate::events;
use crate::queue::QueuedPod;
use crate::reservation::{Guard, Phase, Refused, Reservation};

/// A pod that comes back, and why.
type Returned = (QueuedPod, Refused);

/// The next step of a reservation: wait, write what goes first, or bind.
pub(crate) fn advance(
    guard: Guard<'_>,
    waits: Vec<(PluginId, Timestamp)>,
    effects: &mut Vec<Effect>,
) -> Result<Reservation, Returned> {
    if waits.is_empty() {
        return pre_bind(guard, effects);
    }
    let until = waits.iter().map(|(_, at)| *at).min().unwrap_or_default();
    let held = keep(guard, Phase::Waiting(waits))?;
    effects.push(Effect::Waiting { pod: Arc::clone(&held.queued.pod), node: Arc::clone(&held.node), until });
    Ok(held)
}

fn pre_bind(mut guard: Guard<'_>, effects: &mut Vec<Effect>) -> Result<Reservation, Returned> {
    let writes = match guard.pre_bind() {
        Ok(writes) if writes.is_empty() => return bind(guard, effects),
        Ok(writes) => writes,
        Err(refused) => return give_up(guard, refused),
    };
    let held = keep(guard, Phase::PreBinding)?;
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
    effects.push(Effect::Bind { pod: Arc::clone(&held.queued.pod), binding });
    Ok(held)
}

fn keep(guard: Guard<'_>, phase: Phase) -> Result<Reservation, Returned> {
    // A guard that was made or resumed holds a reservation until it is kept or abandoned, each of which consumes it.
    guard.keep(phase).ok_or_else(|| unreachable!("a guard holds its reservation"))
}

fn give_up(guard: Guard<'_>, refused: Refused) -> Result<Reservation, Returned> {
    match guard.abandon() {
        Some(queued) => Err((queued, refused)),
        None => unreachable!("a guard holds its reservation"),
    }
}

impl Engine {
    /// A pod that was reserved goes on after a wait or a write.
    pub(crate) fn proceed(&mut self, uid: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.remove(uid) else { return };
        let phase = held.phase.clone();
        let guard = Guard::resume(&mut self.cache, &self.profiles[held.queued.profile], held);
        let next = match phase {
            Phase::Deciding | Phase::Waiting(_) => pre_bind(guard, effects),
            Phase::PreBinding => bind(guard, effects),
            Phase::Binding => keep(guard, Phase::Binding),
        };
        match next {
            Ok(held) => {
                self.reservations.insert(uid.into(), held);
            }
            Err((queued, refused)) => {
                self.fail_late(queued, Failure::refused(refused), effects);
            }
        }
    }

    /// The API server took the binding. The pod stays assumed until it is seen on its node.
    pub(crate) fn bound(&mut self, uid: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.remove(uid) else { return };
        let (pod, node) = (Arc::clone(&held.queued.pod), Arc::clone(&held.node));
        let mut guard = Guard::resume(&mut self.cache, &self.profiles[held.queued.profile], held);
        guard.post_bind();
        guard.keep(Phase::Binding);
        effects.push(Effect::Scheduled { pod, node });
    }

    /// The binding came to nothing: everything is undone and the pod is tried again after a backoff.
    pub(crate) fn unbind(&mut self, uid: &str, failure: Failure, effects: &mut Vec<Effect>) {
        if let Some(queued) = self.release(uid) {
            self.fail_late(queued, failure, effects);
        }
    }

    /// Undoes a reservation.
    pub(crate) fn release(&mut self, uid: &str) -> Option<QueuedPod> {
        let held = self.reservations.remove(uid)?;
        Guard::resume(&mut self.cache, &self.profiles[held.queued.profile], held).abandon()
    }

    /// A Permit plugin lets the pod go; it goes on when no other holds it.
    pub(crate) fn allow(&mut self, uid: &str, plugin: &str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.get_mut(uid) else { return };
        let id = self.profiles[held.queued.profile].id(plugin);
        let Phase::Waiting(waits) = &mut held.phase else { return };
        waits.retain(|(waiting, _)| Some(*waiting) != id);
        if waits.is_empty() {
            self.proceed(uid, effects);
        }
    }

    /// A Permit plugin turns the pod away.
    pub(crate) fn turn_away(&mut self, uid: &str, plugin: &str, message: Str, effects: &mut Vec<Effect>) {
        let Some(held) = self.reservations.get(uid) else { return };
        let (Phase::Waiting(_), Some(id)) = (&held.phase, self.profiles[held.queued.profile].id(plugin))
        else {
            return;
        };
        let rejection = Rejection::unschedulable(longshore_framework::reason::Reason::Other(message));
        let Some(queued) = self.release(uid) else { return };
        let left = events::assigned(Action::DELETE, Arc::clone(&queued.pod));
        self.fail(queued, Failure::refused(Refused::Rejected(id, rejection)), effects);
        self.tell(left);
    }

    /// Permit plugins whose time is up turn their pods away.
    pub(crate) fn expire_waits(&mut self, effects: &mut Vec<Effect>) {
        let now = self.now;
        let mut expired: Vec<(Str, PluginId, Timestamp)> = Vec::new();
        for (uid, held) in &self.reservations {
            if let Phase::Waiting(waits) = &held.phase
                && let Some((id, at)) = waits.iter().filter(|(_, at)| *at <= now).min_by_key(|(_, at)| *at)
            {
                expired.push((Arc::clone(uid), *id, *at));
            }
        }
        expired.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
        for (uid, id, _) in expired {
            let Some(held) = self.reservations.get(&uid) else { continue };
            let plugin = self.profiles[held.queued.profile].name(id).to_string();
            let message = format!("rejected due to timeout after waiting at plugin {plugin}");
            self.turn_away(&uid, &plugin, message.into(), effects);
        }
    }

    /// The end of an attempt without a node: the pod goes back to the queue, then the nomination changes, then the
    /// outside is told.
    pub(crate) fn fail(
        &mut self,
        mut queued: QueuedPod,
        failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        queued.rejected_by.clone_from(&failure.rejected_by);
        queued.pending_on.clone_from(&failure.pending_on);
        let pod = Arc::clone(&queued.pod);
        let victims = failure.post_filter.as_ref().map_or(0, |p| p.victims.len());
        if victims > 0 {
            self.evicting.insert(Arc::clone(&pod.meta.uid));
        }
        let (queue, rules) = self.queue_and_rules();
        queue.give_back(queued, &rules);
        self.report(pod, failure, effects)
    }

    /// The same after the serial part: events are no longer replayed for the pod, it goes to its backoff.
    pub(crate) fn fail_late(
        &mut self,
        mut queued: QueuedPod,
        failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        queued.rejected_by = Default::default();
        queued.pending_on = Default::default();
        let pod = Arc::clone(&queued.pod);
        self.tell(events::assigned(Action::DELETE, Arc::clone(&pod)));
        let (queue, rules) = self.queue_and_rules();
        queue.retry_later(queued, &rules);
        self.report(pod, failure, effects)
    }

    fn report(
        &mut self,
        pod: Arc<longshore_framework::pod::Pod>,
        failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        // Without a PostFilter to say otherwise the pod is promised nothing any more.
        let post = failure.post_filter.unwrap_or_else(|| crate::post_filter::PostFiltered {
            nomination: Nomination::Clear,
            ..Default::default()
        });
        let nominated_node = self.nominate(&pod, &post.nomination);
        for lapsed in post.lapsed {
            self.queue.nominator.remove(&lapsed.meta.uid);
            effects.push(Effect::ClearNomination { pod: lapsed });
        }
        let nominated = match post.nomination {
            Nomination::Node(node) => Some(node),
            Nomination::Keep | Nomination::Clear => None,
        };
        if let (Some(node), false) = (&nominated, post.victims.is_empty()) {
            effects.push(Effect::Evict {
                preemptor: Arc::clone(&pod),
                victims: post.victims,
                node: Arc::clone(node),
            });
        }
        effects.push(Effect::Failed {
            pod,
            reason: failure.reason,
            message: failure.message.clone(),
            nominated_node,
        });
        match failure.reason {
            FailureReason::Unschedulable => Outcome::Unschedulable { message: failure.message, nominated },
            FailureReason::SchedulerError => Outcome::Broken { message: failure.message },
        }
    }

    /// Changes the pod's promise in memory; what is to be written of it.
    fn nominate(&mut self, pod: &Arc<longshore_framework::pod::Pod>, nomination: &Nomination) -> Option<Str> {
        match nomination {
            Nomination::Keep => None,
            Nomination::Clear => {
                self.queue.nominator.remove(&pod.meta.uid);
                pod.meta.nominated_node.is_some().then(Str::default)
            }
            Nomination::Node(node) => {
                self.queue.nominator.nominate(pod, node);
                (pod.meta.nominated_node.as_ref() != Some(node)).then(|| Arc::clone(node))
            }
        }
    }
}
