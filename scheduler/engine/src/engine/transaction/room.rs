//! Room for a group: pods that matter less go, if the whole group starts by that, and as few as it takes.
//!
//! ```text
//!   all that matters less is taken away ──▶ the group is tried again ──▶ too few fit: all is as it was
//!                                                   │
//!                                                   ▼ enough
//!            the most important are put back first, one after the other: each stays if the group keeps its places
//!                                                   │
//!                                                   ▼
//!                      whoever could not be put back has to go; the pods are promised their places
//! ```
//! A group whose pods go together is put back as one. What a budget protects is put back before all else. Nothing but the
//! snapshot is changed, and afterwards it is as it was.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::features::{Gate, Rule};
use longshore_framework::group::GroupKey;
use longshore_framework::plugin::{Dependence, Nomination};
use longshore_framework::pod::{Pod, PreemptionPolicy};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use rustc_hash::{FxHashMap, FxHashSet};

use super::member::{Member, Place, Tried, Whole, any_broke, fit};
use super::sought::{Found, Sought};
use super::words::Words;
use crate::asking::PostFilters;
use crate::attempt::{Attempt, GroupOutcome};
use crate::engine::Engine;
use crate::engine::failure::Failure;
use crate::engine::post_filter::PostFiltered;
use crate::guard::Undone;
use crate::pods::QueuedPod;
use crate::preempt::{Unit, Wholes, count_violations, everywhere};

/// What became of a pod before it was tried without those that matter less.
enum Before {
    Fits(Place),
    Unfit(Failure),
}

/// A pod whose place has to be kept while others are put back.
struct Keeper {
    number: usize,
    /// What goes on elsewhere matters to it.
    looks_around: bool,
}

impl Engine {
    /// Whether room is made for the group as a whole rather than for one pod after the other, as kube-scheduler does without
    /// its gate for that.
    pub(super) fn makes_room_as_one(&self, key: &GroupKey) -> bool {
        let features = self.options.features;
        Words::of(key, features) == Words::Own
            || features.follow(Rule::GroupsEvictAsOne)
            || features.enabled(Gate::WorkloadAwarePreemption)
    }

    /// Groups on nodes whose pods go together.
    pub(crate) fn wholes(&self) -> Wholes {
        let mut wholes = Wholes::default();
        for group in self.queue.groups.iter().filter(|group| group.goes_whole()) {
            let on = group.members().filter_map(|number| self.pods.on_node(number));
            let pods = on.map(|on| (self.cache.snapshot().slot(&on.node), Arc::clone(&on.pod)));
            wholes.add(pods.collect(), group.priority);
        }
        wholes
    }

    /// Looks for pods that have to go so that the group starts. Without room the pods are as they were, in hand; with it
    /// those that have a place are promised it.
    pub(super) fn seek_room(&mut self, whole: &Whole, members: &mut [Member]) -> Option<Sought> {
        let evictor = self.evictor(members)?;
        if members.iter().any(|member| self.evictions.waits(&member.attempt.pod.meta.uid)) {
            return Some(Sought { waits: true, ..Sought::nothing() });
        }
        let priority = members.iter().map(|member| member.attempt.pod.spec.priority).min()?;
        let mut units = everywhere(self.cache.snapshot(), &self.wholes(), priority);
        let own = self.own_pods(whole);
        units.retain(|unit| !unit.pods.iter().any(|(_, pod)| own.contains(&pod.meta.uid)));
        if let Some(within) = &self.asking.within {
            let is_in = |slot: Option<Slot>| slot.is_some_and(|slot| within.contains(slot.index()));
            units.retain(|unit| unit.pods.iter().any(|(slot, _)| is_in(*slot)));
        }
        if units.is_empty() {
            return Some(Sought::nothing());
        }
        count_violations(self.cache.objects(), self.options.features, &mut units);
        let before = self.give_up(members);
        self.take_away(&units);
        self.pin(whole, members, &before);
        let attempts = self.try_again(members);
        self.unpin(members, &before);
        let would_fit = fit(members);
        if any_broke(members) || !whole.is_enough(members) {
            self.give_up(members);
            self.put_back(&units);
            restore(members, before);
            return Some(Sought::of(Found::Nothing, &units, whole.before + would_fit));
        }
        let victims = self.put_back_most(units, members);
        if victims.is_empty() {
            for (member, attempt) in members.iter_mut().zip(attempts) {
                member.attempt = attempt.unwrap_or_else(|| member.attempt.clone());
            }
            return Some(Sought::of(Found::Places, &[], whole.before + would_fit));
        }
        let sought = Sought::of(Found::Room, &victims, whole.before + would_fit);
        let places = self.give_up(members);
        self.put_back(&victims);
        self.promise(members, before, places, &victims, &evictor);
        Some(sought)
    }

