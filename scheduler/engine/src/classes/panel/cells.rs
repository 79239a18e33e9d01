//! The cells of a panel, and which rows have the highest of each seat, by parts of the cluster.

use std::cmp::Ordering;

use longshore_framework::plugin::SEATS;
use longshore_framework::wide::wide;
use smallvec::SmallVec;

use super::layout::RUN;

/// A number for each seat.
pub(super) type Row = [i16; SEATS];

/// How many nodes, for each seat. Over 256 nodes there are no more.
type Counts = [u16; SEATS];

/// How many rows, or tops, one top stands for.
const WIDTH: usize = 16;

// A run of rows, which all belong to one part, has a top of its own.
const _: () = assert!(RUN == WIDTH * WIDTH);

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

/// A row for each place: 0 where no pod fits, else 1 and the score.
#[derive(Debug, Default)]
pub(in super::super) struct Cells {
    rows: Vec<Row>,
    /// One for each [`WIDTH`] rows.
    blocks: Vec<Top>,
    /// One for each [`WIDTH`] blocks, which is a run of rows.
    tops: Vec<Top>,
    /// The part of each run.
    parts: Vec<u32>,
    /// By part, how many rows have a cell that is not 0.
    feasible: Vec<[u32; SEATS]>,
    changed: Vec<ChangedBlock>,
}

impl Cells {
    /// Makes room for these runs of rows, each of a part; there may be more of them than before.
    pub(super) fn grow(&mut self, parts: &[u32]) {
        let none = Top { best: [0; SEATS], count: [0; SEATS] };
        for part in &parts[self.parts.len()..] {
            self.parts.push(*part);
            let feasible = self.feasible.len().max(*part as usize + 1);
            self.feasible.resize(feasible, [0; SEATS]);
        }
        self.rows.resize(parts.len() * RUN, [0; SEATS]);
        self.blocks.resize(parts.len() * WIDTH, none.clone());
        self.tops.resize(parts.len(), none);
    }

    /// Writes the cells of one seat, a cell for each row.
    pub(super) fn set_seat(&mut self, seat: usize, cells: &[i16]) {
        for (row, cell) in self.rows.iter_mut().zip(cells) {
            row[seat] = *cell;
        }
        self.feasible.iter_mut().for_each(|feasible| feasible[seat] = 0);
        for (part, run) in self.parts.iter().zip(cells.chunks(RUN)) {
            let feasible = &mut self.feasible[*part as usize][seat];
            *feasible += run.iter().map(|cell| u32::from(*cell > 0)).sum::<u32>();
        }
        for (block, cells) in self.blocks.iter_mut().zip(cells.chunks(WIDTH)) {
            block.set_seat(seat, cells.iter().map(|cell| (*cell, 1)));
        }
        for (top, blocks) in self.tops.iter_mut().zip(self.blocks.chunks(WIDTH)) {
            top.set_seat(seat, blocks.iter().map(|block| (block.best[seat], block.count[seat])));
        }
    }

    /// The cells of one seat, a cell for each row.
    pub(super) fn column(&self, seat: usize) -> Vec<i16> {
        self.rows.iter().map(|row| row[seat]).collect()
    }

    /// The row at a place.
    pub(super) fn row(&self, at: usize) -> &Row {
        &self.rows[at]
    }

    /// Writes the row at a place; [`settle`](Self::settle) has to come after.
    pub(super) fn put(&mut self, at: usize, new: Row) {
        let old = std::mem::replace(&mut self.rows[at], new);
        if old == new {
            return;
        }
        count_feasible(&mut self.feasible[self.parts[at / RUN] as usize], &old, &new);
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
        self.feasible.iter().map(|feasible| feasible[seat] as usize).sum()
    }

    /// How many of a part do.
    pub(in super::super) fn feasible_in(&self, part: u32, seat: usize) -> usize {
        self.feasible.get(part as usize).map_or(0, |feasible| feasible[seat] as usize)
    }

    /// The best rows for a seat.
    pub(in super::super) fn best(&self, seat: usize) -> Best<'_> {
        let mut best = Best { cells: self, part: None, seat, cell: 1, count: 0 };
        self.tops.iter().for_each(|top| best.add(top));
        best
    }

    /// The best rows of each part where some fit, in ascending order of parts.
    pub(in super::super) fn best_by_part(&self, seat: usize) -> SmallVec<[Best<'_>; 8]> {
        let none = |part: u32| Best { cells: self, part: Some(part), seat, cell: 1, count: 0 };
        let mut bests: SmallVec<[Best<'_>; 8]> = (0..).take(self.feasible.len()).map(none).collect();
        for (part, top) in self.parts.iter().zip(&self.tops) {
            bests[*part as usize].add(top);
        }
        bests.retain(|best| best.count > 0);
        bests
    }
}

