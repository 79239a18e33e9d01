//! Nodes sorted into groups, and within a group by score.

use std::collections::BTreeMap;

use longshore_framework::snapshot::Slot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What nodes of a group have in common.
pub(super) type GroupKey = SmallVec<[i64; 6]>;

/// The number of a group.
pub(super) type GroupNumber = u32;

/// The place of a node that is in no group.
const NOWHERE: Place = Place { group: GroupNumber::MAX, at: 0, score: 0 };

/// Where a node stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    group: GroupNumber,
    /// Index in the bucket.
    at: u32,
    score: i64,
}

/// Nodes that have a key in common.
#[derive(Debug, Default)]
pub(super) struct Group {
    key: GroupKey,
    nodes: usize,
    /// By score.
    buckets: BTreeMap<i64, Vec<Slot>>,
}

impl Group {
    /// What its nodes have in common.
    pub(super) fn key(&self) -> &[i64] {
        &self.key
    }

    /// How many nodes it has.
    pub(super) fn len(&self) -> usize {
        self.nodes
    }

    /// The highest score and the nodes that have it, in no particular order; there is one at least.
    pub(super) fn best(&self) -> (i64, &[Slot]) {
        self.buckets.last_key_value().map_or((0, &[]), |(score, slots)| (*score, slots))
    }

    /// Every node, in no particular order.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.buckets.values().flatten().copied()
    }
}

/// The groups. Each node is in one of them at the most; a group without nodes does not exist.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    vacant: Vec<GroupNumber>,
    by_key: FxHashMap<GroupKey, GroupNumber>,
    /// By slot.
    places: Vec<Place>,
    /// Buckets that became empty, to be filled again.
    spare: Vec<Vec<Slot>>,
}

impl Groups {
    /// Takes every node out and makes room for this many.
    pub(super) fn clear(&mut self, slots: usize) {
        *self = Self { places: vec![NOWHERE; slots], ..Self::default() };
    }

    /// Puts a node into the group with this key; it is in none.
    pub(super) fn insert(&mut self, slot: Slot, key: &[i64], score: i64) {
        let number = match self.by_key.get(key) {
            Some(number) => *number,
            None => self.add_group(key),
        };
        let group = &mut self.groups[number as usize];
        group.nodes += 1;
        let bucket = group.buckets.entry(score).or_insert_with(|| self.spare.pop().unwrap_or_default());
        let at = u32::try_from(bucket.len()).unwrap_or(u32::MAX);
        bucket.push(slot);
        if self.places.len() <= slot.index() {
            self.places.resize(slot.index() + 1, NOWHERE);
        }
        self.places[slot.index()] = Place { group: number, at, score };
    }

    fn add_group(&mut self, key: &[i64]) -> GroupNumber {
        let group = Group { key: key.into(), ..Group::default() };
        let number = match self.vacant.pop() {
            Some(number) => {
                self.groups[number as usize] = group;
                number
            }
            None => {
                self.groups.push(group);
                GroupNumber::try_from(self.groups.len() - 1).unwrap_or(GroupNumber::MAX)
            }
        };
        self.by_key.insert(key.into(), number);
        number
    }

    /// Takes a node out; without effect when it is in no group.
    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        let place = std::mem::replace(place, NOWHERE);
        let Some(group) = self.groups.get_mut(place.group as usize) else { return };
        let Some(bucket) = group.buckets.get_mut(&place.score) else { return };
        bucket.swap_remove(place.at as usize);
        if let Some(moved) = bucket.get(place.at as usize) {
            self.places[moved.index()].at = place.at;
        }
        if bucket.is_empty() {
            self.spare.extend(group.buckets.remove(&place.score));
        }
        group.nodes -= 1;
        if group.nodes == 0 {
            self.by_key.remove(&group.key);
            self.vacant.push(place.group);
        }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The groups, in the order of their numbers: the same after the same history.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.nodes > 0)
    }

    /// The group of a node.
    pub(super) fn of(&self, slot: Slot) -> Option<&Group> {
        self.groups.get(self.places.get(slot.index())?.group as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts nodes in and takes them out; each group as its key, its nodes, and its best.
    #[track_caller]
    fn check(put: &[(u32, i64, i64)], taken: &[u32], want: &[(i64, usize, i64, &[u32])]) {
        let mut groups = Groups::default();
        groups.clear(2);
        for (slot, key, score) in put {
            groups.insert(Slot(*slot), &[*key], *score);
        }
        for slot in taken {
            groups.remove(Slot(*slot));
            assert!(groups.of(Slot(*slot)).is_none());
        }
        let mut got: Vec<_> = groups
            .iter()
            .map(|group| {
                let (best, slots) = group.best();
                let mut slots: Vec<u32> = slots.iter().map(|slot| slot.0).collect();
                slots.sort_unstable();
                (group.key()[0], group.len(), best, slots)
            })
            .collect();
        got.sort_unstable();
        let want: Vec<_> = want.iter().map(|(k, n, best, slots)| (*k, *n, *best, slots.to_vec())).collect();
        assert_eq!(got, want);
        assert_eq!(groups.len(), want.len());
    }

    #[test]
    fn the_best_of_a_group_follows_its_nodes() {
        let put = [(0, 7, 10), (1, 7, 20), (2, 7, 20), (3, 8, 5)];
        check(&put, &[], &[(7, 3, 20, &[1, 2]), (8, 1, 5, &[3])]);
        check(&put, &[1], &[(7, 2, 20, &[2]), (8, 1, 5, &[3])]);
        check(&put, &[1, 2], &[(7, 1, 10, &[0]), (8, 1, 5, &[3])]);
        check(&put, &[3, 3, 9], &[(7, 3, 20, &[1, 2])]);
        check(&put, &[0, 1, 2, 3], &[]);
    }
}
