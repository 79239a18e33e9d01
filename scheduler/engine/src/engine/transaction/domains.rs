//! Groups that start in one domain of a node label: a rack, a block, a zone.
//!
//! ```text
//!   level by level, the narrowest first ──▶ its domains, the one with the fewest places left over first
//!                                                │
//!            ┌───────────────────────────────────┘
//!            ▼
//!   the group is tried on the nodes of the domain ──▶ all fit: it starts there
//!            │ enough fit: kept in mind, the others are tried
//!            ▼ too few
//!   the next domain ... the next level ... no level is left: the whole cluster, unless one was required
//! ```
//! How many pods a domain has places for is counted first, from what its nodes have free; one with too few is not tried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::bitset::BitSet;
use longshore_framework::features::Gate;
use longshore_framework::group::GroupApi;
use longshore_framework::port::{Effect, FailureReason};
use longshore_framework::registry::Stage;
use longshore_framework::resources::Amounts;
use longshore_framework::snapshot::{Slot, Snapshot};

use super::member::{Member, Tried, Whole, any_broke, fit};
use super::sought::{Found, Sought};
use crate::attempt::{DomainFit, GroupOutcome};
use crate::engine::Engine;
use crate::engine::failure::Failure;
use crate::guard::Undone;
use crate::pods::QueuedPod;
use crate::queue::Taken;

/// From so many pods on it is counted whether the cluster has places for a group before one is tried.
const LARGE: usize = 100;

/// Domains of a level in which a group is tried at the most, those first that fit best.
const MOST_TRIED: usize = 64;

/// Domains in which it is looked for pods that have to go, those first that lack the least.
const MOST_EMPTIED: usize = 8;

/// Domains that are told of.
const MOST_TOLD: usize = 10;

/// A node label by which the group is to be together.
#[derive(Clone, Debug)]
struct Level {
    key: Str,
    required: bool,
}

/// A domain.
#[derive(Clone, Debug)]
struct Domain {
    name: Str,
    nodes: Arc<BitSet>,
    /// For how many of the pods there are places, by what they request.
    places: usize,
}

/// What came of a group that is tried domain by domain.
pub(super) struct Decided {
    pub(super) members: Vec<Member>,
    pub(super) outcome: GroupOutcome,
    pub(super) sought: Option<Sought>,
    /// The domain in which it starts, or would.
    pub(super) within: Option<(Str, Str)>,
    /// Domains that lack places, the nearest first.
    pub(super) domains: Vec<DomainFit>,
    /// For how many the cluster has places, when that was too few to try one.
    pub(super) at_most: Option<usize>,
}

impl Decided {
    /// The group is not tried.
    pub(super) fn nobody(members: Vec<Member>) -> Self {
        let outcome = GroupOutcome::Unschedulable;
        Self { members, outcome, sought: None, within: None, domains: Vec::new(), at_most: None }
    }
}

/// Domains that lack places, while they are found.
#[derive(Default)]
struct Shortfalls(Vec<(DomainFit, Arc<BitSet>)>);

impl Engine {
    /// The labels by which the group is to be together, the narrowest first.
    fn levels(&self, whole: &Whole) -> Vec<Level> {
        let Some(group) = self.queue.groups.get(whole.id) else { return Vec::new() };
        let gate = Gate::TopologyAwareWorkloadScheduling;
        if whole.key.api == GroupApi::Kubernetes && !self.options.features.enabled(gate) {
            return Vec::new();
        }
        let preferred = group.topology.preferred.iter().map(|key| (key, false));
        let levels = preferred.chain(group.topology.required.iter().map(|key| (key, true)));
        levels.map(|(key, required)| Level { key: Str::clone(key), required }).collect()
    }

    /// Tries the group where it is to be together.
    pub(super) fn decide_placed(
        &mut self,
        whole: &Whole,
        taken: Taken,
        as_one: bool,
        effects: &mut Vec<Effect>,
    ) -> Decided {
        let levels = self.levels(whole);
        let (mut taken, mut short) = (taken, Shortfalls::default());
        for level in &levels {
            taken = match self.try_level(whole, level, taken, &mut short, effects) {
                Ok(decided) => return decided,
                Err(taken) => taken,
            };
            if level.required {
                return self.fail_level(whole, level, taken, as_one, short);
            }
        }
        Decided { domains: short.told(), ..self.decide_group(whole, taken, as_one, effects) }
    }

