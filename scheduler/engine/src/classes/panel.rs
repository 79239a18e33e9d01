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

use std::cmp::Ordering;

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::{PerSeat, SEATS, Seats};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::wide::wide;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::changes::Changes;
use crate::cycle::Evaluator;
use crate::path::Literal;

/// A number for each seat.
type Row = [i16; SEATS];

/// How many nodes, for each seat. Over 256 nodes there are no more.
type Counts = [u16; SEATS];

/// In a row of fixed scores: the node is rejected whatever pods it has.
pub(super) const NEVER: i16 = -1;

/// The highest total score that a cell can hold.
pub(super) const MAX_TOTAL: i64 = i16::MAX as i64 - 1;

/// The row of fixed scores that are all 0.
const NOTHING: Row = [0; SEATS];

/// How many rows, or tops, one top stands for.
const WIDTH: usize = 16;

/// Nodes about which more has to be asked for a class than a panel can say, at the most; with more it begins anew.
const MAX_UNKNOWN: usize = 1024;

/// The highest cell of each seat over some nodes, and how many nodes have it.
#[derive(Clone, Debug)]
struct Top {
    best: Row,
    count: Counts,
}

/// A block of nodes that changed.
#[derive(Debug)]
struct ChangedBlock {
    block: usize,
    was: Top,
    /// What is highest now was found without a look at all of its nodes.
    is_known: bool,
}

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
    /// By slot.
    cells: Vec<Row>,
    blocks: Vec<Top>,
    tops: Vec<Top>,
    /// How many nodes fit.
    feasible: [u32; SEATS],
    /// Nodes that became others, and for which seats nothing is known of them.
    unknown: FxHashMap<Slot, u64>,
    changed: Vec<ChangedBlock>,
}

/// Whether a plugin of the profile takes part in panels: which, whether it filters, and whether it scores.
fn seated(profile: &Profile) -> impl Iterator<Item = (PluginId, bool, bool, Box<dyn Seats>)> + '_ {
    let on = |stage: Stage, id| profile.stage(stage).contains(&id);
    (0..).map(PluginId).take(profile.plugins().len()).filter_map(move |id| {
        let (filters, scores) = (on(Stage::Filter, id), on(Stage::Score, id));
        let seats = if filters || scores { profile.plugin(id).plugin.seats()? } else { return None };
        Some((id, filters, scores, seats))
    })
}

impl Panel {
    pub(super) fn new(profile: &Profile, snapshot: &Snapshot) -> Self {
        let plugins = seated(profile)
            .map(|(id, filters, _, seats)| Seated { id, filters, seats, weights: [0; SEATS] })
            .collect();
        let mut panel = Self::of(plugins, snapshot.generation());
        panel.grow(snapshot.slots());
        panel
    }

    fn of(plugins: Vec<Seated>, generation: u64) -> Self {
        Self {
            plugins,
            generation,
            taken: 0,
            fixed: Vec::new(),
            plain: BitSet::default(),
            cells: Vec::new(),
            blocks: Vec::new(),
            tops: Vec::new(),
            feasible: [0; SEATS],
            unknown: FxHashMap::default(),
            changed: Vec::new(),
        }
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
        if self.cells.len() < slots {
            let none = Top { best: [0; SEATS], count: [0; SEATS] };
            (self.fixed.len()..slots).for_each(|slot| self.plain.set(slot, true));
            self.fixed.resize(slots, NOTHING);
            self.cells.resize(slots, [0; SEATS]);
            self.blocks.resize(slots.div_ceil(WIDTH), none.clone());
            self.tops.resize(self.blocks.len().div_ceil(WIDTH), none);
        }
    }

    /// Gives the pod of `evaluator` the seat. `weight` says what the score of a plugin counts for it; `column` is, for each
    /// slot, the fixed score and the cell. False when a plugin has to be asked about the pod in the ordinary way.
    pub(super) fn take(
        &mut self,
        seat: usize,
        evaluator: &Evaluator<'_>,
        state: &crate::cycle::state::CycleState,
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
        for (at, (fixed, cell)) in column.iter().enumerate().take(self.cells.len()) {
            self.cells[at][seat] = *cell;
            if *fixed != 0 || !self.plain.contains(at) {
                self.fixed[at][seat] = *fixed;
                self.plain.set(at, self.fixed[at] == NOTHING);
            }
        }
        for at in column.len()..self.cells.len() {
            (self.fixed[at][seat], self.cells[at][seat]) = (NEVER, 0);
            self.plain.remove(at);
        }
        let cells =
            || column.iter().map(|(_, cell)| *cell).chain(std::iter::repeat(0)).take(self.cells.len());
        self.feasible[seat] = cells().map(|cell| u32::from(cell > 0)).sum();
        let cells: Vec<i16> = cells().collect();
        for (block, cells) in self.blocks.iter_mut().zip(cells.chunks(WIDTH)) {
            block.set_seat(seat, cells.iter().map(|cell| (*cell, 1)));
        }
        for (top, blocks) in self.tops.iter_mut().zip(self.blocks.chunks(WIDTH)) {
            top.set_seat(seat, blocks.iter().map(|block| (block.best[seat], block.count[seat])));
        }
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
        self.settle();
        self.unknown.len() <= MAX_UNKNOWN
    }

