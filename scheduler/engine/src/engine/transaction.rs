//! A group is decided as one transaction.
//!
//! ```text
//!   savepoint ──▶ each pod in turn: node, assume, Reserve ──▶ enough? ──▶ Permit of all ──▶ still enough? ──▶ binding
//!       ▲                                                       │ no                           │ no
//!       │                                                       ▼                              ▼
//!       └──────────────────────── everything is undone, the last pod first ◀───────────────────┘
//! ```
//! Each pod is decided as any other is, on the cluster with the pods before it. Nothing happens in between, so nobody sees
//! the inside: either enough pods go on, or the cluster is as it was and the group has one reason. If too few fit, it is looked
//! for pods that matter less and would have to go (`room`); then nobody is bound yet, the victims go only if the group would
//! start by that, and the pods are promised their nodes meanwhile.

mod commit;
mod counted;
mod domains;
mod member;
mod room;
mod sought;
mod words;

use std::sync::Arc;

use longshore_framework::features::Rule;
use longshore_framework::group::{GroupApi, GroupKey};
use longshore_framework::plugin::Nomination;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, FailureReason, GroupState};
use longshore_framework::{Str, Timestamp};

use super::Engine;
use super::failure::Failure;
use super::post_filter::PostFiltered;
use crate::asking::{Asking, PostFilters};
use crate::attempt::{Attempt, GroupOutcome, GroupResult, Outcome};
use crate::cycle::state::CycleState;
use crate::groups::{self, Group, Kind, NAME};
use crate::guard::{Guard, Undone};
use crate::pods::QueuedPod;
use crate::queue::Taken;
use counted::Counted;
use domains::Decided;
use member::{Member, Place, Tried, Whole, any_broke, fit, promised_node, witnesses};
use sought::Found;
use words::Words;

impl Engine {
    /// Decides a group that was taken from the queue: an attempt at its first pod, with those at the others.
    pub(super) fn attempt_group(&mut self, id: usize, entity: Box<QueuedPod>) -> Attempt {
        let none = self.untried(&entity);
        let taken_at = entity.marks.taken;
        let Some(whole) = self.whole(id) else { return none };
        let taken = self.queue.take_group(&mut self.pods, entity);
        let mut effects = Vec::new();
        let as_one = self.makes_room_as_one(&whole.key);
        if as_one {
            self.asking.post_filters = PostFilters::ButEvicting;
        }
        let decided = match self.lacks_resources(&whole, &taken) {
            Some(failure) => Decided::nobody(self.try_nobody(taken, &failure)),
            None => self.decide_placed(&whole, taken, as_one, &mut effects),
        };
        self.asking = Asking::default();
        let held = self.settle_holding(&whole, &decided);
        let result = Arc::new(self.result(&whole, &decided, held));
        let Decided { mut members, outcome, sought, at_most, .. } = decided;
        if outcome != GroupOutcome::Started {
            self.undo(&mut members, outcome, Promises { as_one, held: held.is_some() });
        }
        let unfit = witnesses(&members);
        if self.speaks_by(Rule::GroupsTellMinCount, &whole.key) {
            let counted = Counted::of(&whole, &members, sought.as_ref(), at_most);
            for (at, member) in members.iter_mut().enumerate() {
                if let Tried::Unfit(_, failure) = &mut member.tried {
                    counted.tell(at, failure, outcome);
                }
            }
        }
        for member in &mut members {
            self.conclude(member, &result, &mut effects);
        }
        let standing = self.standing(id, state_of(outcome), result.message.clone());
        if let (Some(first), true) = (members.first(), whole.key.api != GroupApi::Annotations) {
            self.tell_standing(id, standing, &first.attempt.pod, &mut effects);
        }
        let broke = outcome == GroupOutcome::Broken;
        let (queue, pods, rules) = self.queue_parts();
        queue.group_decided(pods, id, unfit, broke, &rules);
        self.meter.tell_since(taken_at, |meter, took| meter.group_decided(&result, took));
        let mut attempts = members.into_iter().map(|member| member.attempt);
        let Some(first) = attempts.next() else { return none };
        Attempt { effects, others: attempts.collect(), ..first }
    }