    /// Tries the group in the domains of a level; the pods come back when none will do.
    fn try_level(
        &mut self,
        whole: &Whole,
        level: &Level,
        mut taken: Taken,
        short: &mut Shortfalls,
        effects: &mut Vec<Effect>,
    ) -> Result<Decided, Taken> {
        let needed = whole.needs();
        let mut best: Option<(usize, Domain)> = None;
        let (able, unable): (Vec<_>, Vec<_>) =
            self.domains(whole, level, &taken).into_iter().partition(|domain| domain.places >= needed);
        for domain in unable {
            short.add(whole, level, &domain, domain.places);
        }
        for domain in able.into_iter().take(MOST_TRIED) {
            let members = self.try_within(&domain, taken, whole.needs());
            let (fitting, tried) = (fit(&members), members.len());
            if any_broke(&members) || fitting == tried && whole.is_enough(&members) {
                return Ok(self.settle_within(whole, level, &domain, members, effects));
            }
            taken = self.take_back(members);
            match fitting >= needed {
                true if best.as_ref().is_none_or(|(most, _)| fitting > *most) => {
                    best = Some((fitting, domain))
                }
                true => {}
                false => short.add(whole, level, &domain, fitting),
            }
        }
        let Some((_, domain)) = best else { return Err(taken) };
        let members = self.try_within(&domain, taken, 0);
        Ok(self.settle_within(whole, level, &domain, members, effects))
    }

    /// No domain of a level that is required will do: whom could be made to go, and what is said.
    fn fail_level(
        &mut self,
        whole: &Whole,
        level: &Level,
        mut taken: Taken,
        as_one: bool,
        short: Shortfalls,
    ) -> Decided {
        let nearest = short.nearest(level);
        let mut last = None;
        for (told, nodes) in nearest.iter().take(if as_one { MOST_EMPTIED } else { 0 }) {
            let domain = Domain { name: Str::clone(&told.name), nodes: Arc::clone(nodes), places: 0 };
            let mut members = self.try_within(&domain, taken, 0);
            let sought = self.seek_room(whole, &mut members);
            let found = sought.as_ref().map(|sought| sought.found);
            let within = Some((Str::clone(&level.key), Str::clone(&told.name)));
            match found {
                Some(Found::Room) => {
                    self.asking.within = None;
                    let outcome = GroupOutcome::Preempting;
                    return Decided {
                        outcome,
                        sought,
                        within,
                        domains: short.told(),
                        ..Decided::nobody(members)
                    };
                }
                Some(Found::Places | Found::Nothing) | None => {
                    last = last.or(sought);
                    taken = self.take_back(members);
                }
            }
        }
        let nodes = nearest.first().map_or_else(Arc::default, |(_, nodes)| Arc::clone(nodes));
        let domain = Domain { name: Str::default(), nodes, places: 0 };
        let mut members = self.try_within(&domain, taken, 0);
        self.asking.within = None;
        self.wake_by_anything(&mut members);
        let outcome = match any_broke(&members) {
            true => GroupOutcome::Broken,
            false => GroupOutcome::Unschedulable,
        };
        Decided { outcome, sought: last, domains: short.told(), ..Decided::nobody(members) }
    }

    fn settle_within(
        &mut self,
        whole: &Whole,
        level: &Level,
        domain: &Domain,
        mut members: Vec<Member>,
        effects: &mut Vec<Effect>,
    ) -> Decided {
        self.asking.within = None;
        let outcome = self.settle_group(whole, &mut members, effects);
        let within = Some((Str::clone(&level.key), Str::clone(&domain.name)));
        Decided { outcome, within, ..Decided::nobody(members) }
    }

    /// Tries the pods on the nodes of a domain.
    fn try_within(&mut self, domain: &Domain, taken: Taken, needed: usize) -> Vec<Member> {
        self.asking.within = Some(Arc::clone(&domain.nodes));
        self.try_as_long_as(taken, needed)
    }

    /// The pods again, with what they were promised before and without what was held for them.
    fn take_back(&mut self, members: Vec<Member>) -> Taken {
        let mut taken = Vec::with_capacity(members.len());
        for member in members.into_iter().rev() {
            let (queued, place) = match member.tried {
                Tried::Placed(place) | Tried::Promised(place, _) => match self.release(place.number) {
                    Some(Undone { queued, .. }) => (queued, Some(place)),
                    None => continue,
                },
                Tried::Fits(queued, place) => (queued, Some(place)),
                Tried::Awaits(queued, _) | Tried::Unfit(queued, _) => (queued, None),
                Tried::Gone => continue,
            };
            if let Some(node) = place.and_then(|place| place.promised) {
                self.queue.nominator.nominate(&queued.pod, &node);
            }
            taken.push(queued);
        }
        taken.reverse();
        taken
    }

    /// That a large group has too few places in the whole cluster, by what its pods request: then nobody need be tried.
    pub(super) fn lacks_places(&self, whole: &Whole, taken: &[Box<QueuedPod>]) -> Option<(usize, Failure)> {
        if taken.len() < LARGE {
            return None;
        }
        let (snapshot, least) = (self.cache.snapshot(), least(taken));
        let all = snapshot.order().iter().map(|slot| places(snapshot, *slot, &least));
        let all = all.fold(0, usize::saturating_add);
        let profile = &self.profiles[taken.first()?.profile];
        let failure = || Failure {
            reason: FailureReason::Unschedulable,
            rejected_by: profile.stage(Stage::Filter).iter().copied().collect(),
            ..Failure::broken("the nodes have too little free for so many".to_string())
        };
        (all < whole.needs()).then(|| (all, failure()))
    }

