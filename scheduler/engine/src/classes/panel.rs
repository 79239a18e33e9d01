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
//! for a panel, and the requests of its classes lie side by side ([`Seats`]). A class gets a seat when all that depends on
//! the pods of a node is said by plugins that have such, and nothing tells the nodes apart on which its pods fit.

mod cells;

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::{PerSeat, SEATS, Seats};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::wide::wide;
use rustc_hash::FxHashMap;

use super::changes::Changes;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;
use crate::path::Literal;
pub(super) use cells::Cells;
use cells::Row;

/// In a row of fixed scores: the node is rejected whatever pods it has.
pub(super) const NEVER: i16 = -1;

/// The highest total score that a cell can hold.
pub(super) const MAX_TOTAL: i64 = i16::MAX as i64 - 1;

/// The row of fixed scores that are all 0.
const NOTHING: Row = [0; SEATS];

/// Nodes about which more has to be asked for a class than a panel can say, at the most; with more it begins anew.
const MAX_UNKNOWN: usize = 1024;

/// A plugin of the panel.
#[derive(Debug)]
struct Seated {
    id: PluginId,
    filters: bool,
    seats: Box<dyn Seats>,
    /// What its score counts for each class; 0 where it has nothing to say.
    weights: Row,
}

/// Up to 64 classes of one profile.
#[derive(Debug)]
pub(super) struct Panel {
    plugins: Vec<Seated>,
    generation: u64,
    /// Which seats are taken, a bit for each.
    taken: u64,
    /// By slot, the part of each score that does not change with the pods of the node.
    fixed: Vec<Row>,
    /// The slots for which that is 0 at every seat, as it mostly is: it is not read then.
    plain: BitSet,
    cells: Cells,
    /// Nodes that became others, and for which seats nothing is known of them.
    unknown: FxHashMap<Slot, u64>,
}

/// The plugins of the profile that take part in panels.
fn seated(profile: &Profile) -> impl Iterator<Item = Seated> + '_ {
    let on = |stage: Stage, id| profile.stage(stage).contains(&id);
    let ids = (0..).map(PluginId).take(profile.plugins().len());
    ids.filter(move |id| on(Stage::Filter, *id) || on(Stage::Score, *id)).filter_map(move |id| {
        let seats = profile.plugin(id).plugin.seats()?;
        Some(Seated { id, filters: on(Stage::Filter, id), seats, weights: [0; SEATS] })
    })
}

impl Panel {
    pub(super) fn new(profile: &Profile, snapshot: &Snapshot) -> Self {
        let mut panel = Self {
            plugins: seated(profile).collect(),
            generation: snapshot.generation(),
            taken: 0,
            fixed: Vec::new(),
            plain: BitSet::default(),
            cells: Cells::default(),
            unknown: FxHashMap::default(),
        };
        panel.grow(snapshot.slots());
        panel
    }

