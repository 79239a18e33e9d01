//! The end of an attempt without a node: back to the queue, then the nomination, then the word to the outside.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::Nomination;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::verdict::RejectCode;

use super::Engine;
use super::post_filter::PostFiltered;
use super::preemption::Preemption;
use crate::attempt::Outcome;
use crate::guard::{Refused, Undone};
use crate::message;
use crate::meter::AttemptResult;
use crate::plugin_set::PluginSet;
use crate::pods::QueuedPod;

/// A failure on its way to the pod's condition.
pub(crate) struct Failure {
    pub(crate) reason: FailureReason,
    pub(crate) message: String,
    /// Who rejected the pod; when nobody did, the queue takes the failure for an error whatever the reason says.
    pub(crate) rejected_by: PluginSet,
    pub(crate) pending_on: PluginSet,
    pub(crate) post_filter: Option<PostFiltered>,
}

impl Failure {
    /// Something broke; the nomination goes.
    pub(crate) fn broken(message: String) -> Self {
        Self {
            reason: FailureReason::SchedulerError,
            message,
            rejected_by: PluginSet::default(),
            pending_on: PluginSet::default(),
            post_filter: None,
        }
    }

    /// A plugin refused once a node was chosen, or something broke there.
    pub(crate) fn refused(refused: Refused) -> Self {
        match refused {
            Refused::Broken(message) => Self::broken(message),
            Refused::TurnedAway(rejection) => {
                Self { reason: FailureReason::Unschedulable, ..Self::broken(rejection.message()) }
            }
            Refused::Rejected(plugin, rejection) => {
                let mut failure = Self::broken(message::refused(&rejection));
                failure.reason = FailureReason::Unschedulable;
                failure.rejected_by.insert(plugin);
                if rejection.code == RejectCode::Pending {
                    failure.pending_on.insert(plugin);
                }
                failure
            }
        }
    }
}

impl Engine {
    /// A pod lost its reservation by itself: nobody else was told of its room as long as Permit had not let it go.
    pub(crate) fn fail_reserved(
        &mut self,
        undone: Undone,
        failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        match self.pods.flies(undone.queued.number) {
            true => self.fail(undone.queued, failure, effects),
            false => self.fail_late(undone, failure, effects),
        }
    }

    /// The pod failed before Permit let it go: what happened meanwhile may wake it at once.
    pub(crate) fn fail(
        &mut self,
        mut queued: Box<QueuedPod>,
        mut failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        self.tell_failed(&queued, failure.reason);
        queued.rejected_by.clone_from(&failure.rejected_by);
        queued.pending_on.clone_from(&failure.pending_on);
        let (number, pod) = (queued.number, Arc::clone(&queued.pod));
        let preemption = failure.post_filter.as_mut().and_then(|post| self.preemption(post));
        match (&preemption, &failure.post_filter) {
            (Some(preemption), _) => self.await_victims(&pod, preemption),
            (None, Some(PostFiltered { nomination: Nomination::Clear, .. })) => {
                self.evictions.end(&pod.meta.uid, None)
            }
            _ => {}
        }
        let (queue, pods, rules) = self.queue_parts();
        queue.give_back(pods, queued, &rules);
        self.report((number, pod), failure, preemption, effects)
    }

    /// The pod failed after Permit: others hear of its room, and it goes to its backoff.
    pub(crate) fn fail_late(
        &mut self,
        undone: Undone,
        failure: Failure,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        self.tell_left(&undone.pod, &undone.node);
        let mut queued = undone.queued;
        self.tell_failed(&queued, failure.reason);
        queued.rejected_by = PluginSet::default();
        queued.pending_on = PluginSet::default();
        let (number, pod) = (queued.number, Arc::clone(&queued.pod));
        let (queue, pods, rules) = self.queue_parts();
        queue.retry_later(pods, queued, &rules);
        self.report((number, pod), failure, None, effects)
    }

    fn tell_failed(&self, queued: &QueuedPod, reason: FailureReason) {
        let result = match reason {
            FailureReason::Unschedulable => AttemptResult::Unschedulable,
            FailureReason::SchedulerError => AttemptResult::Error,
        };
        self.meter.tell_since(queued.marks.taken, |m, took| m.attempt(queued.profile, result, took));
    }

    /// Victims were chosen, and some have to be evicted.
    fn tell_victims(&mut self, preemptor: &Pod, count: usize) {
        self.meter.tell(|m| m.victims(count));
        if self.meter.is_on() {
            self.marks.evictions.insert(Arc::clone(&preemptor.meta.uid), self.meter.now());
        }
    }

    fn report(
        &mut self,
        (number, pod): (usize, Arc<Pod>),
        failure: Failure,
        preemption: Option<Preemption>,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        // Without a PostFilter to say otherwise the pod is promised nothing any more, but for a node that is being made free
        // for it.
        let waits = self.evictions.waits(&pod.meta.uid);
        let nomination = if waits { Nomination::Keep } else { Nomination::Clear };
        let post =
            failure.post_filter.unwrap_or_else(|| PostFiltered { nomination, ..PostFiltered::default() });
        let nominated_node = self.nominate(number, &pod, &post.nomination);
        for lapsed in post.lapsed {
            self.lose_node(lapsed, effects);
        }
        if !post.releases.is_empty() {
            effects.push(Effect::ReleaseClaims { pod: Arc::clone(&pod), releases: post.releases });
        }
        let nominated = match post.nomination {
            Nomination::Node(node) => Some(node),
            Nomination::Keep | Nomination::Clear => None,
        };
        if let Some(preemption) = &preemption
            && preemption.has_evictions()
        {
            self.tell_victims(&pod, preemption.victims());
            effects.push(preemption.evict(&pod));
            self.tell_preempted(&preemption.evicted, &pod, effects);
        }
        let message = failure.message.clone();
        effects.push(Effect::Failed {
            pod: Arc::clone(&pod),
            reason: failure.reason,
            message,
            nominated_node,
        });
        for victim in preemption.into_iter().flat_map(|preemption| preemption.unbound) {
            self.preempt_unbound(&victim, &pod, &post.plugin, effects);
        }
        match failure.reason {
            FailureReason::Unschedulable => Outcome::Unschedulable { message: failure.message, nominated },
            FailureReason::SchedulerError => Outcome::Broken { message: failure.message },
        }
    }

    /// A pod that matters more was promised the node of `pod`.
    pub(super) fn lose_node(&mut self, pod: Arc<Pod>, effects: &mut Vec<Effect>) {
        let uid = &pod.meta.uid;
        self.queue.nominator.remove(uid);
        if let Some(number) = self.pods.number(uid) {
            self.queue.nomination_written(&mut self.pods, number, &Str::default());
        }
        let turn = self.evictions.lost_node(uid);
        self.take_turns(turn);
        effects.push(Effect::ClearNomination { pod });
    }

    /// Changes the pod's promise in memory; what is to be written of it.
    fn nominate(&mut self, number: usize, pod: &Arc<Pod>, nomination: &Nomination) -> Option<Str> {
        match nomination {
            Nomination::Keep => None,
            Nomination::Clear => {
                self.queue.nominator.remove(&pod.meta.uid);
                self.queue.nomination_written(&mut self.pods, number, &Str::default());
                // Even when the pod shows none: the one promised before may be on its way there.
                Some(Str::default())
            }
            Nomination::Node(node) => {
                self.queue.nominator.nominate(pod, node);
                let differs = self.queue.nomination_written(&mut self.pods, number, node);
                differs.then(|| Arc::clone(node))
            }
        }
    }
}