    /// Whoever helps a pod in any domain helps the group: all filters count as having rejected the pods that do not fit.
    fn wake_by_anything(&self, members: &mut [Member]) {
        for member in members {
            let Tried::Unfit(queued, failure) = &mut member.tried else { continue };
            for id in self.profiles[queued.profile].stage(Stage::Filter) {
                failure.rejected_by.insert(*id);
            }
        }
    }

    /// The domains of a level in which the group may start, in the order in which they are tried: where pods of it were
    /// promised a node, then by how many places are left over, then by name.
    fn domains(&self, whole: &Whole, level: &Level, taken: &[Box<QueuedPod>]) -> Vec<Domain> {
        let snapshot = self.cache.snapshot();
        let of = |slot: Slot| snapshot.node(slot).labels.get(&level.key);
        let on = |node: &Str| snapshot.slot(node).map(of);
        let group = self.queue.groups.get(whole.id);
        let members = group.into_iter().flat_map(|group| group.members());
        let there: BTreeSet<_> =
            members.filter_map(|n| self.pods.on_node(n)).filter_map(|pod| on(&pod.node)).collect();
        let promised = taken.iter().filter_map(|queued| self.queue.nominator.node_of(&queued.pod.meta.uid));
        let promised: BTreeSet<&Str> = promised.filter_map(|node| on(node)?).collect();
        let mut nodes: BTreeMap<&Str, BitSet> = BTreeMap::new();
        for slot in snapshot.order() {
            if let Some(name) = of(*slot)
                && (there.is_empty() || there.len() == 1 && there.contains(&Some(name)))
            {
                nodes.entry(name).or_default().insert(slot.index());
            }
        }
        let least = least(taken);
        let mut domains: Vec<(bool, Domain)> = nodes
            .into_iter()
            .map(|(name, nodes)| {
                let places = nodes.iter().map(|at| places(snapshot, Slot::from(at), &least));
                let places = places.fold(0, usize::saturating_add);
                let domain = Domain { name: Str::clone(name), places, nodes: Arc::new(nodes) };
                (!promised.contains(name), domain)
            })
            .collect();
        let wanted = taken.len();
        // Where not all have a place, more of them are better.
        let key = |domain: &Domain| match domain.places.checked_sub(wanted) {
            Some(left) => (false, left),
            None => (true, wanted - domain.places),
        };
        domains.sort_by(|(a, x), (b, y)| (a, key(x), &x.name).cmp(&(b, key(y), &y.name)));
        domains.into_iter().map(|(_, domain)| domain).collect()
    }
}

impl Shortfalls {
    fn add(&mut self, whole: &Whole, level: &Level, domain: &Domain, fitting: usize) {
        let told = DomainFit {
            key: Str::clone(&level.key),
            name: Str::clone(&domain.name),
            nodes: domain.nodes.len(),
            fit: whole.before + fitting,
        };
        self.0.push((told, Arc::clone(&domain.nodes)));
    }

    /// Those of a level, the one that lacks the least first.
    fn nearest(&self, level: &Level) -> Vec<(DomainFit, Arc<BitSet>)> {
        let mut nearest: Vec<_> = self.0.iter().filter(|(told, _)| told.key == level.key).cloned().collect();
        nearest.sort_by(|(a, _), (b, _)| b.fit.cmp(&a.fit).then_with(|| a.name.cmp(&b.name)));
        nearest
    }

    /// Those that are told of: of each level the nearest, the widest level last.
    fn told(&self) -> Vec<DomainFit> {
        let mut told: Vec<DomainFit> = Vec::new();
        let mut keys: Vec<&Str> = self.0.iter().map(|(domain, _)| &domain.key).collect();
        keys.dedup();
        for key in keys {
            let level = Level { key: Str::clone(key), required: false };
            told.extend(self.nearest(&level).into_iter().take(MOST_TOLD).map(|(domain, _)| domain));
        }
        told
    }
}

/// What each of the pods requests at the least.
fn least(taken: &[Box<QueuedPod>]) -> Amounts {
    let mut pods = taken.iter().map(|queued| &queued.pod.resources.usage);
    let mut least = pods.next().cloned().unwrap_or_default();
    for other in pods {
        least.milli_cpu = least.milli_cpu.min(other.milli_cpu);
        least.memory = least.memory.min(other.memory);
        least.ephemeral_storage = least.ephemeral_storage.min(other.ephemeral_storage);
        for (name, amount) in &mut least.scalars {
            *amount = (*amount).min(other.get(name));
        }
    }
    least
}

/// For how many pods that request so much a node has places.
fn places(snapshot: &Snapshot, slot: Slot, least: &Amounts) -> usize {
    let view = snapshot.view(slot);
    let mut places = view.allowed_pods().saturating_sub(view.pod_count());
    for (name, amount) in least.iter().filter(|(_, amount)| *amount > 0) {
        let free =
            snapshot.resource(name).map_or(0, |id| view.allocatable(id).saturating_sub(view.requested(id)));
        places = places.min(free.max(0) / amount);
    }
    usize::try_from(places.max(0)).unwrap_or(usize::MAX)
}
