//! A group is decided as one transaction.
//!
//! ```text
//!   savepoint ──▶ each pod in turn: node, assume, Reserve ──▶ enough? ──▶ Permit of all ──▶ still enough? ──▶ binding
//!       ▲                                                       │ no                           │ no
//!       │                                                       ▼                              ▼
//!       └──────────────────────── everything is undone, the last pod first ◀───────────────────┘
//! ```
//! Each pod is decided as any other is, on the cluster with the pods before it. Nothing happens in between, so nobody sees
//! the inside: either enough pods go on, or the cluster is as it was and the group has one reason. A pod for which evictions
//! would make room counts as if it had it; then nobody is bound yet, the victims go only if the group would start by that,
//! and the pods are promised their nodes meanwhile.

mod commit;
mod words;

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::group::GroupKey;
use longshore_framework::plugin::Nomination;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason};

use super::Engine;
use super::failure::Failure;
use super::post_filter::PostFiltered;
use crate::attempt::{Attempt, GroupOutcome, GroupResult, Outcome};
use crate::cycle::state::CycleState;
use crate::groups::{self, Group, Kind, NAME};
use crate::guard::{Guard, Undone};
use crate::pods::QueuedPod;
use crate::queue::Taken;
use words::Words;

/// What became of a pod of the group so far.
enum Tried {
    /// Room is held for it.
    Placed(Place),
    /// Room is held for it where evictions would make it.
    Promised(Place, Failure),
    /// It is in hand, without a node.
    Unfit(Box<QueuedPod>, Failure),
    /// It is being deleted.
    Gone,
}

/// Room that is held.
struct Place {
    number: usize,
    node: Str,
    /// The node that it was promised before.
    promised: Option<Str>,
}

/// A pod of the group with its attempt.
struct Member {
    attempt: Attempt,
    tried: Tried,
}

/// What is known of the group.
struct Whole {
    id: usize,
    key: GroupKey,
    min: usize,
    /// How many of its pods had a node before.
    before: usize,
}

impl Engine {
    /// Decides a group that was taken from the queue: an attempt at its first pod, with those at the others.
    pub(super) fn attempt_group(&mut self, id: usize, entity: Box<QueuedPod>) -> Attempt {
        let none = self.untried(&entity);
        let taken_at = entity.marks.taken;
        let Some(whole) = self.whole(id) else { return none };
        let taken = self.queue.take_group(&mut self.pods, entity);
        let mut members = match self.lacks_resources(&whole, &taken) {
            Some(failure) => self.try_nobody(taken, &failure),
            None => self.try_members(taken),
        };
        let mut effects = Vec::new();
        let outcome = self.settle_group(&whole, &mut members, &mut effects);
        let result = Arc::new(self.result(&whole, &members, outcome));
        if outcome != GroupOutcome::Started {
            self.undo(&mut members, outcome);
        }
        let unfit = witnesses(&members);
        for member in &mut members {
            self.conclude(member, &result, &mut effects);
        }
        let broke = outcome == GroupOutcome::Broken;
        let (queue, pods, rules) = self.queue_parts();
        queue.group_decided(pods, id, unfit, broke, &rules);
        self.meter.tell_since(taken_at, |meter, took| meter.group_decided(&result, took));
        let mut attempts = members.into_iter().map(|member| member.attempt);
        let Some(first) = attempts.next() else { return none };
        Attempt { effects, others: attempts.collect(), ..first }
    }

    fn whole(&self, id: usize) -> Option<Whole> {
        let group = self.queue.groups.get(id)?;
        let Kind::Gang(min) = group.kind else { return None };
        let before = group.members().filter(|number| self.pods.on_node(*number).is_some()).count();
        Some(Whole { id, key: group.key.clone(), min, before })
    }

    /// What the cluster lacks of what the group asks for as a whole.
    fn lacks_resources(&self, whole: &Whole, taken: &[Box<QueuedPod>]) -> Option<Failure> {
        let group = self.cache.objects().pod_groups.get(&whole.key)?;
        let message = groups::lacks_resources(self.cache.snapshot(), group)?;
        let plugin = self.profiles[taken.first()?.profile].id(groups::MIN_RESOURCES);
        Some(Failure {
            reason: FailureReason::Unschedulable,
            rejected_by: plugin.into_iter().collect(),
            ..Failure::broken(message)
        })
    }

