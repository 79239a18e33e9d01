//! How scores are brought into 0 to 100.

/// The lowest becomes 0 and the highest 100; all become 0 when they are equal. With whole numbers that wrap, as in Go.
pub fn stretch(scores: &mut [i64]) {
    let (lowest, highest) = bounds(scores);
    let range = highest.wrapping_sub(lowest);
    for score in scores {
        let above = score.wrapping_sub(lowest).wrapping_mul(100);
        *score = if range == 0 { 0 } else { above.wrapping_div(range).clamp(0, 100) };
    }
}

/// The lowest becomes 100 and the highest 0: less is better. All become 100 when they are equal, and stay when they are 0.
pub fn invert(costs: &mut [i64]) {
    let (lowest, highest) = bounds(costs);
    if (lowest, highest) == (0, 0) {
        return;
    }
    for cost in costs {
        let above = cost.wrapping_sub(lowest) as f64;
        let share =
            if lowest == highest { above } else { 100.0 * above / highest.wrapping_sub(lowest) as f64 };
        *cost = 100 - share as i64;
    }
}

/// 100 less the part of the highest, in hundredths: less is better. All become 100 when the highest is 0.
pub fn less_is_better(scores: &mut [i64]) {
    let highest = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        *score = if highest == 0 { 100 } else { 100 - score.saturating_mul(100) / highest };
    }
}

fn bounds(scores: &[i64]) -> (i64, i64) {
    let lowest = scores.iter().copied().min().unwrap_or(0);
    (lowest, scores.iter().copied().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(how: fn(&mut [i64]), mut scores: Vec<i64>, want: &[i64]) {
        how(&mut scores);
        assert_eq!(scores, want);
    }

    #[test]
    fn scores_are_brought_into_range() {
        check(stretch, vec![-10, 0, 30], &[0, 25, 100]);
        check(stretch, vec![7, 7], &[0, 0]);
        check(stretch, vec![], &[]);
        check(invert, vec![5, 10, 20], &[100, 67, 0]);
        check(invert, vec![7, 7], &[100, 100]);
        check(invert, vec![0, 0], &[0, 0]);
        check(less_is_better, vec![0, 1, 3], &[100, 67, 0]);
        check(less_is_better, vec![0, 0], &[100, 100]);
    }
}