    /// The plugin that would evict for the pods, when they may evict at all.
    fn evictor(&self, members: &[Member]) -> Option<Str> {
        let first = members.iter().find_map(|member| match &member.tried {
            Tried::Placed(place) => Some(self.pods.held(place.number)?.0.queued.profile),
            Tried::Unfit(queued, _) => Some(queued.profile),
            _ => None,
        })?;
        let profile = &self.profiles[first];
        let mut plugins = profile.at(Stage::PostFilter, |i| i.post_filter.as_ref());
        let (id, _) = plugins.find(|(_, plugin)| plugin.evicts_by_priority())?;
        let may = |member: &Member| member.attempt.pod.spec.preemption_policy != PreemptionPolicy::Never;
        // Where a plugin has made room for one of the pods already, that is waited for.
        let promised = members.iter().any(|member| matches!(member.tried, Tried::Promised(..)));
        (members.iter().all(may) && !promised).then(|| profile.name(id).into())
    }

    /// UIDs of the group's pods on nodes.
    fn own_pods(&self, whole: &Whole) -> FxHashSet<Str> {
        let group = self.queue.groups.get(whole.id);
        let on = group.into_iter().flat_map(|group| group.members()).filter_map(|n| self.pods.on_node(n));
        on.map(|on| Arc::clone(&on.pod.meta.uid)).collect()
    }

    /// Gives every place up, the last first; what there was is returned in the order of the pods, which are in hand.
    fn give_up(&mut self, members: &mut [Member]) -> Vec<Option<Before>> {
        let mut before: Vec<Option<Before>> = Vec::with_capacity(members.len());
        for member in members.iter_mut().rev() {
            let (queued, was) = match std::mem::replace(&mut member.tried, Tried::Gone) {
                Tried::Placed(place) => match self.release(place.number) {
                    Some(Undone { queued, .. }) => (queued, Before::Fits(place)),
                    None => {
                        before.push(None);
                        continue;
                    }
                },
                Tried::Unfit(queued, failure) => (queued, Before::Unfit(failure)),
                other => {
                    member.tried = other;
                    before.push(None);
                    continue;
                }
            };
            member.tried = Tried::Awaits(queued, Failure::broken(String::new()));
            before.push(Some(was));
        }
        before.reverse();
        before
    }

    /// Tries every pod in hand; the attempts at those that have a place now.
    fn try_again(&mut self, members: &mut [Member]) -> Vec<Option<Attempt>> {
        let asked = std::mem::replace(&mut self.asking.post_filters, PostFilters::None);
        let mut attempts = Vec::with_capacity(members.len());
        for member in members.iter_mut() {
            attempts.push(match std::mem::replace(&mut member.tried, Tried::Gone) {
                Tried::Awaits(queued, _) => {
                    let mut attempt = self.untried(&queued);
                    member.tried = self.try_member(queued, &mut attempt);
                    matches!(member.tried, Tried::Placed(_)).then_some(attempt)
                }
                other => {
                    member.tried = other;
                    None
                }
            });
        }
        self.asking.post_filters = asked;
        attempts
    }

    /// Pods that fit as it is are to keep their places, so that fewer have to go. kube-scheduler does without.
    fn pin(&mut self, whole: &Whole, members: &[Member], before: &[Option<Before>]) {
        if Words::of(&whole.key, self.options.features) == Words::Upstream {
            return;
        }
        for (member, before) in members.iter().zip(before) {
            if let Some(Before::Fits(place)) = before {
                self.queue.nominator.nominate(&member.attempt.pod, &place.node);
            }
        }
    }

    fn unpin(&mut self, members: &[Member], before: &[Option<Before>]) {
        for (member, before) in members.iter().zip(before) {
            if matches!((&member.tried, before), (Tried::Unfit(..), Some(Before::Fits(_)))) {
                self.queue.nominator.remove(&member.attempt.pod.meta.uid);
            }
        }
    }

    fn take_away(&mut self, units: &[Unit]) {
        for (number, pod, node) in self.located(units) {
            self.cache.uncount(number, &pod, &node);
        }
    }

    fn put_back(&mut self, units: &[Unit]) {
        for (number, pod, node) in self.located(units) {
            self.cache.count(number, pod, &node);
        }
    }

    fn located(&self, units: &[Unit]) -> Vec<(usize, Arc<Pod>, Str)> {
        let pods = units.iter().flat_map(|unit| &unit.pods);
        let located = pods.filter_map(|(_, pod)| {
            let number = self.pods.number(&pod.meta.uid)?;
            let on = self.pods.on_node(number)?;
            Some((number, Arc::clone(&on.pod), Arc::clone(&on.node)))
        });
        located.collect()
    }

