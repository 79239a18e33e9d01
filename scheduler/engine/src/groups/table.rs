//! Every group, by number and by key.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use longshore_framework::group::{Disruption, GroupApi, GroupKey, GroupTopology, OwnGroup, PodGroup};
use longshore_framework::port::GroupStanding;
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;

use super::Kind;
use crate::pods::QueuedPod;

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) key: GroupKey,
    pub(crate) kind: Kind,
    /// Whether its pods go together when room is made for others, and what they matter then.
    disruption: Disruption,
    pub(crate) priority: Option<i32>,
    /// How close to each other its pods start.
    pub(crate) topology: Arc<GroupTopology>,
    /// Numbers of the pods that are known, wherever they are, with what each says of the group.
    members: FxHashMap<usize, Option<Arc<OwnGroup>>>,
    /// Those of them that wait here, to be decided together.
    pub(crate) ready: BTreeSet<usize>,
    /// The number of the entity among the pods.
    pub(crate) number: usize,
    /// Pods that did not fit when it was last decided, one of each sort: what helps none of them does not help the group.
    pub(crate) witnesses: Vec<QueuedPod>,
    /// It is being decided, and stands nowhere until that is over.
    pub(crate) deciding: bool,
    /// It has begun, and pods beyond those that it lacks are left out while it is decided.
    pub(crate) left_out: bool,
    /// Next time none is left out: those that were not did not fit.
    pub(crate) tries_all: bool,
    /// How it stands, as was told last.
    pub(crate) told: Option<GroupStanding>,
    /// When a pod last came or went.
    changed: Timestamp,
    /// Whether it is in the list of groups that may lack pods.
    listed: bool,
}

impl Group {
    /// How many of its pods are known.
    pub(crate) fn known(&self) -> usize {
        self.members.len()
    }

    /// Whether its pods go together when room is made for others.
    pub(crate) fn goes_whole(&self) -> bool {
        self.disruption == Disruption::All
    }

    /// What its pods say of where they start: the first that says something, by number.
    fn own_topology(&self) -> Option<&GroupTopology> {
        let said = self.members.iter().filter_map(|(number, own)| Some((number, &own.as_ref()?.topology)));
        let said = said.filter(|(_, topology)| !topology.is_empty());
        said.min_by_key(|(number, _)| **number).map(|(_, topology)| topology)
    }

    /// Its pods, in no particular order.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> {
        self.members.keys().copied()
    }

    /// How many pods its pods ask for, those without an object.
    pub(crate) fn said(&self) -> Option<usize> {
        self.members.values().flatten().filter_map(|own| own.min_count).max()
    }

    /// What is known of it changed: its object, or what its pods say.
    pub(crate) fn learn(&mut self, object: Option<&PodGroup>, together: bool) {
        self.kind = Kind::of(&self.key, object, self.said(), together);
        let goes_whole = || self.members.values().flatten().any(|own| own.disruption == Disruption::All);
        self.disruption = match (self.key.api, object) {
            (GroupApi::Annotations, _) if goes_whole() => Disruption::All,
            (_, object) => object.map_or(Disruption::Single, |object| object.disruption),
        };
        self.priority = object.and_then(|object| object.priority);
        let topology = match self.key.api {
            GroupApi::Annotations => self.own_topology(),
            GroupApi::Kubernetes | GroupApi::Coscheduling => object.map(|object| &object.topology),
        };
        self.topology = topology.map_or_else(Arc::default, |topology| Arc::new(topology.clone()));
    }

    /// Whether it is to be tried: it is complete, and some of its pods wait.
    pub(crate) fn is_due(&self) -> bool {
        matches!(self.kind, Kind::Gang(min) if self.known() >= min)
            && !self.ready.is_empty()
            && !self.deciding
    }
}

/// The table. There is a group for every name that some pod gives; it goes with its last pod.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    slab: Vec<Option<Group>>,
    free: Vec<usize>,
    by_key: FxHashMap<GroupKey, usize>,
    /// By number of the pod.
    of: FxHashMap<usize, usize>,
    /// Groups that may lack pods, with when that is to be looked at; the first comes first. Each is here once.
    lacking: VecDeque<(Timestamp, usize)>,
}

impl Groups {
    pub(crate) fn get(&self, id: usize) -> Option<&Group> {
        self.slab.get(id)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: usize) -> Option<&mut Group> {
        self.slab.get_mut(id)?.as_mut()
    }

    /// The group with this key.
    pub(crate) fn find(&self, key: &GroupKey) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The group of the pod with this number.
    pub(crate) fn of(&self, number: usize) -> Option<usize> {
        self.of.get(&number).copied()
    }

