//! Where the row of each node lies. Nodes of a part of the cluster, which is a zone, lie together, so that the best of a part is
//! found without a look at the others: spreading tells zones apart.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::ZONE;
use longshore_framework::snapshot::{NO_DOMAIN, Slot, Snapshot, TopologyColumn};

/// So many rows belong to a part at a time.
pub(super) const RUN: usize = 256;

/// Parts at the most; what is beyond counts as of part 0, as nodes without a zone do.
const MAX_PARTS: u32 = 32;

/// The place of a node that has none.
const NOWHERE: u32 = u32::MAX;

/// The places of nodes among the rows.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By slot.
    places: Vec<u32>,
    /// By place, for those that are taken.
    slots: Vec<Option<Slot>>,
    /// For each run of rows the part it belongs to.
    parts: Vec<u32>,
    /// By part, the places in its runs that nobody has.
    free: Vec<Vec<u32>>,
}

/// The zones of all nodes.
pub(super) fn zones(snapshot: &Snapshot) -> Arc<TopologyColumn> {
    snapshot.topology(&Str::from(ZONE))
}

/// Whether the nodes of a part are those of one zone, or those without a zone.
pub(super) fn has_zone_by_part(zones: &TopologyColumn) -> bool {
    zones.domain_count() < MAX_PARTS as usize
}

/// The part of a node.
pub(super) fn part_of(zones: &TopologyColumn, slot: Slot) -> u32 {
    match zones.domain(slot) {
        NO_DOMAIN => 0,
        domain if domain < MAX_PARTS - 1 => domain + 1,
        _ => 0,
    }
}

impl Layout {
    /// Gives a node a place in a part, or leaves it at the one that it has there. Where that is, and whether it is new.
    pub(super) fn put(&mut self, slot: Slot, part: u32) -> (usize, bool) {
        match self.place(slot) {
            Some(place) if self.parts[place / RUN] == part => return (place, false),
            _ => self.remove(slot),
        }
        if self.free.len() <= part as usize {
            self.free.resize_with(part as usize + 1, Vec::new);
        }
        let place = match self.free[part as usize].pop() {
            Some(place) => place as usize,
            None => self.add_run(part),
        };
        if self.places.len() <= slot.index() {
            self.places.resize(slot.index() + 1, NOWHERE);
        }
        self.places[slot.index()] = u32::try_from(place).unwrap_or(NOWHERE);
        self.slots[place] = Some(slot);
        (place, true)
    }

    /// One more run of rows; the first of them is handed out.
    fn add_run(&mut self, part: u32) -> usize {
        let first = self.slots.len();
        self.parts.push(part);
        self.slots.resize(first + RUN, None);
        let rest = (first + 1..first + RUN).rev().filter_map(|place| u32::try_from(place).ok());
        self.free[part as usize].extend(rest);
        first
    }

    /// Takes the place of a node away.
    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.place(slot) else { return };
        self.places[slot.index()] = NOWHERE;
        self.slots[place] = None;
        self.free[self.parts[place / RUN] as usize].extend(u32::try_from(place));
    }

    /// The place of a node; `None` when it has none.
    pub(super) fn place(&self, slot: Slot) -> Option<usize> {
        let place = self.places.get(slot.index()).filter(|place| **place != NOWHERE)?;
        Some(*place as usize)
    }

    /// The part of a node that has a place.
    pub(super) fn part(&self, slot: Slot) -> Option<u32> {
        self.place(slot).map(|place| self.parts[place / RUN])
    }

    /// The node at a place.
    pub(super) fn slot(&self, place: usize) -> Option<Slot> {
        self.slots.get(place).copied().flatten()
    }

    /// The nodes of a part, in the order of places.
    pub(super) fn members(&self, part: u32) -> impl Iterator<Item = Slot> + '_ {
        let runs = self.parts.iter().zip(self.slots.chunks(RUN)).filter(move |(of, _)| **of == part);
        runs.flat_map(|(_, slots)| slots.iter().copied().flatten())
    }

    /// How many parts there may be: those that have places, and those with lower numbers.
    pub(super) fn part_count(&self) -> u32 {
        u32::try_from(self.free.len()).unwrap_or(MAX_PARTS)
    }

    /// For each run of rows the part that it belongs to.
    pub(super) fn parts(&self) -> &[u32] {
        &self.parts
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_a_part_lie_in_its_runs() {
        let mut layout = Layout::default();
        let mut check = |slot: u32, part: u32, want: (usize, bool)| {
            assert_eq!(layout.put(Slot(slot), part), want);
            assert_eq!((layout.part(Slot(slot)), layout.slot(want.0)), (Some(part), Some(Slot(slot))));
        };
        check(7, 2, (0, true));
        check(8, 0, (RUN, true));
        check(9, 2, (1, true));
        check(7, 2, (0, false));
        // It moves to another zone, and the next one takes its place.
        check(7, 0, (RUN + 1, true));
        check(10, 2, (0, true));
        assert_eq!((layout.rows(), layout.parts()), (2 * RUN, &[2, 0][..]));
        layout.remove(Slot(8));
        layout.remove(Slot(8));
        assert_eq!((layout.place(Slot(8)), layout.slot(RUN)), (None, None));
        (100..100 + RUN as u32).for_each(|slot| {
            assert_eq!(layout.put(Slot(slot), 0).0 / RUN, 1 + usize::from(slot == 99 + RUN as u32))
        });
    }
}