    /// Asks about a node for all seats.
    fn renew(&mut self, snapshot: &Snapshot, slot: Slot, is_live: bool) {
        let cells = if is_live { self.ask(snapshot, slot) } else { [0; SEATS] };
        self.put(slot.index(), cells);
    }

    fn put(&mut self, at: usize, new: Row) {
        let old = std::mem::replace(&mut self.cells[at], new);
        if old == new {
            return;
        }
        count_feasible(&mut self.feasible, &old, &new);
        let number = at / WIDTH;
        let block = &mut self.blocks[number];
        if !self.changed.iter().any(|changed| changed.block == number) {
            self.changed.push(ChangedBlock { block: number, was: block.clone(), is_known: true });
        }
        let is_known = block.follow((&old, &ONE_EACH), (&new, &ONE_EACH));
        if let Some(changed) = self.changed.iter_mut().find(|changed| changed.block == number) {
            changed.is_known &= is_known;
        }
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

    fn settle(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        let mut unknown = SmallVec::<[usize; 8]>::new();
        for ChangedBlock { block, was, is_known } in changed.drain(..) {
            if !is_known {
                let rows = &self.cells[block * WIDTH..((block + 1) * WIDTH).min(self.cells.len())];
                self.blocks[block].set(rows.iter().map(|row| (row, &ONE_EACH)));
            }
            let (top, is) = (block / WIDTH, &self.blocks[block]);
            if !self.tops[top].follow(was.parts(), is.parts()) {
                unknown.push(top);
            }
        }
        for top in unknown {
            let blocks = &self.blocks[top * WIDTH..((top + 1) * WIDTH).min(self.blocks.len())];
            self.tops[top].set(blocks.iter().map(Top::parts));
        }
        self.changed = changed;
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
        self.settle();
    }

    /// How many nodes fit for a seat.
    pub(super) fn feasible(&self, seat: usize) -> usize {
        self.feasible[seat] as usize
    }

    /// The best nodes for a seat.
    pub(super) fn best(&self, seat: usize) -> Best<'_> {
        let (mut cell, mut count) = (1, 0);
        for top in &self.tops {
            match top.best[seat].cmp(&cell) {
                Ordering::Less => {}
                Ordering::Equal => count += u32::from(top.count[seat]),
                Ordering::Greater => (cell, count) = (top.best[seat], u32::from(top.count[seat])),
            }
        }
        Best { panel: self, seat, cell, count }
    }
}

/// The nodes with the highest cell of a seat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best<'p> {
    panel: &'p Panel,
    seat: usize,
    cell: i16,
    count: u32,
}

impl<'p> Best<'p> {
    /// How many there are.
    pub(super) fn count(self) -> usize {
        self.count as usize
    }

    fn of(self, top: &Top) -> u32 {
        if top.best[self.seat] == self.cell { u32::from(top.count[self.seat]) } else { 0 }
    }

    /// The one with this number, counted from 0 in the order of slots.
    pub(super) fn nth(self, number: usize) -> Option<Slot> {
        let mut left = u32::try_from(number).ok()?;
        let mut part = 0..self.panel.tops.len();
        for tops in [&self.panel.tops, &self.panel.blocks] {
            let at = part.into_iter().find(|at| {
                let count = self.of(&tops[*at]);
                let is_here = left < count;
                left -= if is_here { 0 } else { count };
                is_here
            })?;
            part = at * WIDTH..(at + 1) * WIDTH;
            if std::ptr::eq(tops, &self.panel.tops) {
                part.end = part.end.min(self.panel.blocks.len());
            }
        }
        let rows = &self.panel.cells[..part.end.min(self.panel.cells.len())];
        let mut tied = part.filter(|at| rows.get(*at).is_some_and(|row| row[self.seat] == self.cell));
        tied.nth(left as usize).map(Slot::from)
    }

