//! The scores of all plugins, their sum, and the best of it.

use longshore_framework::bitset::BitSet;
use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::profile::PluginId;
use longshore_framework::wide::wide;
use smallvec::SmallVec;

use crate::cycle::room::Room;

/// Nodes that are looked at together at once: as many as a word of a set has bits.
const BLOCK: usize = 64;

/// One score for each feasible node.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// All have the same.
    Even(i64),
    /// One by one.
    Each(Vec<i64>),
}

impl Column {
    /// The score of the node at this place.
    pub(crate) fn at(&self, place: usize) -> i64 {
        self.each()[if matches!(self, Self::Even(_)) { 0 } else { place }]
    }

    /// The scores one by one, or the one that all have.
    pub(crate) fn each(&self) -> &[i64] {
        match self {
            Self::Even(score) => std::slice::from_ref(score),
            Self::Each(scores) => scores,
        }
    }

    fn give_back(self, room: &mut Room) {
        if let Self::Each(scores) = self {
            room.give_column(scores);
        }
    }
}

/// The scores of one plugin.
#[derive(Debug)]
pub(crate) struct ScoreColumn {
    pub(crate) plugin: PluginId,
    pub(crate) weight: i64,
    pub(crate) raw: Column,
    pub(crate) score: Column,
}

/// The scores of all plugins.
#[derive(Debug)]
pub(crate) struct Scores {
    pub(crate) columns: Vec<ScoreColumn>,
    pub(crate) totals: Vec<i64>,
    /// The places of the highest total.
    pub(crate) best: BitSet,
}

impl Scores {
    /// The places of the highest total; the memory of all else is of use again.
    pub(crate) fn give_back(self, room: &mut Room) -> BitSet {
        room.give_column(self.totals);
        for column in self.columns {
            column.raw.give_back(room);
            column.score.give_back(room);
        }
        self.best
    }
}

/// The places of the highest number.
pub(super) fn places_of_highest(numbers: &[i64]) -> BitSet {
    let mut highest = Highest::of(numbers.len());
    wide(
        #[inline(always)]
        || numbers.chunks(BLOCK).for_each(|block| highest.take(block)),
    );
    highest.places()
}

/// The places of the highest number so far, as words of a set.
struct Highest {
    number: i64,
    /// The word before which it did not come.
    first: usize,
    words: Vec<u64>,
}

impl Highest {
    fn of(count: usize) -> Self {
        Self { number: i64::MIN, first: 0, words: Vec::with_capacity(count.div_ceil(BLOCK)) }
    }

    /// Looks at the next block.
    #[inline(always)]
    fn take(&mut self, block: &[i64]) {
        let high = highest(block);
        if high > self.number {
            (self.number, self.first) = (high, self.words.len());
        }
        self.words.push(if high == self.number { places_of(high, block) } else { 0 });
    }

    fn places(mut self) -> BitSet {
        self.words[..self.first].fill(0);
        BitSet::from_words(self.words)
    }
}

/// A bit for each number of a block: whether it is this one.
#[inline(always)]
fn places_of(number: i64, block: &[i64]) -> u64 {
    block.iter().enumerate().fold(0, |places, (at, other)| places | u64::from(*other == number) << at)
}

/// Makes the totals the weighted sum of the columns for each node, and finds the places of the highest; `None`, and the
/// totals are of no use, when a score is not from 0 to [`MAX_SCORE`].
pub(super) fn add_up(columns: &[ScoreColumn], totals: &mut [i64]) -> Option<BitSet> {
    // The products of such weights fit into 39 bits.
    if !columns.iter().all(|column| u32::try_from(column.weight).is_ok()) {
        totals.fill(0);
        let valid = columns.iter().fold(true, |valid, column| valid & add_heavy(totals, column));
        return valid.then(|| places_of_highest(totals));
    }
    // Of columns where all nodes score the same, as they often do, there is one number to add.
    let (mut common, mut valid) = (0_i64, true);
    let mut uneven: SmallVec<[(i64, &[i64]); 8]> = SmallVec::new();
    for ScoreColumn { weight, score, .. } in columns {
        match score {
            Column::Even(score) => {
                valid &= (0..=MAX_SCORE).contains(score);
                common = common.wrapping_add(weight.wrapping_mul(*score));
            }
            Column::Each(scores) => match even(scores) {
                Some(score) => common = common.wrapping_add(weight.wrapping_mul(score)),
                None => uneven.push((*weight, scores)),
            },
        }
    }
    let mut highest = Highest::of(totals.len());
    let signs = wide(
        #[inline(always)]
        || add_light(totals, &uneven, common, &mut highest),
    );
    (valid && signs >= 0).then(|| highest.places())
}

/// Adds columns whose weights fit into 32 bits to what all nodes have in common: nothing can overflow, and a product is
/// that of two small numbers. The sign of the answer is that of any score that is not from 0 to [`MAX_SCORE`].
#[inline(always)]
fn add_light(totals: &mut [i64], columns: &[(i64, &[i64])], common: i64, highest: &mut Highest) -> i64 {
    let low = |number: i64| number & i64::from(u32::MAX);
    // The signs of the scores and of what they lack to the highest, all together: no branch for each.
    let mut signs = 0;
    for (block, totals) in totals.chunks_mut(BLOCK).enumerate() {
        totals.fill(common);
        for (weight, scores) in columns {
            for (total, score) in totals.iter_mut().zip(&scores[block * BLOCK..]) {
                signs |= score | MAX_SCORE.wrapping_sub(*score);
                *total = total.wrapping_add(low(*weight).wrapping_mul(low(*score)));
            }
        }
        highest.take(totals);
    }
    signs
}