    /// Tries the pods of a group, and if too few fit whether evictions help.
    fn decide_group(
        &mut self,
        whole: &Whole,
        taken: Taken,
        as_one: bool,
        effects: &mut Vec<Effect>,
    ) -> Decided {
        let lacks = self.lacks_places(whole, &taken).filter(|_| as_one);
        let mut decided = Decided::nobody(Vec::new());
        match lacks {
            Some((places, failure)) => {
                decided.members = self.try_nobody(taken, &failure);
                decided.at_most = Some(places);
            }
            None => decided.members = self.try_members(taken),
        }
        let members = &mut decided.members;
        decided.outcome = self.settle_group(whole, members, effects);
        if as_one && decided.outcome == GroupOutcome::Unschedulable {
            decided.sought = self.seek_room(whole, members);
            match decided.sought.as_ref().map(|sought| sought.found) {
                Some(Found::Room) => decided.outcome = GroupOutcome::Preempting,
                // Another order of the same pods fits.
                Some(Found::Places) => decided.outcome = self.settle_group(whole, members, effects),
                Some(Found::Nothing) | None => return decided,
            }
            decided.at_most = None;
        }
        decided
    }

    /// Until when places are held for the group, if they are.
    fn settle_holding(&mut self, whole: &Whole, decided: &Decided) -> Option<Timestamp> {
        match (decided.outcome, decided.members.first()) {
            (GroupOutcome::Unschedulable, Some(first)) if fit(&decided.members) > 0 => {
                let profile = self.profile_of(&first.attempt.pod)?;
                self.hold_places(&whole.key, profile)
            }
            (GroupOutcome::Started | GroupOutcome::Preempting, _) => {
                self.stop_holding(&whole.key);
                None
            }
            _ => None,
        }
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
        self.try_as_long_as(taken, 0)
    }

    /// The same, until no more than `needed` of them can fit any more: the rest is not tried then.
    fn try_as_long_as(&mut self, taken: Taken, needed: usize) -> Vec<Member> {
        let mut broken = self.unlike(&taken);
        let mut members = Vec::with_capacity(taken.len());
        let mut can_fit = taken.len();
        for queued in taken {
            let mut attempt = self.untried(&queued);
            let tried = match &broken {
                None if can_fit < needed => Tried::Unfit(queued, self.not_tried(&attempt)),
                Some(message) => Tried::Unfit(queued, Failure::broken(message.clone())),
                None => self.try_member(queued, &mut attempt),
            };
            if let (None, Tried::Unfit(_, failure)) = (&broken, &tried)
                && failure.reason == FailureReason::SchedulerError
            {
                broken = Some(words::other_failed(&failure.message));
            }
            if !matches!(tried, Tried::Placed(_) | Tried::Promised(..)) {
                can_fit -= 1;
            }
            members.push(Member { attempt, tried });
        }
        members
    }

    /// Why these pods of one group are not tried together, if they are not.
    fn unlike(&self, taken: &[Box<QueuedPod>]) -> Option<String> {
        words::other_schedulers(taken).or_else(|| {
            let group = self.queue.groups.get(self.queue.groups.of(taken.first()?.number)?)?;
            if !self.speaks_by(Rule::GroupsOfOnePriority, &group.key) {
                return None;
            }
            let mut there: Vec<usize> = group.members().collect();
            there.sort_unstable();
            let on = there.iter().filter_map(|number| Some(&*self.pods.on_node(*number)?.pod));
            let pods = taken.iter().map(|queued| &*queued.pod).chain(on);
            words::other_priorities(group.priority.unwrap_or(0), pods)
        })
    }

    /// Whether the words of kube-scheduler are used of this group, by a rule that is followed.
    fn speaks_by(&self, rule: Rule, key: &GroupKey) -> bool {
        let features = self.options.features;
        features.follow(rule) && Words::of(key, features) == Words::Upstream
    }

