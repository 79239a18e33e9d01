//! What stands at a seat serves a new class that is *kin* to the one that sits there: where two classes differ only by what censuses
//! count, all else says the same of every node. So the second of a thousand Deployments from one template asks about no node.

use std::sync::Arc;

use super::alike::ClassKey;
use super::class::AsOf;

/// Who sits at a seat.
#[derive(Debug)]
pub(super) struct Sitting {
    pub(super) key: Arc<ClassKey>,
    /// What the class had seen when it took the seat.
    pub(super) as_of: AsOf,
    /// The raw scores that are normalised and that nodes have in common on which pods fit; `None` where none is known to fit.
    pub(super) raw: Option<Vec<i64>>,
}

/// What a class is told by kin.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) column: Column,
    pub(super) raw: Option<Vec<i64>>,
}

/// What stands in the column of a seat: the fixed score and the cell of each node.
#[derive(Debug)]
pub(super) enum Column {
    /// The same as at another seat of the panel.
    Seat(usize),
    /// By slot.
    Nodes(Vec<(i16, i16)>),
}