/// Adds a column of any weight; false when a score is not from 0 to [`MAX_SCORE`].
fn add_heavy(totals: &mut [i64], column: &ScoreColumn) -> bool {
    let mut valid = true;
    for (at, total) in totals.iter_mut().enumerate() {
        let score = column.score.at(at);
        valid &= (0..=MAX_SCORE).contains(&score);
        *total = total.saturating_add(column.weight.saturating_mul(score));
    }
    valid
}

/// The score that all have, if they do and it is in range.
fn even(scores: &[i64]) -> Option<i64> {
    let first @ 0..=MAX_SCORE = *scores.first()? else { return None };
    let is_even =
        scores.chunks(BLOCK).all(|block| block.iter().fold(0, |differ, score| differ | (score ^ first)) == 0);
    is_even.then_some(first)
}

/// The highest of some numbers, which are not none.
#[inline(always)]
fn highest(numbers: &[i64]) -> i64 {
    // Nearly always all are small and not negative, and numbers of half the size are compared at twice the speed.
    let (mut bits, mut small) = (0, 0);
    for number in numbers {
        bits |= number;
        small = (*number as i32).max(small);
    }
    match i32::try_from(bits) {
        Ok(0..) => i64::from(small),
        _ => numbers.iter().copied().max().unwrap_or(i64::MIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns as weights and scores; the totals, added up and searched for the best as the words say it.
    #[track_caller]
    fn check(columns: &[(i64, Vec<i64>)]) {
        let count = columns[0].1.len();
        let total = |at: usize| {
            columns
                .iter()
                .fold(0_i64, |sum, (weight, score)| sum.saturating_add(weight.saturating_mul(score[at])))
        };
        let want: Vec<i64> = (0..count).map(total).collect();
        let max = want.iter().max().unwrap();
        let want_best: Vec<usize> = (0..count).filter(|at| want[*at] == *max).collect();
        let column = |(weight, score): &(i64, Vec<i64>)| ScoreColumn {
            plugin: PluginId(0),
            weight: *weight,
            raw: Column::Even(0),
            score: Column::Each(score.clone()),
        };
        let each: Vec<_> = columns.iter().map(column).collect();
        let known_even = columns.iter().map(column).map(|column| match column.score.each() {
            [first, others @ ..] if others.iter().all(|other| other == first) => {
                ScoreColumn { score: Column::Even(*first), ..column }
            }
            _ => column,
        });
        for columns in [known_even.collect(), each] {
            // What a total was before means nothing.
            let mut totals = vec![-7; count];
            let best = add_up(&columns, &mut totals).unwrap();
            assert_eq!(totals, want);
            assert_eq!(best.iter().collect::<Vec<_>>(), want_best);
            assert_eq!(places_of_highest(&totals), best);
        }
    }

    #[test]
    fn columns_even_and_uneven_add_up_to_the_same_sums_and_best() {
        for count in [1, 2, 63, 64, 65, 130, 1000] {
            let even = vec![40; count];
            let waves: Vec<i64> = (0..count as i64).map(|at| at * 37 % 101).collect();
            let last: Vec<i64> = (0..count).map(|at| i64::from(at + 1 == count) * 100).collect();
            check(&[(1, even.clone())]);
            check(&[(1, waves.clone()), (3, even.clone())]);
            check(&[(2, waves.clone()), (3, even), (1, last.clone())]);
            check(&[(i64::from(u32::MAX), waves.clone()), (1, last.clone())]);
            check(&[(i64::MAX, waves), (i64::MAX, last)]);
        }
    }

    #[test]
    fn totals_of_extenders_may_be_of_any_size() {
        for totals in [vec![-3, -1, -1], vec![1 << 40, 5, 1 << 40], vec![-1, i64::MAX, 7], vec![i64::MIN; 70]]
        {
            let max = *totals.iter().max().unwrap();
            let want: Vec<usize> = (0..totals.len()).filter(|at| totals[*at] == max).collect();
            let best = places_of_highest(&totals);
            assert_eq!((best.len(), best.iter().collect::<Vec<_>>()), (want.len(), want));
        }
    }

    #[test]
    fn a_score_out_of_range_is_found_in_any_column() {
        for wrong in [-1, 101, i64::MIN, i64::MAX] {
            for scores in [vec![wrong; 70], (0..70).map(|at| if at == 69 { wrong } else { 0 }).collect()] {
                for weight in [1, 0, i64::MAX] {
                    for score in [Column::Each(scores.clone()), Column::Even(wrong)] {
                        let column = ScoreColumn { plugin: PluginId(3), weight, raw: Column::Even(0), score };
                        assert!(add_up(&[column], &mut [0; 70]).is_none(), "{wrong}");
                    }
                }
            }
        }
    }
}