    /// All fail for the same reason.
    fn try_nobody(&self, taken: Taken, failure: &Failure) -> Vec<Member> {
        let fails = |queued: Box<QueuedPod>| {
            let rejected_by = failure.rejected_by.clone();
            let failure =
                Failure { reason: failure.reason, rejected_by, ..Failure::broken(failure.message.clone()) };
            Member { attempt: self.untried(&queued), tried: Tried::Unfit(queued, failure) }
        };
        taken.into_iter().map(fails).collect()
    }

    /// Tries one pod after the other. When something breaks, nobody can say whether the group fits: the others are not tried.
    fn try_members(&mut self, taken: Taken) -> Vec<Member> {
        let mut broken = words::other_schedulers(&taken);
        let mut members = Vec::with_capacity(taken.len());
        for queued in taken {
            let mut attempt = self.untried(&queued);
            let tried = match &broken {
                Some(message) => Tried::Unfit(queued, Failure::broken(message.clone())),
                None => self.try_member(queued, &mut attempt),
            };
            if let (None, Tried::Unfit(_, failure)) = (&broken, &tried)
                && failure.reason == FailureReason::SchedulerError
            {
                broken = Some(words::other_failed(&failure.message));
            }
            members.push(Member { attempt, tried });
        }
        members
    }

    fn try_member(&mut self, queued: Box<QueuedPod>, attempt: &mut Attempt) -> Tried {
        if queued.pod.meta.terminating {
            self.queue.done(&mut self.pods, &queued.pod.meta.uid);
            return Tried::Gone;
        }
        let (found, state) = self.find_node(&queued, attempt);
        match found {
            Ok(slot) => {
                let node = Arc::clone(&self.cache.snapshot().node(slot).name);
                match self.hold_place(queued, node, state) {
                    Ok(place) => Tried::Placed(place),
                    Err(not_held) => Tried::Unfit(not_held.0, not_held.1),
                }
            }
            Err(failure) => match promised_node(&failure) {
                Some(node) => match self.hold_place(queued, node, state) {
                    Ok(place) => Tried::Promised(place, failure),
                    Err(not_held) => Tried::Unfit(not_held.0, not_held.1),
                },
                None => Tried::Unfit(queued, failure),
            },
        }
    }

    /// Assume and Reserve; the reservation is left as it is.
    fn hold_place(
        &mut self,
        queued: Box<QueuedPod>,
        node: Str,
        state: CycleState,
    ) -> Result<Place, Box<(Box<QueuedPod>, Failure)>> {
        let number = queued.number;
        let uid = Arc::clone(&queued.pod.meta.uid);
        let promised = self.queue.nominator.node_of(&uid).cloned();
        self.queue.nominator.remove(&uid);
        let held = self.reservation(queued, state);
        let mut guard = match Guard::assume(&mut self.pods, &mut self.cache, &self.meter, &node, held) {
            Ok(guard) => guard,
            Err(held) => {
                let message = format!("pod {} is not being decided", held.queued.pod.key());
                return Err(Box::new((held.queued, Failure::broken(message))));
            }
        };
        let refused = match guard.reserve() {
            Ok(()) => {
                guard.keep();
                return Ok(Place { number, node, promised });
            }
            Err(refused) => refused,
        };
        match guard.abandon() {
            Some(Undone { queued, .. }) => Err(Box::new((queued, Failure::refused(refused)))),
            // Reserve does not end the reservation, so there is one.
            None => Ok(Place { number, node, promised }),
        }
    }

    /// What is to become of the group; when it starts, its pods are on their way.
    fn settle_group(
        &mut self,
        whole: &Whole,
        members: &mut [Member],
        effects: &mut Vec<Effect>,
    ) -> GroupOutcome {
        if members
            .iter()
            .any(|m| matches!(&m.tried, Tried::Unfit(_, f) if f.reason == FailureReason::SchedulerError))
        {
            return GroupOutcome::Broken;
        }
        if !whole.is_enough(members) {
            return GroupOutcome::Unschedulable;
        }
        if members.iter().any(|member| matches!(member.tried, Tried::Promised(..))) {
            return GroupOutcome::Preempting;
        }
        match self.start_group(whole, members, effects) {
            true => GroupOutcome::Started,
            false => GroupOutcome::Unschedulable,
        }
    }

