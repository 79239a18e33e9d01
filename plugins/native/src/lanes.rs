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

/// So many nodes of [`LANES`] slots in a row are worth that all of these are worked on.
const DENSE: usize = LANES / 4;

/// What a block is made of.
#[derive(Clone, Copy)]
pub(crate) enum Block<'a> {
    /// The slots from this one on, whatever lies in them.
    Row(usize),
    /// These nodes, at least one and at most [`LANES`]; in places without a node the last one again.
    Nodes(&'a [Slot]),
}

impl<'a> Block<'a> {
    /// The block for the first of these nodes, which are not none, and for how many of them it is.
    #[inline(always)]
    fn first_of(nodes: &'a [Slot]) -> (Self, usize) {
        let head = &nodes[..nodes.len().min(LANES)];
        let first = head[0].index();
        let pairs = head.iter().zip(&head[1..]);
        let descents = pairs.fold(0, |any, (slot, next)| any | u32::from(slot.0 >= next.0));
        if descents == 0 {
            if head.len() == LANES && head[LANES - 1].index() - first < LANES {
                return (Self::Row(first), LANES);
            }
            let count = head.partition_point(|slot| slot.index() < first + LANES);
            if count >= DENSE {
                return (Self::Row(first), count);
            }
        }
        (Self::Nodes(head), head.len())
    }

    /// What the column has for the block, copied to `room` unless it lies there in one piece.
    #[inline(always)]
    pub(crate) fn of_column<'c, T: Copy + Default>(
        self,
        column: &'c [T],
        room: &'c mut [T; LANES],
    ) -> &'c [T; LANES] {
        let mut last = T::default();
        match self {
            Self::Row(from) => {
                let row = column.get(from..).unwrap_or_default();
                if let Some(piece) = row.first_chunk::<LANES>() {
                    return piece;
                }
                for (at, place) in room.iter_mut().enumerate() {
                    last = row.get(at).copied().unwrap_or(last);
                    *place = last;
                }
            }
            Self::Nodes(nodes) => {
                for (at, place) in room.iter_mut().enumerate() {
                    if let Some(slot) = nodes.get(at) {
                        last = column[slot.index()];
                    }
                    *place = last;
                }
            }
        }
        room
    }

    /// Copies what was computed of the block for these nodes.
    #[inline(always)]
    fn pick(self, lanes: &Lanes, nodes: &[Slot], scores: &mut [i64]) {
        match self {
            Self::Row(from) => {
                for (slot, score) in nodes.iter().zip(scores) {
                    *score = lanes[(slot.index() - from) % LANES];
                }
            }
            Self::Nodes(_) => scores.iter_mut().zip(lanes).for_each(|(score, lane)| *score = *lane),
        }
    }
}

