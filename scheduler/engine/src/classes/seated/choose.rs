//! The choice of a class with a seat: among the best of each part of the cluster, and the nodes that it tells apart.

use longshore_framework::snapshot::Slot;
use smallvec::SmallVec;

use crate::classes::class::Class;
use crate::classes::panel::{ApartNode, Best, Panel};
use crate::classes::scratch::Scratch;
use crate::cycle::Evaluator;
use crate::cycle::select::Chooser;
use crate::path::Literal;

/// Which nodes a candidate stands for.
#[derive(Clone, Copy, Debug)]
enum Of<'p> {
    /// Those of a part that are not told apart, or all: the best of them.
    Part(Best<'p>),
    /// Those that are told apart by this.
    Kind(u32),
}

/// Nodes of one kind that fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'p> {
    of: Of<'p>,
    /// How many there are.
    pub(super) feasible: usize,
    /// The highest cell, how many have it, and one that has.
    cell: i16,
    tied: usize,
    any: Slot,
}

/// The candidates of one decision.
pub(super) type Candidates<'p> = SmallVec<[Candidate<'p>; 16]>;

impl<'p> Candidate<'p> {
    fn all(panel: &Panel, best: Best<'p>, feasible: usize) -> Option<Self> {
        let any = panel.nth(best, 0)?;
        Some(Self { of: Of::Part(best), feasible, cell: best.cell, tied: best.count(), any })
    }

    fn one(node: &ApartNode) -> Self {
        Self { of: Of::Kind(node.kind), feasible: 1, cell: node.cell, tied: 1, any: node.slot }
    }

    fn add(&mut self, node: &ApartNode) {
        self.feasible += 1;
        if node.cell > self.cell {
            *self = Self { cell: node.cell, tied: 1, any: node.slot, ..*self };
        } else if node.cell == self.cell {
            self.tied += 1;
        }
    }

    /// The nodes with the highest cell.
    fn slots(self, panel: &'p Panel, seat: usize) -> Box<dyn Iterator<Item = Slot> + 'p> {
        match self.of {
            Of::Part(best) => Box::new(panel.slots(best)),
            Of::Kind(kind) => {
                let nodes = panel.apart(seat).iter();
                let mine = nodes.filter(move |node| node.kind == kind && node.cell == self.cell);
                Box::new(mine.map(|node| node.slot))
            }
        }
    }

    fn nth(self, panel: &Panel, seat: usize, number: usize) -> Option<Slot> {
        match self.of {
            Of::Part(best) => panel.nth(best, number),
            Of::Kind(_) => self.slots(panel, seat).nth(number),
        }
    }
}

impl Class {
    /// The nodes that fit, by kinds.
    pub(super) fn candidates<'p>(
        &self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&'p Panel, usize),
    ) -> Result<Candidates<'p>, Literal> {
        let mut candidates = Candidates::new();
        if !self.tells_apart() {
            candidates.extend(Candidate::all(panel, panel.best(seat), panel.feasible(seat)));
            return Ok(candidates);
        }
        for best in panel.best_by_part(seat) {
            let feasible = panel.feasible_in(best.part.unwrap_or(0), seat);
            candidates.extend(Candidate::all(panel, best, feasible));
        }
        // Where the candidate of each kind stands.
        let mut places: SmallVec<[Option<usize>; 32]> = SmallVec::from_elem(None, self.kinds.len());
        for node in panel.apart(seat).iter().filter(|node| node.cell > 0) {
            let Some(place) = places.get_mut(node.kind as usize) else { continue };
            match *place {
                Some(at) => candidates[at].add(node),
                None => {
                    *place = Some(candidates.len());
                    candidates.push(Candidate::one(node));
                }
            }
        }
        let mut failed = None;
        if !self.plan.group_filters.is_empty() {
            candidates.retain(|candidate| match self.passes_group_filters(evaluator, candidate.any) {
                Ok(passes) => passes,
                Err(why) => {
                    failed.get_or_insert(why);
                    false
                }
            });
        }
        failed.map_or(Ok(candidates), Err)
    }

    /// One of the nodes with the highest total, each as likely; `None` when there is none.
    pub(super) fn choose_seated(
        &mut self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&Panel, usize),
        mut candidates: Candidates<'_>,
        (chooser, scratch): (&mut Chooser, &mut Scratch),
        best: Option<&mut Vec<Slot>>,
    ) -> Result<Option<Slot>, Literal> {
        if candidates.len() > 1 {
            self.keep_best(evaluator, &mut candidates, scratch)?;
        }
        let name = |slot: Slot| &evaluator.snapshot.node(slot).name;
        let tied = candidates.iter().map(|candidate| candidate.tied).sum();
        let nth = |mut number: usize| {
            let mine = candidates.iter().find(|candidate| match number.checked_sub(candidate.tied) {
                Some(left) => {
                    number = left;
                    false
                }
                None => true,
            });
            mine.and_then(|candidate| candidate.nth(panel, seat, number))
        };
        let all = || candidates.iter().flat_map(|candidate| candidate.slots(panel, seat));
        if let Some(best) = best {
            best.extend(all());
        }
        Ok(chooser.choose_one(tied, nth, all, name))
    }

    /// Leaves the candidates that have the highest total.
    fn keep_best(
        &mut self,
        evaluator: &Evaluator<'_>,
        candidates: &mut Candidates<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Literal> {
        scratch.feasible.clear();
        scratch.feasible.extend(candidates.iter().map(|candidate| (candidate.any, candidate.feasible)));
        self.add_relative_scores(evaluator, scratch, false)?;
        for (candidate, total) in candidates.iter().zip(&mut scratch.totals) {
            *total = total.saturating_add(i64::from(candidate.cell));
        }
        let best = scratch.totals.iter().max();
        let mut totals = scratch.totals.iter();
        candidates.retain(|_| totals.next() == best);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_cell_and_how_many_have_it() {
        let node = |slot, cell| ApartNode { slot: Slot(slot), kind: 3, cell };
        let check = |mut candidate: Candidate<'_>, cells: &[(u32, i16)], want: (usize, i16, usize, u32)| {
            cells.iter().for_each(|(slot, cell)| candidate.add(&node(*slot, *cell)));
            let Candidate { feasible, cell, tied, any, .. } = candidate;
            assert_eq!((feasible, cell, tied, any.0), want);
        };
        let first = Candidate::one(&node(1, 5));
        check(first, &[], (1, 5, 1, 1));
        check(first, &[(2, 4), (3, 5)], (3, 5, 2, 1));
        check(first, &[(2, 5), (3, 6), (4, 5)], (4, 6, 1, 3));
    }
}