    /// Puts back as much as leaves the group its places, what budgets protect first and the more important before the less;
    /// what has to stay away, the most important first.
    fn put_back_most(&mut self, units: Vec<Unit>, members: &[Member]) -> Vec<Unit> {
        let mut on: FxHashMap<Slot, Vec<usize>> = FxHashMap::default();
        let mut around: Vec<usize> = Vec::new();
        for member in members {
            let Tried::Placed(place) = &member.tried else { continue };
            let Some(keeper) = self.keeper(place) else { continue };
            if keeper.looks_around {
                around.push(keeper.number);
            } else if let Some(slot) = self.cache.snapshot().slot(&place.node) {
                on.entry(slot).or_default().push(keeper.number);
            }
        }
        let near = |unit: &Unit| unit.pods.iter().any(|(slot, _)| slot.is_some_and(|s| on.contains_key(&s)));
        let (mut left, far): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(near);
        // Most are on other nodes, and mostly nobody minds.
        self.put_back(&far);
        if !around.iter().all(|number| self.fits_where_it_is(*number)) {
            self.take_away(&far);
            left.extend(far);
        }
        left.sort_by(|a, b| (a.violations == 0).cmp(&(b.violations == 0)).then_with(|| a.importance(b)));
        let mut victims = Vec::new();
        for unit in left {
            self.put_back(std::slice::from_ref(&unit));
            let slots = unit.pods.iter().filter_map(|(slot, _)| on.get(slot.as_ref()?)).flatten();
            let mut concerned = slots.chain(&around);
            if !concerned.all(|number| self.fits_where_it_is(*number)) {
                self.take_away(std::slice::from_ref(&unit));
                victims.push(unit);
            }
        }
        victims.sort_by(Unit::importance);
        victims
    }

    fn keeper(&self, place: &Place) -> Option<Keeper> {
        let (held, _) = self.pods.held(place.number)?;
        let filters = held.profile.at(Stage::Filter, |i| i.filter.as_ref());
        let mut said = filters.map(|(_, filter)| filter.depends_on(&held.queued.pod));
        Some(Keeper { number: place.number, looks_around: said.any(|said| said > Dependence::Cluster) })
    }

    /// The pods that have places are promised them; each victim goes for the first pod on its node, or else for the first.
    fn promise(
        &mut self,
        members: &mut [Member],
        before: Vec<Option<Before>>,
        places: Vec<Option<Before>>,
        victims: &[Unit],
        evictor: &Str,
    ) {
        let mut shares = shares(self.located(victims), &places);
        for (at, (member, (before, place))) in
            members.iter_mut().zip(before.into_iter().zip(places)).enumerate()
        {
            let (queued, first, now) =
                match (std::mem::replace(&mut member.tried, Tried::Gone), before, place) {
                    (Tried::Awaits(queued, _), Some(before), Some(place)) => (queued, before, place),
                    (other, ..) => {
                        member.tried = other;
                        continue;
                    }
                };
            member.tried = match (first, now) {
                (first, Before::Fits(place)) => {
                    let post = self.nomination(&queued, &place, shares.remove(&at), evictor);
                    let mut failure = match first {
                        Before::Unfit(failure) => failure,
                        Before::Fits(_) => {
                            self.waits_for_others(&queued, &place, GroupOutcome::Unschedulable)
                        }
                    };
                    failure.post_filter = Some(post);
                    Tried::Awaits(queued, failure)
                }
                (Before::Unfit(failure), _) | (Before::Fits(_), Before::Unfit(failure)) => {
                    Tried::Unfit(queued, failure)
                }
            };
        }
    }

    fn nomination(
        &self,
        queued: &QueuedPod,
        place: &Place,
        victims: Option<Vec<Arc<Pod>>>,
        evictor: &Str,
    ) -> PostFiltered {
        let priority = queued.pod.spec.priority;
        let lower = |pod: &&Arc<Pod>| pod.spec.priority < priority;
        let lapsed = match &victims {
            Some(_) => self.queue.nominator.on(&place.node).iter().filter(lower).cloned().collect(),
            None => Vec::new(),
        };
        PostFiltered {
            nomination: Nomination::Node(Arc::clone(&place.node)),
            plugin: Arc::clone(evictor),
            victims: victims.unwrap_or_default(),
            lapsed,
            ..PostFiltered::default()
        }
    }
}

/// As it was before the pods were tried without those that matter less.
fn restore(members: &mut [Member], before: Vec<Option<Before>>) {
    for (member, before) in members.iter_mut().zip(before) {
        let Some(before) = before else { continue };
        member.tried = match (std::mem::replace(&mut member.tried, Tried::Gone), before) {
            (Tried::Awaits(queued, _), Before::Fits(place)) => Tried::Fits(queued, place),
            (Tried::Awaits(queued, _), Before::Unfit(failure)) => Tried::Unfit(queued, failure),
            (other, _) => other,
        };
    }
}

/// Which victims go for which pod, by its place in the list.
fn shares(
    victims: Vec<(usize, Arc<Pod>, Str)>,
    places: &[Option<Before>],
) -> FxHashMap<usize, Vec<Arc<Pod>>> {
    let mut first_on: FxHashMap<&Str, usize> = FxHashMap::default();
    let mut first = None;
    for (at, place) in places.iter().enumerate() {
        if let Some(Before::Fits(place)) = place {
            first.get_or_insert(at);
            first_on.entry(&place.node).or_insert(at);
        }
    }
    let mut shares: FxHashMap<usize, Vec<Arc<Pod>>> = FxHashMap::default();
    for (_, pod, node) in victims {
        if let Some(at) = first_on.get(&node).copied().or(first) {
            shares.entry(at).or_default().push(pod);
        }
    }
    shares
}
