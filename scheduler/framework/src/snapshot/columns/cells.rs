//! The cells of one resource, a pair for each node: what it offers, and what its pods hold.

use rustc_hash::FxHashMap;

use super::super::Slot;

/// A resource that at least one node in so many has lies in a flat column, which takes 32 bytes for every node and is
/// read many nodes at a time. One that fewer have takes some fifty bytes for each node that has it.
const FLAT_FROM: usize = 8;

/// A flat column becomes sparse again when fewer nodes have the resource than one in so many, so that a node that comes
/// and goes does not change it every time.
const SPARSE_BELOW: usize = 32;

/// There is no reciprocal of amounts above this: with such it would be too far off for what it is used for.
const MOST: i64 = 1 << 44;

fn reciprocal(amount: i64) -> f64 {
    if (1..=MOST).contains(&amount) { 1.0 / amount as f64 } else { f64::NAN }
}

/// How much is left for more pods of what a node has; −1 where pods hold more than that.
pub(in super::super) fn left(has: i64, held: i64) -> i64 {
    has.saturating_sub(held).max(-1)
}

/// What a node offers, and what its pods hold.
type Cell = (i64, i64);

/// Cells by slot. A cell that is not there is `(0, 0)`.
#[derive(Clone, Debug)]
pub(super) enum Cells {
    Flat {
        allocatable: Vec<i64>,
        requested: Vec<i64>,
        /// 1 divided by what is allocatable, where that can be done.
        reciprocals: Vec<f64>,
        left: Vec<i64>,
        /// Cells that are not `(0, 0)`.
        used: usize,
    },
    /// No cell is `(0, 0)`.
    Sparse(FxHashMap<Slot, Cell>),
}

impl Default for Cells {
    fn default() -> Self {
        Self::Sparse(FxHashMap::default())
    }
}

impl Cells {
    pub(super) fn flat() -> Self {
        let (allocatable, requested, left) = (Vec::new(), Vec::new(), Vec::new());
        Self::Flat { allocatable, requested, reciprocals: Vec::new(), left, used: 0 }
    }

