//! The cells of a panel, and which nodes have the highest of each seat.

use std::cmp::Ordering;

use longshore_framework::plugin::SEATS;
use longshore_framework::snapshot::Slot;
use longshore_framework::wide::wide;
use smallvec::SmallVec;

/// A number for each seat.
pub(super) type Row = [i16; SEATS];

/// How many nodes, for each seat. Over 256 nodes there are no more.
type Counts = [u16; SEATS];

/// How many rows, or tops, one top stands for.
const WIDTH: usize = 16;

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

/// A row for each slot: 0 where no pod fits, else 1 and the score.
#[derive(Debug)]
pub(in super::super) struct Cells {
    rows: Vec<Row>,
    /// One for each [`WIDTH`] rows.
    blocks: Vec<Top>,
    /// One for each [`WIDTH`] blocks.
    tops: Vec<Top>,
    /// How many nodes fit.
    feasible: [u32; SEATS],
    changed: Vec<ChangedBlock>,
}

impl Default for Cells {
    fn default() -> Self {
        let (rows, blocks, tops, changed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { rows, blocks, tops, feasible: [0; SEATS], changed }
    }
}

impl Cells {
    /// Makes room for so many slots.
    pub(super) fn grow(&mut self, slots: usize) {
        let none = Top { best: [0; SEATS], count: [0; SEATS] };
        self.rows.resize(slots, [0; SEATS]);
        self.blocks.resize(slots.div_ceil(WIDTH), none.clone());
        self.tops.resize(self.blocks.len().div_ceil(WIDTH), none);
    }

    /// Writes the cells of one seat; those of slots beyond are 0.
    pub(super) fn set_seat(&mut self, seat: usize, cells: impl Iterator<Item = i16>) {
        let cells: Vec<i16> = cells.chain(std::iter::repeat(0)).take(self.rows.len()).collect();
        for (row, cell) in self.rows.iter_mut().zip(&cells) {
            row[seat] = *cell;
        }
        self.feasible[seat] = cells.iter().map(|cell| u32::from(*cell > 0)).sum();
        for (block, cells) in self.blocks.iter_mut().zip(cells.chunks(WIDTH)) {
            block.set_seat(seat, cells.iter().map(|cell| (*cell, 1)));
        }
        for (top, blocks) in self.tops.iter_mut().zip(self.blocks.chunks(WIDTH)) {
            top.set_seat(seat, blocks.iter().map(|block| (block.best[seat], block.count[seat])));
        }
    }

    /// Writes the row of a slot; [`settle`](Self::settle) has to come after.
    pub(super) fn put(&mut self, at: usize, new: Row) {
        let old = std::mem::replace(&mut self.rows[at], new);
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

    /// Brings what is known of the highest up to date.
    pub(super) fn settle(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        let mut unknown = SmallVec::<[usize; 8]>::new();
        for ChangedBlock { block, was, is_known } in changed.drain(..) {
            if !is_known {
                let rows = &self.rows[block * WIDTH..((block + 1) * WIDTH).min(self.rows.len())];
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

    /// How many nodes fit for a seat.
    pub(in super::super) fn feasible(&self, seat: usize) -> usize {
        self.feasible[seat] as usize
    }

    /// The best nodes for a seat.
    pub(in super::super) fn best(&self, seat: usize) -> Best<'_> {
        let (mut cell, mut count) = (1, 0);
        for top in &self.tops {
            match top.best[seat].cmp(&cell) {
                Ordering::Less => {}
                Ordering::Equal => count += u32::from(top.count[seat]),
                Ordering::Greater => (cell, count) = (top.best[seat], u32::from(top.count[seat])),
            }
        }
        Best { cells: self, seat, cell, count }
    }
}

/// The nodes with the highest cell of a seat.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Best<'p> {
    cells: &'p Cells,
    seat: usize,
    cell: i16,
    count: u32,
}

impl<'p> Best<'p> {
    /// How many there are.
    pub(in super::super) fn count(self) -> usize {
        self.count as usize
    }

    fn of(self, top: &Top) -> u32 {
        if top.best[self.seat] == self.cell { u32::from(top.count[self.seat]) } else { 0 }
    }

    /// The one with this number, counted from 0 in the order of slots.
    pub(in super::super) fn nth(self, number: usize) -> Option<Slot> {
        let mut left = u32::try_from(number).ok()?;
        let mut part = 0..self.cells.tops.len();
        for tops in [&self.cells.tops, &self.cells.blocks] {
            let at = part.into_iter().find(|at| {
                let count = self.of(&tops[*at]);
                let is_here = left < count;
                left -= if is_here { 0 } else { count };
                is_here
            })?;
            part = at * WIDTH..(at + 1) * WIDTH;
            if std::ptr::eq(tops, &self.cells.tops) {
                part.end = part.end.min(self.cells.blocks.len());
            }
        }
        let rows = &self.cells.rows[..part.end.min(self.cells.rows.len())];
        let mut tied = part.filter(|at| rows.get(*at).is_some_and(|row| row[self.seat] == self.cell));
        tied.nth(left as usize).map(Slot::from)
    }

    /// All of them, in the order of slots.
    pub(in super::super) fn slots(self) -> impl Iterator<Item = Slot> + 'p {
        let rows = self.cells.rows.iter().enumerate();
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
    fn check(table: &Cells, seat: usize) {
        let cells: Vec<i16> = table.rows.iter().map(|row| row[seat]).collect();
        let best = cells.iter().copied().max().unwrap_or(0).max(1);
        let want: Vec<Slot> =
            (0..).zip(&cells).filter(|(_, cell)| **cell == best).map(|(at, _)| Slot(at)).collect();
        let found = table.best(seat);
        let nth: Vec<Slot> = (0..found.count()).filter_map(|at| found.nth(at)).collect();
        assert_eq!((nth, found.nth(found.count())), (want.clone(), None));
        assert_eq!(found.slots().collect::<Vec<_>>(), want);
        assert_eq!(table.feasible(seat), cells.iter().filter(|cell| **cell > 0).count());
    }

    #[test]
    fn the_best_are_those_of_a_look_at_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for slots in [1, 15, 16, 17, 300, 700] {
            let mut table = Cells::default();
            table.grow(slots);
            for round in 0..60_u64 {
                for _ in 0..rng.next_u64() % 5 {
                    let at = (rng.next_u64() % slots as u64) as usize;
                    let highest = [1, 4, 300][(rng.next_u64() % 3) as usize];
                    table.put(at, std::array::from_fn(|_| (rng.next_u64() % highest) as i16));
                }
                table.settle();
                (0..SEATS).for_each(|seat| check(&table, seat));
                if round == 30 {
                    table.grow(slots + 20);
                }
            }
        }
    }
}
