//! The scores of all plugins, their sum, and the best of it.

use longshore_framework::plugin::MAX_SCORE;
use longshore_framework::profile::PluginId;

/// Nodes that are looked at together at once.
const BLOCK: usize = 64;

/// The scores of one plugin, one for each feasible node.
#[derive(Debug)]
pub(crate) struct ScoreColumn {
    pub(crate) plugin: PluginId,
    pub(crate) weight: i64,
    pub(crate) raw: Vec<i64>,
    pub(crate) score: Vec<i64>,
}

/// The scores of all plugins.
#[derive(Debug)]
pub(crate) struct Scores {
    pub(crate) columns: Vec<ScoreColumn>,
    pub(crate) totals: Vec<i64>,
}

impl Scores {
    /// The places of the highest total.
    pub(crate) fn best(&self) -> Vec<usize> {
        // The highest of each block: only where it is that of all, places have to be looked at one by one.
        let highest: Vec<i64> = self.totals.chunks(BLOCK).map(highest).collect();
        let Some(max) = highest.iter().max() else { return Vec::new() };
        let mut best = Vec::new();
        for (block, _) in highest.iter().enumerate().filter(|(_, highest)| *highest == max) {
            let from = block * BLOCK;
            let totals = &self.totals[from..self.totals.len().min(from + BLOCK)];
            let (mut places, mut count) = ([0; BLOCK], 0);
            for (at, total) in totals.iter().enumerate() {
                // Equals are often as many as others, so that a branch here would be mistaken half of the time.
                places[count] = from + at;
                count += usize::from(total == max);
            }
            best.extend_from_slice(&places[..count]);
        }
        best
    }
}

/// The weighted sum of the columns for each of `count` nodes; `None` when a score is not from 0 to [`MAX_SCORE`].
pub(super) fn add_up(columns: &[ScoreColumn], count: usize) -> Option<Vec<i64>> {
    // The products of such weights fit into 39 bits.
    let light = columns.iter().all(|column| u32::try_from(column.weight).is_ok());
    // Of columns where all nodes score the same, as they often do, there is one number to add.
    let even = |column: &&ScoreColumn| light && is_even(&column.score);
    let (even, uneven): (Vec<_>, Vec<_>) = columns.iter().partition(even);
    let common = even.iter().map(|column| column.weight * column.score.first().unwrap_or(&0)).sum();
    let mut totals = vec![common; count];
    for column in uneven {
        if !add_weighted(&mut totals, &column.score, column.weight, light) {
            return None;
        }
    }
    Some(totals)
}

/// Adds scores to the totals; false, and the totals are of no use, when a score is not from 0 to [`MAX_SCORE`]. When
/// all weights are `light`, they fit into 32 bits: then nothing can overflow, and the product is that of two small
/// numbers.
fn add_weighted(totals: &mut [i64], scores: &[i64], weight: i64, light: bool) -> bool {
    let low = |number: i64| number & i64::from(u32::MAX);
    // The signs of the scores and of what they lack to the highest, all together: no branch for each.
    let mut signs = 0;
    for (total, score) in totals.iter_mut().zip(scores) {
        signs |= score | MAX_SCORE.wrapping_sub(*score);
        *total = match light {
            true => total.wrapping_add(low(weight).wrapping_mul(low(*score))),
            false => total.saturating_add(weight.saturating_mul(*score)),
        };
    }
    signs >= 0
}

/// Whether all scores are the same and in range.
fn is_even(scores: &[i64]) -> bool {
    let Some(first @ 0..=MAX_SCORE) = scores.first() else { return false };
    scores.chunks(BLOCK).all(|block| block.iter().fold(0, |differ, score| differ | (score ^ first)) == 0)
}

/// The highest of some numbers, which are not none.
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
            raw: Vec::new(),
            score: score.clone(),
        };
        let columns: Vec<_> = columns.iter().map(column).collect();
        let totals = add_up(&columns, count).unwrap();
        assert_eq!(totals, want);
        assert_eq!(Scores { columns, totals }.best(), want_best);
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
            assert_eq!(Scores { columns: Vec::new(), totals }.best(), want);
        }
    }

    #[test]
    fn a_score_out_of_range_is_found_in_any_column() {
        for wrong in [-1, 101, i64::MIN, i64::MAX] {
            for scores in [vec![wrong; 70], (0..70).map(|at| if at == 69 { wrong } else { 0 }).collect()] {
                for weight in [1, 0, i64::MAX] {
                    let column =
                        ScoreColumn { plugin: PluginId(3), weight, raw: Vec::new(), score: scores.clone() };
                    assert!(add_up(&[column], 70).is_none(), "{wrong}");
                }
            }
        }
    }
}