/// The rows with the highest cell of a seat.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Best<'p> {
    cells: &'p Cells,
    /// The part they belong to; `None` for all parts.
    pub(in super::super) part: Option<u32>,
    seat: usize,
    pub(in super::super) cell: i16,
    count: u32,
}

impl<'p> Best<'p> {
    fn add(&mut self, top: &Top) {
        match top.best[self.seat].cmp(&self.cell) {
            Ordering::Less => {}
            Ordering::Equal => self.count += u32::from(top.count[self.seat]),
            Ordering::Greater => {
                (self.cell, self.count) = (top.best[self.seat], u32::from(top.count[self.seat]));
            }
        }
    }

    /// How many there are.
    pub(in super::super) fn count(self) -> usize {
        self.count as usize
    }

    /// How many of these are under a top of this run.
    fn count_under(self, run: usize, top: &Top) -> u32 {
        let is_mine = top.best[self.seat] == self.cell && self.has(run);
        if is_mine { u32::from(top.count[self.seat]) } else { 0 }
    }

    fn has(self, run: usize) -> bool {
        self.part.is_none_or(|part| self.cells.parts[run] == part)
    }

    /// The place of the one with this number, counted from 0 in the order of rows.
    pub(in super::super) fn nth(self, number: usize) -> Option<usize> {
        let mut left = u32::try_from(number).ok()?;
        let mut find = |count: u32| {
            let is_here = left < count;
            left -= if is_here { 0 } else { count };
            is_here
        };
        let run =
            (0..self.cells.tops.len()).find(|run| find(self.count_under(*run, &self.cells.tops[*run])))?;
        let mut blocks = run * WIDTH..(run + 1) * WIDTH;
        let block = blocks.find(|block| find(self.count_under(run, &self.cells.blocks[*block])))?;
        let mut rows = block * WIDTH..(block + 1) * WIDTH;
        rows.find(|row| find(u32::from(self.cells.rows[*row][self.seat] == self.cell)))
    }

    /// The places of all of them, in the order of rows.
    pub(in super::super) fn places(self) -> impl Iterator<Item = usize> + 'p {
        let rows = self.cells.rows.iter().enumerate();
        rows.filter(move |(at, row)| row[self.seat] == self.cell && self.has(at / RUN)).map(|(at, _)| at)
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
        let of_parts = table.best_by_part(seat);
        let mut feasible = 0;
        for part in 0..4 {
            let is_mine = |at: &usize| table.parts[*at / RUN] == part;
            feasible +=
                check_best(table, seat, of_parts.iter().find(|best| best.part == Some(part)), is_mine);
            let fit = (0..table.rows.len()).filter(|at| is_mine(at) && table.rows[*at][seat] > 0).count();
            assert_eq!(table.feasible_in(part, seat), fit);
        }
        assert_eq!(table.feasible(seat), feasible);
        check_best(table, seat, Some(&table.best(seat)), |_| true);
    }

    /// The best of some rows; returns how many of them fit.
    #[track_caller]
    fn check_best(
        table: &Cells,
        seat: usize,
        found: Option<&Best<'_>>,
        is_mine: impl Fn(&usize) -> bool,
    ) -> usize {
        let cell = |at: usize| table.rows[at][seat];
        let mine = || (0..table.rows.len()).filter(&is_mine);
        let best = mine().map(cell).max().unwrap_or(0).max(1);
        let want: Vec<usize> = mine().filter(|at| cell(*at) == best).collect();
        match found {
            Some(found) => {
                let nth: Vec<usize> = (0..found.count()).filter_map(|at| found.nth(at)).collect();
                assert_eq!((nth, found.nth(found.count())), (want.clone(), None));
                assert_eq!(found.places().collect::<Vec<_>>(), want);
            }
            None => assert!(want.is_empty()),
        }
        mine().filter(|at| cell(*at) > 0).count()
    }

    #[test]
    fn the_best_are_those_of_a_look_at_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for parts in [&[0][..], &[2, 0], &[1, 3, 1, 3]] {
            let (mut table, mut grown) = (Cells::default(), parts.to_vec());
            table.grow(parts);
            for round in 0..60_u64 {
                for _ in 0..rng.next_u64() % 5 {
                    let at = (rng.next_u64() % table.rows.len() as u64) as usize;
                    let highest = [1, 4, 300][(rng.next_u64() % 3) as usize];
                    table.put(at, std::array::from_fn(|_| (rng.next_u64() % highest) as i16));
                }
                table.settle();
                (0..SEATS).step_by(9).for_each(|seat| check(&table, seat));
                if round % 20 == 10 {
                    let cells: Vec<i16> =
                        (0..table.rows.len()).map(|_| (rng.next_u64() % 3) as i16).collect();
                    table.set_seat(9, &cells);
                    grown.push((round / 20) as u32);
                    table.grow(&grown);
                }
            }
        }
    }
}