    /// The cells of all nodes.
    pub(super) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The plugins that filter, and those that score or filter.
    pub(super) fn plugins(&self) -> impl Iterator<Item = (PluginId, bool)> + '_ {
        self.plugins.iter().map(|plugin| (plugin.id, plugin.filters))
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
    }

    fn grow(&mut self, slots: usize) {
        if self.fixed.len() < slots {
            (self.fixed.len()..slots).for_each(|slot| self.plain.set(slot, true));
            self.fixed.resize(slots, NOTHING);
            self.cells.grow(slots);
        }
    }

    /// Gives the pod of `evaluator` the seat. `weight` says what the score of a plugin counts for it; `column` is, for each
    /// slot, the fixed score and the cell. False when a plugin has to be asked about the pod in the ordinary way.
    pub(super) fn take(
        &mut self,
        seat: usize,
        evaluator: &Evaluator<'_>,
        state: &CycleState,
        weight: impl Fn(PluginId) -> i16,
        column: &[(i16, i16)],
    ) -> Result<bool, Literal> {
        for plugin in &mut self.plugins {
            if !plugin.seats.take(seat, evaluator.cycle(), state.of(plugin.id))? {
                return Ok(false);
            }
            plugin.weights[seat] = weight(plugin.id);
        }
        self.taken |= 1 << seat;
        for seats in self.unknown.values_mut() {
            *seats &= !(1 << seat);
        }
        self.write(seat, column);
        Ok(true)
    }

    fn write(&mut self, seat: usize, column: &[(i16, i16)]) {
        for (at, (fixed, _)) in column.iter().enumerate().take(self.fixed.len()) {
            if *fixed != 0 || !self.plain.contains(at) {
                self.fixed[at][seat] = *fixed;
                self.plain.set(at, self.fixed[at] == NOTHING);
            }
        }
        for at in column.len()..self.fixed.len() {
            self.fixed[at][seat] = NEVER;
            self.plain.remove(at);
        }
        self.cells.set_seat(seat, column.iter().map(|(_, cell)| *cell));
    }

    /// Takes in what changed since it was last asked. False when it has to begin anew.
    pub(super) fn follow(&mut self, snapshot: &Snapshot, changes: &mut Changes) -> bool {
        if self.generation == snapshot.generation() {
            return true;
        }
        if !changes.read(snapshot, self.generation) {
            return false;
        }
        self.generation = snapshot.generation();
        self.grow(snapshot.slots());
        for slot in &changes.slots {
            let is_live = snapshot.live().contains(slot.index());
            if !is_live || changes.is_anything(*slot) {
                self.fixed[slot.index()] = [NEVER; SEATS];
                self.plain.remove(slot.index());
                self.unknown.remove(slot);
            }
            if is_live && changes.is_anything(*slot) {
                self.unknown.insert(*slot, self.taken);
            }
            self.renew(snapshot, *slot, is_live);
        }
        self.cells.settle();
        self.unknown.len() <= MAX_UNKNOWN
    }

    /// Asks about a node for all seats.
    fn renew(&mut self, snapshot: &Snapshot, slot: Slot, is_live: bool) {
        let cells = if is_live { self.ask(snapshot, slot) } else { [0; SEATS] };
        self.cells.put(slot.index(), cells);
    }

    fn ask(&self, snapshot: &Snapshot, slot: Slot) -> Row {
        let node = snapshot.view(slot);
        let is_plain = self.plain.contains(slot.index());
        let fixed = if is_plain { &NOTHING } else { &self.fixed[slot.index()] };
        let (mut room, mut scores): (PerSeat, PerSeat) = ([0; SEATS], [0; SEATS]);
        for plugin in self.plugins.iter().filter(|plugin| plugin.filters) {
            plugin.seats.filter(node, &mut room);
        }
        let mut totals = *fixed;
        for plugin in &self.plugins {
            plugin.seats.score(node, &mut scores);
            add_weighted(&mut totals, &plugin.weights, &scores);
        }
        cells(fixed, &room, &totals)
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
    pub(super) fn learn(&mut self, snapshot: &Snapshot, seat: usize, known: &[(Slot, i16)]) {
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
            self.renew(snapshot, *slot, true);
        }
        self.cells.settle();
    }
}

fn add_weighted(totals: &mut Row, weights: &Row, scores: &PerSeat) {
    wide(
        #[inline(always)]
        || {
            for ((total, weight), score) in totals.iter_mut().zip(weights).zip(scores) {
                *total = total.wrapping_add(weight.wrapping_mul(*score as i16));
            }
        },
    );
}

fn cells(fixed: &Row, room: &PerSeat, totals: &Row) -> Row {
    let mut cells = [0; SEATS];
    wide(
        #[inline(always)]
        || {
            for (at, cell) in cells.iter_mut().enumerate() {
                // The sign of either says that the node does not do.
                let fits = (fixed[at] | (room[at] >> 48) as i16) >= 0;
                *cell = if fits { totals[at].wrapping_add(1) } else { 0 };
            }
        },
    );
    cells
}