    /// Undoes every reservation, the last first. The pods are in hand then, each with what is to be said of it.
    fn undo(&mut self, members: &mut [Member], outcome: GroupOutcome) {
        for member in members.iter_mut().rev() {
            let (place, failure) = match std::mem::replace(&mut member.tried, Tried::Gone) {
                Tried::Placed(place) => (place, None),
                Tried::Promised(place, failure) => (place, Some(failure)),
                other => {
                    member.tried = other;
                    continue;
                }
            };
            let Some(Undone { queued, .. }) = self.release(place.number) else { continue };
            let failure = match (outcome, failure) {
                (GroupOutcome::Preempting, Some(failure)) => failure,
                _ => self.waits_for_others(&queued, &place, outcome),
            };
            if let Some(node) = place.promised.filter(|_| self.evictions.waits(&queued.pod.meta.uid)) {
                self.queue.nominator.nominate(&queued.pod, &node);
            }
            member.tried = Tried::Unfit(queued, failure);
        }
    }

    /// The failure of a pod that fits, of a group that does not.
    fn waits_for_others(&self, queued: &QueuedPod, place: &Place, outcome: GroupOutcome) -> Failure {
        let mut failure = Failure::broken(String::new());
        if outcome == GroupOutcome::Broken {
            return failure;
        }
        failure.reason = FailureReason::Unschedulable;
        failure.rejected_by = self.profiles[queued.profile].id(NAME).into_iter().collect();
        if outcome == GroupOutcome::Preempting {
            let nomination = Nomination::Node(Arc::clone(&place.node));
            failure.post_filter = Some(PostFiltered { nomination, ..PostFiltered::default() });
        }
        failure
    }

    /// The pod goes back to its group, if it did not get a node.
    fn conclude(&mut self, member: &mut Member, result: &Arc<GroupResult>, effects: &mut Vec<Effect>) {
        member.attempt.group = Some(Arc::clone(result));
        match std::mem::replace(&mut member.tried, Tried::Gone) {
            Tried::Unfit(queued, mut failure) => {
                Words::of(&result.key, self.options.features).complete(&mut failure, result);
                member.attempt.outcome = self.fail(queued, failure, effects);
            }
            Tried::Placed(place) | Tried::Promised(place, _) => {
                if matches!(member.attempt.outcome, Outcome::Terminating) {
                    member.attempt.outcome = Outcome::Assumed { node: place.node };
                }
            }
            Tried::Gone => {}
        }
    }

    fn result(&self, whole: &Whole, members: &[Member], outcome: GroupOutcome) -> GroupResult {
        let group = self.queue.groups.get(whole.id);
        let first = members.iter().find_map(|member| match &member.tried {
            Tried::Unfit(queued, failure) => Some((&*queued.pod, &*failure.message)),
            _ => None,
        });
        let mut result = GroupResult {
            key: whole.key.clone(),
            min_count: whole.min,
            placed_before: whole.before,
            known: group.map_or(0, Group::known),
            tried: members.len(),
            fit: fit(members),
            outcome,
            message: String::new(),
        };
        result.message = words::message(&result, first.map(|(pod, why): (&Pod, &str)| (pod.key(), why)));
        result
    }
}

impl Whole {
    fn is_enough(&self, members: &[Member]) -> bool {
        let fit = fit(members);
        fit > 0 && self.before + fit >= self.min
    }
}

fn fit(members: &[Member]) -> usize {
    members.iter().filter(|m| matches!(m.tried, Tried::Placed(_) | Tried::Promised(..))).count()
}

/// The node where evictions would make room for the pod.
fn promised_node(failure: &Failure) -> Option<Str> {
    let post = failure.post_filter.as_ref().filter(|post| !post.victims.is_empty())?;
    match &post.nomination {
        Nomination::Node(node) => Some(Arc::clone(node)),
        Nomination::Keep | Nomination::Clear => None,
    }
}

/// How many witnesses are looked at for one that is alike. Pods of a sort come one after the other.
const LOOK_BACK: usize = 32;

/// The pods that found no node, one of each sort, with who rejected them.
fn witnesses(members: &[Member]) -> Vec<QueuedPod> {
    let mut found: Vec<QueuedPod> = Vec::new();
    for member in members {
        let Tried::Unfit(queued, failure) = &member.tried else { continue };
        if failure.message.is_empty() {
            continue;
        }
        let is_alike = |other: &QueuedPod| {
            Arc::ptr_eq(&other.pod.spec, &queued.pod.spec)
                && other.pod.meta.labels == queued.pod.meta.labels
                && (&other.rejected_by, &other.pending_on) == (&failure.rejected_by, &failure.pending_on)
        };
        if !found.iter().rev().take(LOOK_BACK).any(is_alike) {
            let mut witness = (**queued).clone();
            witness.rejected_by.clone_from(&failure.rejected_by);
            witness.pending_on.clone_from(&failure.pending_on);
            found.push(witness);
        }
    }
    found
}
