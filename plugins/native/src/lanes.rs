//! Arithmetic on blocks of nodes: the same steps for many nodes side by side, so that the processor does several at a
//! time, with the results of whole numbers.
//!
//! Amounts are worked on as `f64`, which divides several times as fast as `i64`. That is exact where this file lets it
//! be: for whole numbers 0 ≤ p ≤ w < 2⁴⁶ the product 100·p is below 2⁵³, so it is represented exactly, and so is w. A
//! true quotient q = 100·p/w that is below a whole number n ≤ 100 is below it by at least 1/w > 2⁻⁴⁶. Numbers around
//! 100 are 2⁻⁴⁶ apart, and closer below, so n − 2⁻⁴⁶ or something nearer to q is a number, and q is not rounded up to n.
//! Whoever meets a number outside these bounds works on `i64`.

use longshore_framework::plugin::FilterSink;
use longshore_framework::snapshot::Slot;

/// Nodes in a block. What is read of them fits into the first-level cache.
pub(crate) const LANES: usize = FilterSink::BLOCK;

/// One whole number per node of a block.
pub(crate) type Lanes = [i64; LANES];

/// Numbers from here on are not worked on as `f64`.
const TOO_LARGE: u64 = 1 << 46;

/// 2⁵², and its bits: from here to 2⁵³ the numbers of `f64` are the whole ones, and their last bits count up.
const WHOLE: f64 = (1_u64 << 52) as f64;
const WHOLE_BITS: u64 = WHOLE.to_bits();

/// At most [`LANES`] nodes, at least one.
pub(crate) struct Block<'a> {
    nodes: &'a [Slot],
    /// The first slot, when the others follow it without a gap and the block is full.
    from: Option<usize>,
}

impl<'a> Block<'a> {
    /// The block of these nodes.
    pub(crate) fn of(nodes: &'a [Slot]) -> Self {
        let from = <&[Slot; LANES]>::try_from(nodes).ok().and_then(|nodes| {
            let first = nodes[0].0;
            let strays = nodes.iter().zip(0..).fold(0, |s, (slot, at)| s | (slot.0 ^ first.wrapping_add(at)));
            (strays == 0).then(|| nodes[0].index())
        });
        Self { nodes, from }
    }

    /// What the column has for the nodes, copied to `room` unless it lies there in one piece. Places without a node
    /// repeat the last one.
    pub(crate) fn of_column<'c>(&self, column: &'c [i64], room: &'c mut Lanes) -> &'c Lanes {
        let piece = self.from.and_then(|from| column.get(from..)?.first_chunk::<LANES>());
        if let Some(piece) = piece {
            return piece;
        }
        let mut last = 0;
        for (at, place) in room.iter_mut().enumerate() {
            if let Some(slot) = self.nodes.get(at) {
                last = column[slot.index()];
            }
            *place = last;
        }
        room
    }
}

/// Whether all numbers are at least `least`, 0 or more, and small enough for `f64`.
pub(crate) fn are_exact(numbers: &Lanes, least: i64) -> bool {
    let (mut any, mut below) = (0, 0);
    for number in numbers {
        any |= number;
        below |= number.wrapping_sub(least);
    }
    below >= 0 && is_exact(any)
}

/// Whether the number is not negative and small enough for `f64`.
pub(crate) fn is_exact(number: i64) -> bool {
    (number as u64) < TOO_LARGE
}

/// A number that [`is_exact`], faster than the conversion of any.
#[inline(always)]
pub(crate) fn float(number: i64) -> f64 {
    f64::from_bits(number as u64 | WHOLE_BITS) - WHOLE
}

/// The whole number nearest to `number`, which is from 0 to 2⁵¹ and not half-way between two.
#[inline(always)]
pub(crate) fn nearest(number: f64) -> i64 {
    (number + WHOLE).to_bits() as i64 - WHOLE_BITS as i64
}

/// `number`, from 0 to 2⁵¹, rounded down.
#[inline(always)]
pub(crate) fn floor(number: f64) -> f64 {
    let nearest = (number + WHOLE) - WHOLE;
    if nearest > number { nearest - 1.0 } else { nearest }
}