/// Scores nodes block by block: by `block`, which says whether what it wrote is exact, and where it is not, by `one`.
/// `block` and what it calls has to be `#[inline(always)]`, so that it is compiled for [wide] vectors.
#[inline(always)]
pub(crate) fn score_blocks(
    nodes: &[Slot],
    scores: &mut [i64],
    mut block: impl FnMut(Block<'_>, &mut Lanes) -> bool,
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
    block: &mut impl FnMut(Block<'_>, &mut Lanes) -> bool,
    one: &impl Fn(Slot) -> i64,
) {
    let (mut lanes, mut from) = ([0; LANES], 0);
    while from < nodes.len() {
        let (mut made_of, count) = Block::first_of(&nodes[from..]);
        let (nodes, scores) = (&nodes[from..from + count], &mut scores[from..from + count]);
        from += count;
        let exact = loop {
            // Where the block is of these nodes and no others, in their order, it is computed where it belongs.
            let in_place = scores.first_chunk_mut::<LANES>();
            if block(made_of, in_place.unwrap_or(&mut lanes)) {
                break true;
            }
            match made_of {
                // It may be for a slot that is none of these nodes.
                Block::Row(_) if count < LANES => made_of = Block::Nodes(nodes),
                _ => break false,
            }
        };
        if !exact {
            nodes.iter().zip(scores).for_each(|(slot, score)| *score = one(*slot));
        } else if count < LANES {
            made_of.pick(&lanes, nodes, scores);
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
    /// Every bit of any percentage.
    percents: u64,
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

    /// A number that is to be [added](Self::sum) to many.
    #[inline(always)]
    pub(crate) fn summand(&mut self, number: i64) -> Summand {
        Summand(self.number(number) - WHOLE)
    }

    /// A number and another one.
    #[inline(always)]
    pub(crate) fn sum(&mut self, number: i64, other: Summand) -> f64 {
        self.bits |= number;
        f64::from_bits(number as u64 | WHOLE_BITS) + other.0
    }

    /// A percentage, as [`percent_down`] and [`percent_up`] have it.
    #[inline(always)]
    pub(crate) fn percent(&mut self, percent: f64) -> i64 {
        self.percents |= percent.to_bits();
        (percent.to_bits() & u64::from(u32::MAX)) as i64
    }

    /// Whether all were numbers to compute with.
    #[inline(always)]
    pub(crate) fn passed(&self) -> bool {
        // Where there is no reciprocal, a percentage is not a number, which has other bits before the last.
        let percents = (self.percents | ROUND.to_bits()) & !127 == ROUND.to_bits();
        (self.bits as u64) < TOO_LARGE && self.less >= 0 && percents
    }
}

/// What is added to a number beside its own bits: 2⁵² less, so that two additions are one. It is exact, as its distance
/// from 2⁵² is a whole number below 2⁵¹.
#[derive(Clone, Copy)]
pub(crate) struct Summand(f64);

/// A number that is not negative and not too large, faster than the conversion of any number. Of another, anything.
#[inline(always)]
pub(crate) fn float(number: i64) -> f64 {
    f64::from_bits(number as u64 | WHOLE_BITS) - WHOLE
}

/// The whole number nearest to `number`, which is from 0 to 2⁵¹ and not half-way between two. Of another, anything.
#[inline(always)]
pub(crate) fn nearest(number: f64) -> i64 {
    (number + WHOLE).to_bits().wrapping_sub(WHOLE_BITS) as i64
}

/// 2⁵¹ more: numbers around it are whole, and of a small number that is added to it, be it below 0, the nearest whole one
/// is left in the last bits.
const ROUND: f64 = WHOLE * 1.5;

/// `part` of a whole in percent, rounded down; 100 if it is more. It needs the whole's reciprocal. The percentage is in the
/// last bits: [`Check::percent`] takes it out.
#[inline(always)]
pub(crate) fn percent_down(part: f64, reciprocal: f64) -> f64 {
    at_most((part * 100.0 + 0.5) * reciprocal, 100.25) - 0.5 + ROUND
}

/// The same rounded up.
#[inline(always)]
pub(crate) fn percent_up(part: f64, reciprocal: f64) -> f64 {
    at_most((part * 100.0 - 0.5) * reciprocal, 99.75) + 0.5 + ROUND
}

/// The lesser of two; what is not a number stays so.
#[inline(always)]
pub(crate) fn at_most(number: f64, most: f64) -> f64 {
    if most < number { most } else { number }
}

/// `number`, from 0 to 2⁵¹, rounded down to a whole number. Of another, anything.
#[inline(always)]
pub(crate) fn whole(number: f64) -> i64 {
    let above = (number + WHOLE) - WHOLE > number;
    nearest(number).wrapping_sub(i64::from(above))
}

/// How many bits a fraction has in [`fixed`].
const FRACTION: u32 = 30;

/// 1½ times 2²²: from here to 2²³ the last bit of a number stands for 2⁻³⁰.
const FINE: f64 = (3_u32 << 21) as f64;

/// `number`, from 0 to 2²⁰, in units of 2⁻³⁰, the nearest of them. What is not a number has no fraction.
#[inline(always)]
pub(crate) fn fixed(number: f64) -> u64 {
    (number + FINE).to_bits().wrapping_sub(FINE.to_bits())
}

/// What of it is whole.
#[inline(always)]
pub(crate) fn fixed_whole(fixed: u64) -> i64 {
    (fixed >> FRACTION) as i64
}

/// Whether it is within 2⁻³¹ of a whole number, or not a number.
#[inline(always)]
pub(crate) fn fixed_is_whole(fixed: u64) -> bool {
    fixed & ((1 << FRACTION) - 1) == 0
}

#[cfg(test)]
mod tests;
