//! A panel: up to 64 classes that are asked about a changed node together.
//!
//! ```text
//!            seat 0   seat 1  ...  seat 63
//!  node 0     201       0            187     a cell: 0 when no pod of the class fits, else 1 and the score
//!  node 1     199      180            0
//!   ...                                      over each 16 nodes the highest of each seat, and how many nodes have it,
//!                                            and the same over each 16 of these
//! ```
//! Where many classes are asked in turn, each node changes for all of them. What plugins read of the node they read once
//! for a panel, and the requests of its classes lie side by side ([`Seats`](longshore_framework::plugin::Seats)). A class gets a seat when all that depends on
//! the pods of a node alone is said by plugins that have such. What depends on other nodes as well, which is what a census
//! counts, is asked of the class: nodes of a part of the cluster are all alike to it (the rows of a part lie together), but for
//! a few that it tells [apart](Apart).

mod apart;
mod cells;
mod layout;
mod plugins;

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::SEATS;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::snapshot::{Slot, Snapshot};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::changes::Changes;
use super::kin::Column;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;
use crate::path::Literal;
pub(super) use apart::ApartNode;
use apart::{Apart, each};
pub(super) use cells::Best;
use cells::{Cells, Row};
use layout::{Layout, has_zone_by_part, part_of, zones};
use plugins::SeatedPlugins;

/// In a row of fixed scores: the node is rejected whatever pods it has.
pub(super) const NEVER: i16 = -1;

/// The highest total score that a cell can hold.
pub(super) const MAX_TOTAL: i64 = i16::MAX as i64 - 1;

/// The row of fixed scores that are all 0.
const NOTHING: Row = [0; SEATS];

/// Nodes about which more has to be asked for a class than a panel can say, at the most; with more it begins anew.
const MAX_UNKNOWN: usize = 1024;

/// Up to 64 classes of one profile.
#[derive(Debug)]
pub(super) struct Panel {
    plugins: SeatedPlugins,
    generation: u64,
    /// Which seats are taken, a bit for each.
    taken: u64,
    /// By slot, the part of each score that does not change with the pods of the node.
    fixed: Vec<Row>,
    /// The slots for which that is 0 at every seat, as it mostly is: it is not read then.
    plain: BitSet,
    layout: Layout,
    cells: Cells,
    apart: Apart,
    /// Nodes that became others, and for which seats nothing is known of them.
    unknown: FxHashMap<Slot, u64>,
    /// Nodes about which something is broken, and for which seats: their classes decide by themselves.
    broken: FxHashMap<Slot, u64>,
}

impl Panel {
    pub(super) fn new(profile: &Profile, snapshot: &Snapshot) -> Self {
        let mut panel = Self {
            plugins: SeatedPlugins::of(profile),
            generation: snapshot.generation(),
            taken: 0,
            fixed: Vec::new(),
            plain: BitSet::default(),
            layout: Layout::default(),
            cells: Cells::default(),
            apart: Apart::default(),
            unknown: FxHashMap::default(),
            broken: FxHashMap::default(),
        };
        panel.grow(snapshot.slots());
        let zones = zones(snapshot);
        for slot in snapshot.live().iter().map(Slot::from) {
            panel.layout.put(slot, part_of(&zones, slot));
        }
        panel.cells.grow(panel.layout.parts());
        panel
    }

    /// Whether the nodes of a part are those of one zone, or those without a zone.
    pub(super) fn has_zone_by_part(snapshot: &Snapshot) -> bool {
        has_zone_by_part(&zones(snapshot))
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.layout.rows()
    }

    /// How many nodes fit for a seat, without those that it tells apart.
    pub(super) fn feasible(&self, seat: usize) -> usize {
        self.cells.feasible(seat)
    }

    /// How many of a part do.
    pub(super) fn feasible_in(&self, part: u32, seat: usize) -> usize {
        self.cells.feasible_in(part, seat)
    }

