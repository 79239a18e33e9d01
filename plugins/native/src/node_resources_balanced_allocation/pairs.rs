//! Many nodes at once, where two resources are compared.

use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::snapshot::Slot;

use super::{HALF, Part, Parts, pair_percent};
use crate::lanes::{self, Block, Check, LANES, Lanes};

/// Where so many blocks are not sure, as with pods that take as much of one resource as of the other, most others are not
/// either.
const MOST_UNSURE: usize = 4;

/// What is read of one of two resources: what the pod adds, what nodes have, the reciprocals of that, and what their pods
/// hold.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    more: i64,
    all: &'a [i64],
    reciprocals: &'a [f64],
    used: &'a [i64],
}

/// Two resources that have a cell for every node, which is what nearly every profile compares.
pub(super) fn pair_of_columns<'a>(parts: &Parts<'a>) -> Option<[Column<'a>; 2]> {
    let [a, b] = parts.as_slice() else { return None };
    let column = |part: &Part<'a>| {
        let (all, used) = part.column.as_ref().filter(|_| part.devices.is_none())?.flat()?;
        Some(Column { more: part.amount, all, reciprocals: part.reciprocals?, used })
    };
    Some([column(a)?, column(b)?])
}

/// Scores many nodes, given how balanced every node is without the pod, by slot.
pub(super) fn score_pairs(
    pair: &[Column<'_>; 2],
    before: &[i64],
    nodes: &[Slot],
    scores: &mut [i64],
    one: impl Fn(Slot) -> i64,
) {
    let (mut rooms, mut room) = ([[0; LANES]; 4], [0; LANES]);
    let mut fractions = [[0.0; LANES]; 2];
    let mut unsure = 0;
    lanes::score_blocks(
        nodes,
        scores,
        #[inline(always)]
        |block, scores| {
            let before = block.of_column(before, &mut room);
            if unsure < MOST_UNSURE {
                if sure_gains(pair, before, block, (&mut rooms, &mut fractions), scores) {
                    return true;
                }
                unsure += 1;
            }
            block_gains(
                pair,
                block,
                &mut rooms,
                scores,
                #[inline(always)]
                |at, _| before[at],
            )
        },
        one,
    );
}

/// The same where that is not known.
pub(super) fn score_pairs_anew(
    pair: &[Column<'_>; 2],
    nodes: &[Slot],
    scores: &mut [i64],
    one: impl Fn(Slot) -> i64,
) {
    let mut rooms = [[0; LANES]; 4];
    lanes::score_blocks(
        nodes,
        scores,
        #[inline(always)]
        |block, scores| {
            block_gains(
                pair,
                block,
                &mut rooms,
                scores,
                #[inline(always)]
                |_, [used_a, all_a, used_b, all_b]| {
                    lanes::whole(pair_percent(at_most_1(used_a / all_a), at_most_1(used_b / all_b)))
                },
            )
        },
        one,
    );
}

/// Scores a block of nodes by products with reciprocals, which take half the time of divisions; false when
/// they may lead to another whole number somewhere, or a node does not offer both resources.
///
/// Such a product, and what kube-scheduler computes, are both within 2⁻⁵² of the true fraction, and a percentage that is
/// made of two is within 2⁻⁴⁴. So where it is further than 2⁻³¹ from any whole number both have the same one below.
#[inline(always)]
fn sure_gains(
    [a, b]: &[Column<'_>; 2],
    before: &Lanes,
    block: Block<'_>,
    (rooms, fractions): (&mut [Lanes; 4], &mut [[f64; LANES]; 2]),
    scores: &mut Lanes,
) -> bool {
    let [room_1, room_2, ..] = rooms;
    let [room_3, room_4] = fractions;
    let (used_a, used_b) = (block.of_column(a.used, room_1), block.of_column(b.used, room_2));
    let (one_a, one_b) = (block.of_column(a.reciprocals, room_3), block.of_column(b.reciprocals, room_4));
    let mut check = Check::default();
    let (more_a, more_b) = (check.summand(a.more), check.summand(b.more));
    let mut unsure = false;
    for at in 0..LANES {
        let part_a = lanes::at_most(check.sum(used_a[at], more_a) * one_a[at], 1.0);
        let part_b = lanes::at_most(check.sum(used_b[at], more_b) * one_b[at], 1.0);
        let with = lanes::fixed(MAX_SCORE as f64 - HALF as f64 * (part_a - part_b).abs());
        unsure |= lanes::fixed_is_whole(with);
        let gained = HALF.wrapping_add(lanes::fixed_whole(with)).wrapping_sub(before[at]);
        scores[at] = HALF.wrapping_add((gained as u64 >> 1) as i64);
    }
    check.passed() && !unsure
}

/// Scores a block of nodes that offer both resources; false for others, or when a number is too large.
/// `before` says how balanced a node is without the pod, by its place in the block or by what is used of both resources.
#[inline(always)]
fn block_gains(
    [a, b]: &[Column<'_>; 2],
    block: Block<'_>,
    [room_1, room_2, room_3, room_4]: &mut [Lanes; 4],
    scores: &mut Lanes,
    before: impl Fn(usize, [f64; 4]) -> i64,
) -> bool {
    let (used_a, used_b) = (block.of_column(a.used, room_1), block.of_column(b.used, room_2));
    let (all_a, all_b) = (block.of_column(a.all, room_3), block.of_column(b.all, room_4));
    let mut check = Check::default();
    let (more_a, more_b) = (check.number(a.more), check.number(b.more));
    for at in 0..LANES {
        let (used_a, used_b) = (check.number(used_a[at]), check.number(used_b[at]));
        let (all_a, all_b) = (check.divisor(all_a[at]), check.divisor(all_b[at]));
        let with = pair_percent(at_most_1((used_a + more_a) / all_a), at_most_1((used_b + more_b) / all_b));
        // Both are 50 to 100, so the difference and 50 is not negative, and a shift, which the processor has for several
        // at a time, divides it by 2.
        let before = before(at, [used_a, all_a, used_b, all_b]);
        let gained = HALF.wrapping_add(lanes::whole(with)).wrapping_sub(before);
        scores[at] = HALF.wrapping_add((gained as u64 >> 1) as i64);
    }
    check.passed()
}

/// [`f64::min`] with 1 for a number, without its care for what is none.
#[inline(always)]
pub(super) fn at_most_1(fraction: f64) -> f64 {
    if fraction < 1.0 { fraction } else { 1.0 }
}