    /// The group that the pod has to wait for the others of.
    pub(crate) fn binding(&self, number: usize) -> Option<usize> {
        let id = self.of(number)?;
        self.get(id)?.kind.is_bound().then_some(id)
    }

    /// Every group, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.slab.iter().flatten()
    }

    /// A pod is of the group with this key; `entity` seats a new group, given its number and what stands for its UID, and
    /// says where. The group, and whether the pod is new to it or says something else.
    pub(crate) fn join(
        &mut self,
        number: usize,
        key: &GroupKey,
        said: Option<&Arc<OwnGroup>>,
        entity: impl FnOnce(usize, &Str) -> usize,
    ) -> (usize, bool) {
        let id = self.find(key).unwrap_or_else(|| self.open(key.clone(), entity));
        self.of.insert(number, id);
        let is_new = self.get_mut(id).is_some_and(|group| {
            let before = group.members.insert(number, said.cloned());
            before.is_none_or(|before| before.as_ref() != said)
        });
        (id, is_new)
    }

    fn open(&mut self, key: GroupKey, entity: impl FnOnce(usize, &Str) -> usize) -> usize {
        let id = self.free.pop().unwrap_or_else(|| {
            self.slab.push(None);
            self.slab.len() - 1
        });
        let number = entity(id, &entity_uid(&key));
        let group = Group {
            key: key.clone(),
            kind: Kind::default(),
            disruption: Disruption::Single,
            priority: None,
            topology: Arc::default(),
            members: FxHashMap::default(),
            ready: BTreeSet::new(),
            number,
            witnesses: Vec::new(),
            deciding: false,
            left_out: false,
            tries_all: false,
            told: None,
            changed: Timestamp::default(),
            listed: false,
        };
        self.slab[id] = Some(group);
        self.by_key.insert(key, id);
        id
    }

    /// A pod waits in its group. Nothing happens for one that has none: the entity of a group.
    pub(crate) fn wait(&mut self, number: usize) {
        if let Some(group) = self.of(number).and_then(|id| self.get_mut(id)) {
            group.ready.insert(number);
        }
    }

    /// A pod does not wait in its group any more.
    pub(crate) fn stop_waiting(&mut self, number: usize) {
        if let Some(group) = self.of(number).and_then(|id| self.get_mut(id)) {
            group.ready.remove(&number);
        }
    }

    /// A pod is of no group any more; the group it was of.
    pub(crate) fn leave(&mut self, number: usize) -> Option<usize> {
        let id = self.of.remove(&number)?;
        let group = self.get_mut(id)?;
        group.members.remove(&number);
        group.ready.remove(&number);
        Some(id)
    }

    /// A pod of the group came or went at this time: it is looked at after a while whether pods are missing.
    pub(crate) fn changed(&mut self, id: usize, now: Timestamp) {
        let Some(group) = self.get_mut(id) else { return };
        group.changed = now;
        if !std::mem::replace(&mut group.listed, true) {
            self.lacking.push_back((later(now), id));
        }
    }

    /// Groups of which no pod came or went for a while, since this was last asked.
    pub(crate) fn settled(&mut self, now: Timestamp) -> Vec<usize> {
        let mut settled = Vec::new();
        while let Some((_, id)) = self.lacking.pop_front_if(|(due, _)| *due <= now) {
            // Another group may have its number by now: then that one is listed itself.
            let Some(group) = self.get_mut(id).filter(|group| group.listed) else { continue };
            let due = later(group.changed);
            if due > now {
                self.lacking.push_back((due, id));
                continue;
            }
            group.listed = false;
            settled.push(id);
        }
        settled
    }

    /// Forgets a group without pods. The UID of its entity, which must stand nowhere.
    pub(crate) fn close(&mut self, id: usize) -> Option<Str> {
        if self.get(id)?.known() > 0 {
            return None;
        }
        let group = self.slab.get_mut(id)?.take()?;
        self.by_key.remove(&group.key);
        self.free.push(id);
        Some(entity_uid(&group.key))
    }
}

/// How long a group may lack pods before that is told: whoever makes them makes one after the other.
const PATIENCE: i64 = 30_000;

fn later(time: Timestamp) -> Timestamp {
    Timestamp(time.0.saturating_add(PATIENCE))
}

/// What stands for the UID of a group among those of pods. No pod has such a one.
fn entity_uid(key: &GroupKey) -> Str {
    format!("\0{:?}\0{}\0{}", key.api, key.namespace, key.name).into()
}
