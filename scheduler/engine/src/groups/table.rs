//! Every group, by number and by key.

use std::collections::BTreeSet;

use longshore_framework::Str;
use longshore_framework::group::GroupKey;
use rustc_hash::FxHashMap;

use super::Kind;
use crate::pods::QueuedPod;

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) key: GroupKey,
    pub(crate) kind: Kind,
    /// Numbers of the pods that are known, wherever they are, with what each says of how many it takes.
    members: FxHashMap<usize, Option<usize>>,
    /// Those of them that wait here, to be decided together.
    pub(crate) ready: BTreeSet<usize>,
    /// The number of the entity among the pods.
    pub(crate) number: usize,
    /// Pods that did not fit when it was last decided, one of each sort: what helps none of them does not help the group.
    pub(crate) witnesses: Vec<QueuedPod>,
    /// It is being decided, and stands nowhere until that is over.
    pub(crate) deciding: bool,
}

impl Group {
    /// How many of its pods are known.
    pub(crate) fn known(&self) -> usize {
        self.members.len()
    }

    /// Its pods, in no particular order.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> {
        self.members.keys().copied()
    }

    /// How many pods its pods ask for, those without an object.
    pub(crate) fn said(&self) -> Option<usize> {
        self.members.values().copied().max().flatten()
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
        said: Option<usize>,
        entity: impl FnOnce(usize, &Str) -> usize,
    ) -> (usize, bool) {
        let id = self.find(key).unwrap_or_else(|| self.open(key.clone(), entity));
        self.of.insert(number, id);
        let is_new = self.get_mut(id).is_some_and(|group| group.members.insert(number, said) != Some(said));
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
            members: FxHashMap::default(),
            ready: BTreeSet::new(),
            number,
            witnesses: Vec::new(),
            deciding: false,
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

/// What stands for the UID of a group among those of pods. No pod has such a one.
fn entity_uid(key: &GroupKey) -> Str {
    format!("\0{:?}\0{}\0{}", key.api, key.namespace, key.name).into()
}