    /// The best nodes for a seat.
    pub(super) fn best(&self, seat: usize) -> Best<'_> {
        self.cells.best(seat)
    }

    /// The best nodes of each part where some fit, without those that the seat tells apart.
    pub(super) fn best_by_part(&self, seat: usize) -> SmallVec<[Best<'_>; 8]> {
        self.cells.best_by_part(seat)
    }

    /// One of the best nodes, by its number.
    pub(super) fn nth(&self, best: Best<'_>, number: usize) -> Option<Slot> {
        self.layout.slot(best.nth(number)?)
    }

    /// All of them.
    pub(super) fn slots<'p>(&'p self, best: Best<'p>) -> impl Iterator<Item = Slot> + 'p {
        best.places().filter_map(|place| self.layout.slot(place))
    }

    /// The part of a node.
    pub(super) fn part(&self, slot: Slot) -> u32 {
        self.layout.part(slot).unwrap_or(0)
    }

    /// The nodes that a seat tells apart from others of their part.
    pub(super) fn apart(&self, seat: usize) -> &[ApartNode] {
        self.apart.nodes(seat)
    }

    /// The plugins that filter, and those that score or filter.
    pub(super) fn plugins(&self) -> impl Iterator<Item = (PluginId, bool)> + '_ {
        self.plugins.iter()
    }

    /// A seat that nobody has.
    pub(super) fn free_seat(&self) -> Option<usize> {
        let seat = self.taken.trailing_ones() as usize;
        (seat < SEATS).then_some(seat)
    }

    /// Whether somebody has the seat.
    pub(super) fn is_taken(&self, seat: usize) -> bool {
        self.taken >> seat & 1 == 1
    }

    /// Nobody has the seat any more. What stands in its column counts for nobody.
    pub(super) fn leave(&mut self, seat: usize) {
        self.taken &= !(1 << seat);
        self.apart.clear(seat);
    }

    fn grow(&mut self, slots: usize) {
        if self.fixed.len() < slots {
            (self.fixed.len()..slots).for_each(|slot| self.plain.set(slot, true));
            self.fixed.resize(slots, NOTHING);
        }
    }

    /// Gives the pod of `evaluator` the seat. `weight` says what the score of a plugin counts for it; `column` is, for each
    /// slot, the fixed score and the cell, and `kinds` what the nodes are told apart by that are. False when a plugin has to be
    /// asked about the pod in the ordinary way.
    pub(super) fn take(
        &mut self,
        seat: usize,
        evaluator: &Evaluator<'_>,
        state: &CycleState,
        weight: impl Fn(PluginId) -> i16,
        column: &Column,
        kinds: &[(Slot, u32)],
    ) -> Result<bool, Literal> {
        if !self.plugins.take(seat, evaluator, state, weight)? {
            return Ok(false);
        }
        self.taken |= 1 << seat;
        for seats in self.unknown.values_mut().chain(self.broken.values_mut()) {
            *seats &= !(1 << seat);
        }
        let mut cells = match column {
            Column::Seat(other) => self.copy_fixed(*other, seat),
            Column::Nodes(column) => self.write_fixed(seat, column),
        };
        for (slot, kind) in kinds {
            let cell = self.layout.place(*slot).map_or(0, |place| std::mem::take(&mut cells[place]));
            self.apart.set(seat, ApartNode { slot: *slot, kind: *kind, cell });
        }
        self.cells.set_seat(seat, &cells);
        Ok(true)
    }

    /// Writes the fixed scores of a seat. The cell of each row, also of those that will be told apart.
    fn write_fixed(&mut self, seat: usize, column: &[(i16, i16)]) -> Vec<i16> {
        for (at, (fixed, _)) in column.iter().enumerate().take(self.fixed.len()) {
            if *fixed != 0 || !self.plain.contains(at) {
                self.set_fixed(seat, at, *fixed);
            }
        }
        for at in column.len()..self.fixed.len() {
            self.set_fixed(seat, at, NEVER);
        }
        let cell = |slot: Slot| column.get(slot.index()).map_or(0, |(_, cell)| *cell);
        (0..self.layout.rows()).map(|place| self.layout.slot(place).map_or(0, cell)).collect()
    }

    /// The same with what stands at another seat.
    fn copy_fixed(&mut self, from: usize, seat: usize) -> Vec<i16> {
        for at in 0..self.fixed.len() {
            if !self.plain.contains(at) {
                self.set_fixed(seat, at, self.fixed[at][from]);
            }
        }
        let mut cells = self.cells.column(from);
        for node in self.apart.nodes(from) {
            if let Some(place) = self.layout.place(node.slot) {
                cells[place] = node.cell;
            }
        }
        cells
    }

    fn set_fixed(&mut self, seat: usize, at: usize, fixed: i16) {
        self.fixed[at][seat] = fixed;
        self.plain.set(at, self.fixed[at] == NOTHING);
    }

    /// A node of the seat is told apart by this, or is as the others of its part. [`settle`](Self::settle) has to come after.
    pub(super) fn tell_apart(&mut self, seat: usize, slot: Slot, kind: Option<u32>) {
        let Some(place) = self.layout.place(slot) else { return };
        let mut row = *self.cells.row(place);
        let cell = self.apart.remove(seat, slot).unwrap_or(row[seat]);
        row[seat] = if kind.is_some() { 0 } else { cell };
        if let Some(kind) = kind {
            self.apart.set(seat, ApartNode { slot, kind, cell });
        }
        self.cells.put(place, row);
    }

    /// Whether the fixed score and the cell of every node are known for a seat.
    pub(super) fn knows_all(&self, seat: usize) -> bool {
        let is_mine = |seats: &u64| *seats >> seat & 1 == 1;
        !self.unknown.values().chain(self.broken.values()).any(is_mine)
    }

    /// For each slot the fixed score and the cell of a seat that [knows all](Self::knows_all).
    pub(super) fn column(&self, seat: usize) -> Vec<(i16, i16)> {
        let of_slot = |(at, fixed): (usize, &Row)| {
            let fixed = if self.plain.contains(at) { 0 } else { fixed[seat] };
            (fixed, self.cell(seat, Slot::from(at)))
        };
        self.fixed.iter().enumerate().map(of_slot).collect()
    }

    /// The nodes of a part, in the order of rows.
    pub(super) fn members(&self, part: u32) -> impl Iterator<Item = Slot> + '_ {
        self.layout.members(part)
    }

    /// How many parts there may be.
    pub(super) fn part_count(&self) -> u32 {
        self.layout.part_count()
    }

    /// The cell of a node.
    pub(super) fn cell(&self, seat: usize, slot: Slot) -> i16 {
        let in_row = || self.layout.place(slot).map_or(0, |place| self.cells.row(place)[seat]);
        self.apart.cell(seat, slot).unwrap_or_else(in_row)
    }

    /// Writes the cell of a node. [`settle`](Self::settle) has to come after.
    pub(super) fn set_cell(&mut self, seat: usize, slot: Slot, cell: i16) {
        if self.apart.cell(seat, slot).is_some() {
            self.apart.set_cell(seat, slot, cell);
        } else if let Some(place) = self.layout.place(slot) {
            let mut row = *self.cells.row(place);
            row[seat] = cell;
            self.cells.put(place, row);
        }
    }

    /// Brings what is known of the best up to date.
    pub(super) fn settle(&mut self) {
        self.cells.settle();
    }

    /// Takes in what changed since it was last asked. False when it has to begin anew.
    pub(super) fn follow(&mut self, evaluator: &Evaluator<'_>, changes: &mut Changes) -> bool {
        let snapshot = evaluator.snapshot;
        if self.generation == snapshot.generation() {
            return true;
        }
        if !changes.read(snapshot, self.generation) {
            return false;
        }
        self.generation = snapshot.generation();
        self.grow(snapshot.slots());
        for slot in &changes.slots {
            match (snapshot.live().contains(slot.index()), changes.is_anything(*slot)) {
                (true, false) => {}
                (true, true) => self.meet(snapshot, *slot),
                (false, _) => self.forget(*slot),
            }
            self.renew(evaluator, *slot);
        }
        self.cells.settle();
        self.unknown.len() <= MAX_UNKNOWN
    }

    /// A node came or is another.
    fn meet(&mut self, snapshot: &Snapshot, slot: Slot) {
        let before = self.layout.place(slot);
        let (_, moved) = self.layout.put(slot, part_of(&zones(snapshot), slot));
        self.cells.grow(self.layout.parts());
        if let Some(before) = before.filter(|_| moved) {
            self.cells.put(before, NOTHING);
        }
        self.fixed[slot.index()] = [NEVER; SEATS];
        self.plain.remove(slot.index());
        self.unknown.insert(slot, self.taken);
    }

    /// A node is gone.
    fn forget(&mut self, slot: Slot) {
        if let Some(place) = self.layout.place(slot) {
            self.cells.put(place, NOTHING);
            self.layout.remove(slot);
        }
        each(self.apart.seats(slot)).for_each(|seat| {
            self.apart.remove(seat, slot);
        });
        self.fixed[slot.index()] = [NEVER; SEATS];
        self.plain.remove(slot.index());
        self.unknown.remove(&slot);
        self.broken.remove(&slot);
    }

    /// Asks about a node for all seats, if it is there.
    fn renew(&mut self, evaluator: &Evaluator<'_>, slot: Slot) {
        let Some(place) = self.layout.place(slot) else { return };
        let is_plain = self.plain.contains(slot.index());
        let fixed = if is_plain { &NOTHING } else { &self.fixed[slot.index()] };
        let (mut cells, broken) = self.plugins.cells(evaluator.snapshot.view(slot), evaluator.objects, fixed);
        if broken != 0 {
            self.broken.insert(slot, broken);
        } else if !self.broken.is_empty() {
            self.broken.remove(&slot);
        }
        for seat in each(self.apart.seats(slot)) {
            self.apart.set_cell(seat, slot, std::mem::take(&mut cells[seat]));
        }
        self.cells.put(place, cells);
    }

    /// The nodes of which nothing is known for a seat.
    pub(super) fn unknown(&self, seat: usize) -> Vec<Slot> {
        if self.unknown.is_empty() {
            return Vec::new();
        }
        let unknown = self.unknown.iter().filter(|(_, seats)| *seats >> seat & 1 == 1);
        let mut slots: Vec<Slot> = unknown.map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        slots
    }

    /// The fixed scores of some nodes are known now for a seat.
    pub(super) fn learn(&mut self, evaluator: &Evaluator<'_>, seat: usize, known: &[(Slot, i16)]) {
        for (slot, fixed) in known {
            let row = &mut self.fixed[slot.index()];
            row[seat] = *fixed;
            self.plain.set(slot.index(), *row == NOTHING);
            if let Some(seats) = self.unknown.get_mut(slot) {
                *seats &= !(1 << seat);
                if *seats & self.taken == 0 {
                    self.unknown.remove(slot);
                }
            }
            self.renew(evaluator, *slot);
        }
        self.cells.settle();
    }

    /// Whether the class at a seat has to decide by itself because something about a node is broken.
    pub(super) fn is_broken(&self, seat: usize) -> bool {
        self.broken.values().any(|seats| *seats >> seat & 1 == 1)
    }
}
