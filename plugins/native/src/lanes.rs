//! Arithmetic on blocks of nodes: the same steps for many nodes side by side, so that the processor does several at a
//! time, with the results of whole numbers.
//!
//! Amounts are worked on as `f64`, which is exact where this file lets it be: whole numbers below 2⁵³ are.
//!
//! Percentages are a product with the reciprocal r of a whole w, because a division takes several times as long. For
//! 1 ≤ w ≤ 2⁴⁴ and a part p, q = (100·p + ½) / w lies between two whole numbers, at least 1/2w ≥ 2⁻⁴⁵ from either, and so
//! does (100·p − ½) / w. r and the product are each off by up to 2⁻⁵³ of themselves, which is less than 2.3·10⁻¹⁴ in all
//! where q is below 100; and 2⁻⁴⁵ is more than 2.8·10⁻¹⁴. So what is computed lies between the same two whole numbers. Where
//! p is more than w the product is, less than that much off, at least 100, and only that is of interest.
//!
//! Whoever meets a number outside these bounds works on `i64`.

use longshore_framework::plugin::FilterSink;
use longshore_framework::snapshot::Slot;
use longshore_framework::wide::wide;

/// Nodes in a block. What is read of them fits into the first-level cache.
pub(crate) const LANES: usize = FilterSink::BLOCK;

/// One number per node of a block.
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
    #[inline(always)]
    pub(crate) fn of(nodes: &'a [Slot]) -> Self {
        let from = <&[Slot; LANES]>::try_from(nodes).ok().and_then(|nodes| {
            let first = nodes[0].0;
            let strays = nodes.iter().zip(0..).fold(0, |s, (slot, at)| s | (slot.0 ^ first.wrapping_add(at)));
            (strays == 0).then(|| nodes[0].index())
        });
        Self { nodes, from }
    }

    /// The same of nodes that are known to lie in ascending order, each once.
    #[inline(always)]
    pub(crate) fn of_ascending(nodes: &'a [Slot]) -> Self {
        let from = <&[Slot; LANES]>::try_from(nodes).ok().and_then(|nodes| {
            let (first, last) = (nodes[0].index(), nodes[LANES - 1].index());
            (last - first == LANES - 1).then_some(first)
        });
        Self { nodes, from }
    }

    /// What the column has for the nodes, copied to `room` unless it lies there in one piece. Places without a node
    /// repeat the last one.
    #[inline(always)]
    pub(crate) fn of_column<'c, T: Copy + Default>(
        &self,
        column: &'c [T],
        room: &'c mut [T; LANES],
    ) -> &'c [T; LANES] {
        let piece = self.from.and_then(|from| column.get(from..)?.first_chunk::<LANES>());
        if let Some(piece) = piece {
            return piece;
        }
        let mut last = T::default();
        for (at, place) in room.iter_mut().enumerate() {
            if let Some(slot) = self.nodes.get(at) {
                last = column[slot.index()];
            }
            *place = last;
        }
        room
    }
}

/// Scores nodes block by block: by `block`, which says whether what it wrote is exact, and where it is not, by `one`.
/// `block` and what it calls has to be `#[inline(always)]`, so that it is compiled for [wide] vectors.
#[inline(always)]
pub(crate) fn score_blocks(
    nodes: &[Slot],
    scores: &mut [i64],
    mut block: impl FnMut(&Block<'_>, &mut Lanes) -> bool,
    one: impl Fn(Slot) -> i64,
) {
    wide(
        #[inline(always)]
        || score_each_block(nodes, scores, &mut block, &one),
    );
}

#[inline(always)]
fn score_each_block(
    nodes: &[Slot],
    scores: &mut [i64],
    block: &mut impl FnMut(&Block<'_>, &mut Lanes) -> bool,
    one: &impl Fn(Slot) -> i64,
) {
    for (nodes, scores) in nodes.chunks(LANES).zip(scores.chunks_mut(LANES)) {
        let exact = match <&mut Lanes>::try_from(&mut *scores) {
            Ok(lanes) => block(&Block::of(nodes), lanes),
            Err(_) => {
                let mut lanes = [0; LANES];
                let exact = block(&Block::of(nodes), &mut lanes);
                scores.copy_from_slice(&lanes[..scores.len()]);
                exact
            }
        };
        if !exact {
            for (slot, score) in nodes.iter().zip(scores) {
                *score = one(*slot);
            }
        }
    }
}

/// Whether what was computed of a block is exact. Each number is shown to it where it is used; that nothing came up that
/// is negative, too large, or divided by 0 is asked once, at the end.
#[derive(Default)]
pub(crate) struct Check {
    /// Every bit of any number.
    bits: i64,
    /// Of any divisor less 1: only its sign counts.
    less: i64,
}

impl Check {
    /// A number that may be 0.
    #[inline(always)]
    pub(crate) fn number(&mut self, number: i64) -> f64 {
        self.bits |= number;
        float(number)
    }

    /// A number to divide by.
    #[inline(always)]
    pub(crate) fn divisor(&mut self, number: i64) -> f64 {
        self.less |= number.wrapping_sub(1);
        self.number(number)
    }

    /// Whether all were numbers to compute with.
    #[inline(always)]
    pub(crate) fn passed(&self) -> bool {
        (self.bits as u64) < TOO_LARGE && self.less >= 0
    }
}

/// A number that is not negative and not too large, faster than the conversion of any number. Of another, anything.
#[inline(always)]
fn float(number: i64) -> f64 {
    f64::from_bits(number as u64 | WHOLE_BITS) - WHOLE
}

/// The whole number nearest to `number`, which is from 0 to 2⁵¹ and not half-way between two. Of another, anything.
#[inline(always)]
pub(crate) fn nearest(number: f64) -> i64 {
    (number + WHOLE).to_bits().wrapping_sub(WHOLE_BITS) as i64
}

/// 2⁵¹ more: numbers around it are whole, and a number that is added to it and taken away again, be it below 0, becomes
/// the nearest whole one.
const ROUND: f64 = WHOLE * 1.5;

/// `part` of a whole in percent, rounded down; 100 if it is more. It needs the whole's reciprocal.
#[inline(always)]
pub(crate) fn percent_down(part: f64, reciprocal: f64) -> f64 {
    (at_most((part * 100.0 + 0.5) * reciprocal, 100.25) - 0.5 + ROUND) - ROUND
}

/// The same rounded up.
#[inline(always)]
pub(crate) fn percent_up(part: f64, reciprocal: f64) -> f64 {
    (at_most((part * 100.0 - 0.5) * reciprocal, 99.75) + 0.5 + ROUND) - ROUND
}

/// The lesser of two; what is not a number stays so.
#[inline(always)]
fn at_most(number: f64, most: f64) -> f64 {
    if most < number { most } else { number }
}

/// `number`, from 0 to 2⁵¹, rounded down to a whole number. Of another, anything.
#[inline(always)]
pub(crate) fn whole(number: f64) -> i64 {
    let above = (number + WHOLE) - WHOLE > number;
    nearest(number).wrapping_sub(i64::from(above))
}

#[cfg(test)]
mod tests;
