//! Nodes that the class at a seat tells apart from the others of their part: mostly those where its own pods are. Their cells lie
//! here and not in the column of the seat.

use longshore_framework::plugin::SEATS;
use longshore_framework::snapshot::Slot;

/// A node that is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct ApartNode {
    pub(in super::super) slot: Slot,
    /// What it is told apart by, as a number of the class.
    pub(in super::super) kind: u32,
    pub(in super::super) cell: i16,
}

/// The nodes that are told apart, by seat.
#[derive(Debug)]
pub(super) struct Apart {
    /// By slot, the seats for which it is.
    seats: Vec<u64>,
    /// By seat, in ascending order of slots.
    nodes: [Vec<ApartNode>; SEATS],
}

impl Default for Apart {
    fn default() -> Self {
        Self { seats: Vec::new(), nodes: std::array::from_fn(|_| Vec::new()) }
    }
}

impl Apart {
    /// The seats for which a node is told apart, a bit for each.
    pub(super) fn seats(&self, slot: Slot) -> u64 {
        self.seats.get(slot.index()).copied().unwrap_or(0)
    }

    /// The nodes of a seat.
    pub(super) fn nodes(&self, seat: usize) -> &[ApartNode] {
        &self.nodes[seat]
    }

    fn find(&self, seat: usize, slot: Slot) -> Result<usize, usize> {
        self.nodes[seat].binary_search_by_key(&slot, |node| node.slot)
    }

    /// A node is told apart for a seat, if it was not, by this.
    pub(super) fn set(&mut self, seat: usize, node: ApartNode) {
        if self.seats.len() <= node.slot.index() {
            self.seats.resize(node.slot.index() + 1, 0);
        }
        self.seats[node.slot.index()] |= 1 << seat;
        match self.find(seat, node.slot) {
            Ok(at) => self.nodes[seat][at] = node,
            Err(at) => self.nodes[seat].insert(at, node),
        }
    }

    /// The cell of a node, if it is told apart.
    pub(super) fn cell(&self, seat: usize, slot: Slot) -> Option<i16> {
        let is_apart = self.seats(slot) >> seat & 1 == 1;
        is_apart.then(|| self.find(seat, slot).ok()).flatten().map(|at| self.nodes[seat][at].cell)
    }

    /// The cell of a node that is told apart is another.
    pub(super) fn set_cell(&mut self, seat: usize, slot: Slot, cell: i16) {
        if let Ok(at) = self.find(seat, slot) {
            self.nodes[seat][at].cell = cell;
        }
    }

    /// A node is not told apart any more; its cell, if it was.
    pub(super) fn remove(&mut self, seat: usize, slot: Slot) -> Option<i16> {
        let at = self.find(seat, slot).ok()?;
        self.seats[slot.index()] &= !(1 << seat);
        Some(self.nodes[seat].remove(at).cell)
    }

    /// None are told apart for a seat.
    pub(super) fn clear(&mut self, seat: usize) {
        for node in std::mem::take(&mut self.nodes[seat]) {
            self.seats[node.slot.index()] &= !(1 << seat);
        }
    }
}

/// The seats of a mask.
pub(super) fn each(mut seats: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let seat = seats.trailing_zeros() as usize;
        seats &= seats.wrapping_sub(1);
        (seat < SEATS).then_some(seat)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_may_be_told_apart_for_some_seats() {
        let mut apart = Apart::default();
        let node = |slot, kind, cell| ApartNode { slot: Slot(slot), kind, cell };
        for (seat, node) in [(63, node(9, 1, 5)), (63, node(3, 2, 7)), (0, node(9, 0, 1))] {
            apart.set(seat, node);
        }
        apart.set(63, node(9, 4, 6));
        apart.set_cell(63, Slot(3), 8);
        apart.set_cell(1, Slot(3), 8);
        assert_eq!(apart.nodes(63), [node(3, 2, 8), node(9, 4, 6)]);
        assert_eq!(each(apart.seats(Slot(9))).collect::<Vec<_>>(), [0, 63]);
        assert_eq!((apart.remove(0, Slot(9)), apart.remove(0, Slot(9))), (Some(1), None));
        apart.clear(63);
        assert_eq!((apart.seats(Slot(9)), apart.seats(Slot(3)), apart.seats(Slot(99))), (0, 0, 0));
        assert_eq!(apart.nodes(63), []);
    }
}