    /// All of them, in the order of slots.
    pub(super) fn slots(self) -> impl Iterator<Item = Slot> + 'p {
        let rows = self.panel.cells.iter().enumerate();
        rows.filter(move |(_, row)| row[self.seat] == self.cell).map(|(at, _)| Slot::from(at))
    }
}

fn count_feasible(feasible: &mut [u32; SEATS], old: &Row, new: &Row) {
    wide(
        #[inline(always)]
        || {
            for ((feasible, old), new) in feasible.iter_mut().zip(old).zip(new) {
                *feasible = feasible.wrapping_add(u32::from(*new > 0)).wrapping_sub(u32::from(*old > 0));
            }
        },
    );
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

/// How many nodes a row stands for.
const ONE_EACH: Counts = [1; SEATS];

impl Top {
    fn parts(&self) -> (&Row, &Counts) {
        (&self.best, &self.count)
    }

    /// One part is `new` in place of `old`. False when it is not known any more what the highest is.
    fn follow(&mut self, (old, old_count): (&Row, &Counts), (new, new_count): (&Row, &Counts)) -> bool {
        let Self { best, count } = self;
        wide(
            #[inline(always)]
            || {
                let mut unknown = 0_u16;
                for at in 0..SEATS {
                    let less = if old[at] == best[at] { old_count[at] } else { 0 };
                    let more = if new[at] == best[at] { new_count[at] } else { 0 };
                    let is_higher = new[at] > best[at];
                    let known = count[at].wrapping_sub(less).wrapping_add(more);
                    best[at] = if is_higher { new[at] } else { best[at] };
                    count[at] = if is_higher { new_count[at] } else { known };
                    unknown |= u16::from(count[at] == 0);
                }
                unknown == 0
            },
        )
    }

    /// Of these parts, each with how many nodes have its cells.
    fn set<'p>(&mut self, parts: impl Iterator<Item = (&'p Row, &'p Counts)> + Clone) {
        wide(
            #[inline(always)]
            || {
                let (mut best, mut count): (Row, Counts) = ([0; SEATS], [0; SEATS]);
                for (row, _) in parts.clone() {
                    for (best, cell) in best.iter_mut().zip(row) {
                        *best = (*best).max(*cell);
                    }
                }
                for (row, counts) in parts.clone() {
                    for at in 0..SEATS {
                        count[at] += if row[at] == best[at] { counts[at] } else { 0 };
                    }
                }
                *self = Self { best, count };
            },
        );
    }

    /// The same for one seat.
    fn set_seat(&mut self, seat: usize, parts: impl Iterator<Item = (i16, u16)> + Clone) {
        let best = parts.clone().map(|(cell, _)| cell).max().unwrap_or(0);
        self.best[seat] = best;
        self.count[seat] = parts.filter(|(cell, _)| *cell == best).map(|(_, count)| count).sum();
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    /// What is kept of a seat is what a look at all rows says.
    #[track_caller]
    fn check(panel: &Panel, seat: usize) {
        let cells: Vec<i16> = panel.cells.iter().map(|row| row[seat]).collect();
        let best = cells.iter().copied().max().unwrap_or(0).max(1);
        let want: Vec<Slot> =
            (0..).zip(&cells).filter(|(_, cell)| **cell == best).map(|(at, _)| Slot(at)).collect();
        let found = panel.best(seat);
        let nth: Vec<Slot> = (0..found.count()).filter_map(|at| found.nth(at)).collect();
        assert_eq!((nth, found.nth(found.count())), (want.clone(), None));
        assert_eq!(found.slots().collect::<Vec<_>>(), want);
        assert_eq!(panel.feasible(seat), cells.iter().filter(|cell| **cell > 0).count());
    }

    #[test]
    fn the_best_are_those_of_a_look_at_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for slots in [1, 15, 16, 17, 300, 700] {
            let mut panel = Panel::of(Vec::new(), 0);
            panel.grow(slots);
            for round in 0..60_u64 {
                for _ in 0..rng.next_u64() % 5 {
                    let at = (rng.next_u64() % slots as u64) as usize;
                    let highest = [1, 4, 300][(rng.next_u64() % 3) as usize];
                    panel.put(at, std::array::from_fn(|_| (rng.next_u64() % highest) as i16));
                }
                panel.settle();
                (0..SEATS).for_each(|seat| check(&panel, seat));
                if round == 30 {
                    panel.grow(slots + 20);
                }
            }
        }
    }
}
