//! Nodes sorted into groups, and within a group by score.

use longshore_framework::snapshot::Slot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::ranking::{Place, Ranked, Ranking};

/// What nodes of a group have in common.
pub(super) type GroupKey = SmallVec<[i64; 6]>;

/// The number of a group.
pub(super) type GroupNumber = u32;

/// In place of the number of a group.
pub(super) const NO_GROUP: GroupNumber = GroupNumber::MAX;

/// The place of a node that is in no group.
const NOWHERE: Place = Place { owner: NO_GROUP, at: 0, score: 0 };

/// Nodes that have a key in common.
#[derive(Debug, Default)]
pub(super) struct Group {
    key: GroupKey,
    ranking: Ranking,
}

impl Group {
    /// What its nodes have in common.
    pub(super) fn key(&self) -> &[i64] {
        &self.key
    }

    /// How many nodes it has.
    pub(super) fn len(&self) -> usize {
        self.ranking.len()
    }

    /// Its nodes, in no particular order.
    pub(super) fn slots(&self) -> &[Slot] {
        self.ranking.slots()
    }

    /// The highest score of its nodes.
    pub(super) fn best(&self) -> i64 {
        self.ranking.best()
    }

    /// One of its nodes; `None` only if it has none, which no group that exists has.
    pub(super) fn any(&self) -> Option<Slot> {
        self.ranking.slots().first().copied()
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
    /// Groups whose rankings have to be settled.
    unsettled: Vec<GroupNumber>,
}

impl Groups {
    /// Takes every node out and makes room for this many.
    pub(super) fn clear(&mut self, slots: usize) {
        *self = Self { places: vec![NOWHERE; slots], ..Self::default() };
    }

    /// Puts a node into the group with this key, wherever it was.
    pub(super) fn put(&mut self, slot: Slot, key: &[i64], score: i64) {
        match self.group_of(slot) {
            Some(group) if group.key() == key => self.set_score(slot, score),
            known => {
                if known.is_some() {
                    self.remove(slot);
                }
                self.insert(slot, key, score);
            }
        }
    }

    fn insert(&mut self, slot: Slot, key: &[i64], score: i64) {
        let number = match self.by_key.get(key) {
            Some(number) => *number,
            None => self.add_group(key),
        };
        if self.places.len() <= slot.index() {
            self.places.resize(slot.index() + 1, NOWHERE);
        }
        self.unsettle(number);
        let ranking = &mut self.groups[number as usize].ranking;
        let at = u32::try_from(ranking.len()).unwrap_or(u32::MAX);
        self.places[slot.index()] = Place { owner: number, at, score };
        ranking.push(slot, score);
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

    /// A node's score changed; without effect when it is in no group.
    pub(super) fn set_score(&mut self, slot: Slot, score: i64) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        if let Some(group) = self.groups.get_mut(place.owner as usize) {
            group.ranking.set(place.at as usize, place.score, score);
            place.score = score;
            let owner = place.owner;
            self.unsettle(owner);
        }
    }

    fn unsettle(&mut self, group: GroupNumber) {
        if self.unsettled.last() != Some(&group) {
            self.unsettled.push(group);
        }
    }

    /// Brings what is known of the best nodes of each group up to date. To be called after changes.
    pub(super) fn settle(&mut self) {
        for number in self.unsettled.drain(..) {
            self.groups[number as usize].ranking.settle(&self.places);
        }
    }

    /// Takes a node out; without effect when it is in no group.
    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        let place = std::mem::replace(place, NOWHERE);
        let Some(group) = self.groups.get_mut(place.owner as usize) else { return };
        if let Some(moved) = group.ranking.swap_remove(place.at as usize, place.score, &self.places) {
            self.places[moved.index()].at = place.at;
        }
        if group.ranking.len() == 0 {
            group.ranking = Ranking::default();
            self.by_key.remove(&group.key);
            self.vacant.push(place.owner);
        }
        self.unsettle(place.owner);
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The groups, in the order of their numbers: the same after the same history.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.len() > 0)
    }

    /// The nodes of a group by score, once they are settled.
    pub(super) fn ranked<'g>(&'g self, group: &'g Group) -> Ranked<'g> {
        Ranked { ranking: &group.ranking, places: &self.places }
    }

    /// The numbers of the groups of some nodes, [`NO_GROUP`] for those in none, in one go: what is known of a class
    /// lies far from the processor, and so many reads are under way at a time.
    pub(super) fn numbers_of(&self, slots: &[Slot], numbers: &mut Vec<GroupNumber>) {
        numbers.clear();
        let places = &self.places;
        numbers.extend(slots.iter().map(|slot| places.get(slot.index()).map_or(NO_GROUP, |p| p.owner)));
    }

    /// The group with this number, if it is one.
    pub(super) fn numbered(&self, number: GroupNumber) -> Option<&Group> {
        self.groups.get(number as usize)
    }

    /// The number of a node's group.
    pub(super) fn number_of(&self, slot: Slot) -> Option<GroupNumber> {
        let number = self.places.get(slot.index())?.owner;
        (number != NO_GROUP).then_some(number)
    }

    /// The number of a node's group and the node's score; [`NO_GROUP`] and 0 when it is in none.
    pub(super) fn number_and_score(&self, slot: Slot) -> (GroupNumber, i64) {
        self.places.get(slot.index()).map_or((NO_GROUP, 0), |place| (place.owner, place.score))
    }

    /// A node's score; 0 when it is in no group.
    pub(super) fn score_of(&self, slot: Slot) -> i64 {
        self.places.get(slot.index()).map_or(0, |place| place.score)
    }

    /// The group of a node.
    pub(super) fn group_of(&self, slot: Slot) -> Option<&Group> {
        self.groups.get(self.places.get(slot.index())?.owner as usize)
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
            groups.put(Slot(*slot), &[*key], *score);
        }
        for slot in taken {
            groups.remove(Slot(*slot));
            assert!(groups.group_of(Slot(*slot)).is_none());
        }
        groups.settle();
        let mut got: Vec<_> = groups
            .iter()
            .map(|group| {
                let mut slots: Vec<u32> = groups.ranked(group).best_slots().map(|slot| slot.0).collect();
                slots.sort_unstable();
                (group.key()[0], group.len(), group.best(), slots)
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
        check(&[put[0], put[1], (1, 7, 5), (0, 8, 5)], &[], &[(7, 1, 5, &[1]), (8, 1, 5, &[0])]);
        check(&put, &[1], &[(7, 2, 20, &[2]), (8, 1, 5, &[3])]);
        check(&put, &[1, 2], &[(7, 1, 10, &[0]), (8, 1, 5, &[3])]);
        check(&put, &[3, 3, 9], &[(7, 3, 20, &[1, 2])]);
        check(&put, &[0, 1, 2, 3], &[]);
    }
}