    pub(super) fn column(&self) -> ResourceColumn<'_> {
        match self {
            Self::Flat { allocatable, requested, .. } => ResourceColumn::Flat { allocatable, requested },
            Self::Sparse(cells) => ResourceColumn::Sparse(Rare(cells)),
        }
    }

    pub(super) fn reciprocals(&self) -> Option<&[f64]> {
        match self {
            Self::Flat { reciprocals, .. } => Some(reciprocals),
            Self::Sparse(_) => None,
        }
    }

    pub(super) fn left(&self) -> Option<&[i64]> {
        match self {
            Self::Flat { left, .. } => Some(left),
            Self::Sparse(_) => None,
        }
    }

    /// Cells there is memory for.
    pub(super) fn allocated(&self) -> usize {
        match self {
            Self::Flat { allocatable, .. } => allocatable.capacity(),
            Self::Sparse(cells) => cells.capacity(),
        }
    }

    /// Whether any cell is not `(0, 0)`.
    pub(super) fn is_used(&self) -> bool {
        self.used() > 0
    }

    pub(super) fn is_flat(&self) -> bool {
        matches!(self, Self::Flat { .. })
    }

    fn used(&self) -> usize {
        match self {
            Self::Flat { used, .. } => *used,
            Self::Sparse(cells) => cells.len(),
        }
    }

    /// There is one more slot.
    pub(super) fn grow(&mut self) {
        if let Self::Flat { allocatable, requested, reciprocals, left, .. } = self {
            allocatable.push(0);
            requested.push(0);
            reciprocals.push(reciprocal(0));
            left.push(0);
        }
    }

    pub(super) fn write(&mut self, slot: Slot, change: impl FnOnce(&mut Cell)) {
        match self {
            Self::Flat { allocatable, requested, reciprocals, left: lefts, used } => {
                let (has, held) = (&mut allocatable[slot.index()], &mut requested[slot.index()]);
                let mut cell = (*has, *held);
                let before = usize::from(cell != (0, 0));
                change(&mut cell);
                if *has != cell.0 {
                    reciprocals[slot.index()] = reciprocal(cell.0);
                }
                (*has, *held) = cell;
                lefts[slot.index()] = left(cell.0, cell.1);
                *used = *used + usize::from(cell != (0, 0)) - before;
            }
            Self::Sparse(cells) => {
                let mut cell = cells.get(&slot).copied().unwrap_or_default();
                change(&mut cell);
                if cell == (0, 0) {
                    cells.remove(&slot);
                } else {
                    cells.insert(slot, cell);
                }
            }
        }
    }

    /// Becomes flat or sparse, as fits `slots` nodes.
    pub(super) fn settle(&mut self, slots: usize) {
        let used = self.used();
        match self {
            Self::Sparse(cells) if used.saturating_mul(FLAT_FROM) >= slots && used > 0 => {
                let (mut allocatable, mut requested) = (vec![0; slots], vec![0; slots]);
                for (slot, (has, held)) in cells {
                    allocatable[slot.index()] = *has;
                    requested[slot.index()] = *held;
                }
                let reciprocals = allocatable.iter().map(|has| reciprocal(*has)).collect();
                let left = allocatable.iter().zip(&requested).map(|(has, held)| left(*has, *held)).collect();
                *self = Self::Flat { allocatable, requested, reciprocals, left, used };
            }
            Self::Flat { allocatable, requested, .. } if used.saturating_mul(SPARSE_BELOW) < slots => {
                let cells = allocatable.iter().copied().zip(requested.iter().copied());
                let used = cells.enumerate().filter(|(_, cell)| *cell != (0, 0));
                *self = Self::Sparse(used.map(|(at, cell)| (Slot::from(at), cell)).collect());
            }
            _ => {}
        }
    }
}

/// The cells of a resource that few nodes have.
#[derive(Clone, Copy, Debug)]
pub struct Rare<'a>(&'a FxHashMap<Slot, Cell>);

/// A resource of all nodes.
#[derive(Clone, Copy, Debug)]
pub enum ResourceColumn<'a> {
    /// Both amounts of every node, by slot.
    Flat {
        /// What the node offers.
        allocatable: &'a [i64],
        /// What its pods hold.
        requested: &'a [i64],
    },
    /// The amounts of the few nodes that have any.
    Sparse(Rare<'a>),
}

impl<'a> ResourceColumn<'a> {
    /// What the node offers, and what its pods hold: cpu in thousandths, all else in units.
    pub fn at(&self, slot: Slot) -> (i64, i64) {
        match self {
            Self::Flat { allocatable, requested } => (allocatable[slot.index()], requested[slot.index()]),
            Self::Sparse(Rare(cells)) => cells.get(&slot).copied().unwrap_or_default(),
        }
    }

    /// The same of every node that has any, and of others where there is a cell for every node, in the order of the slots.
    pub fn cells(&self) -> Box<dyn Iterator<Item = (Slot, (i64, i64))> + 'a> {
        match *self {
            Self::Flat { allocatable, requested } => {
                let cells = allocatable.iter().copied().zip(requested.iter().copied());
                Box::new(cells.enumerate().map(|(at, cell)| (Slot::from(at), cell)))
            }
            Self::Sparse(Rare(cells)) => {
                let mut cells: Vec<(Slot, Cell)> = cells.iter().map(|(slot, cell)| (*slot, *cell)).collect();
                cells.sort_unstable();
                Box::new(cells.into_iter())
            }
        }
    }

    /// Both amounts by slot, where there is a cell for every node.
    pub fn flat(&self) -> Option<(&'a [i64], &'a [i64])> {
        match self {
            Self::Flat { allocatable, requested } => Some((allocatable, requested)),
            Self::Sparse(_) => None,
        }
    }
}