    /// What is said of a pod that is not tried, because its group cannot start any more.
    fn not_tried(&self, attempt: &Attempt) -> Failure {
        let profile = self.profiles.iter().find(|profile| profile.scheduler_name == attempt.profile);
        Failure {
            reason: FailureReason::Unschedulable,
            rejected_by: profile.and_then(|profile| profile.id(NAME)).into_iter().collect(),
            ..Failure::broken(String::new())
        }
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
        if any_broke(members) {
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

    /// Undoes every reservation, the last first. The pods are in hand then, each with what is to be said of it. While victims
    /// of some are going, all keep what they were promised.
    fn undo(&mut self, members: &mut [Member], outcome: GroupOutcome, promises: Promises) {
        let Promises { as_one, held } = promises;
        let waits = members.iter().any(|member| self.evictions.waits(&member.attempt.pod.meta.uid));
        for member in members.iter_mut().rev() {
            let (queued, place, failure) = match std::mem::replace(&mut member.tried, Tried::Gone) {
                Tried::Placed(place) => match self.release(place.number) {
                    Some(Undone { queued, .. }) => (queued, place, None),
                    None => continue,
                },
                Tried::Promised(place, failure) => match self.release(place.number) {
                    Some(Undone { queued, .. }) => (queued, place, Some(failure)),
                    None => continue,
                },
                Tried::Fits(queued, place) => (queued, place, None),
                Tried::Awaits(queued, failure) => {
                    member.tried = Tried::Unfit(queued, failure);
                    continue;
                }
                Tried::Unfit(queued, mut failure) => {
                    if as_one {
                        keep_or_clear(&mut failure, waits);
                    }
                    member.tried = Tried::Unfit(queued, failure);
                    continue;
                }
                Tried::Gone => continue,
            };
            let mut failure = match (outcome, failure) {
                (GroupOutcome::Preempting, Some(failure)) => failure,
                _ => self.waits_for_others(&queued, &place, outcome),
            };
            if held {
                let nomination = Nomination::Node(Str::clone(&place.node));
                failure.post_filter = Some(PostFiltered { nomination, ..PostFiltered::default() });
            } else if let Some(node) = place.promised.filter(|_| waits) {
                self.queue.nominator.nominate(&queued.pod, &node);
                let keep = PostFiltered { nomination: Nomination::Keep, ..PostFiltered::default() };
                failure.post_filter.get_or_insert(keep);
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
                // A place that is held is no promise that the pod gets a node.
                if let (Some(_), Outcome::Unschedulable { nominated, .. }) =
                    (result.held_until, &mut member.attempt.outcome)
                {
                    *nominated = None;
                }
            }
            Tried::Placed(place) | Tried::Promised(place, _) => {
                if matches!(member.attempt.outcome, Outcome::Terminating) {
                    member.attempt.outcome = Outcome::Assumed { node: place.node };
                }
            }
            // Everything else was undone.
            Tried::Fits(..) | Tried::Awaits(..) | Tried::Gone => {}
        }
    }

    fn result(&self, whole: &Whole, decided: &Decided, held_until: Option<Timestamp>) -> GroupResult {
        let Decided { members, outcome, sought, within, domains, at_most } = decided;
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
            fit: at_most.unwrap_or_else(|| fit(members)),
            is_tried: at_most.is_none(),
            outcome: *outcome,
            within: within.clone(),
            held_until,
            domains: domains.clone(),
            message: String::new(),
        };
        result.message =
            words::message(&result, sought.as_ref(), first.map(|(pod, why): (&Pod, &str)| (pod.key(), why)));
        result
    }
}

/// What the pods of a group that is not started are promised.
#[derive(Clone, Copy)]
struct Promises {
    /// Room is made for the group as a whole.
    as_one: bool,
    /// The places of the pods that fit are held for them.
    held: bool,
}

fn state_of(outcome: GroupOutcome) -> GroupState {
    match outcome {
        GroupOutcome::Started => GroupState::Started,
        GroupOutcome::Preempting => GroupState::Preempting,
        GroupOutcome::Unschedulable => GroupState::Unschedulable,
        GroupOutcome::Broken => GroupState::Broken,
    }
}

/// What becomes of the promise of a pod without a node, where no plugin was asked that would say.
fn keep_or_clear(failure: &mut Failure, waits: bool) {
    let post = failure.post_filter.get_or_insert_default();
    if post.nomination == Nomination::Keep && !waits {
        post.nomination = Nomination::Clear;
    }
}
