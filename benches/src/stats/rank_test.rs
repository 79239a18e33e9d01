//! The Mann-Whitney U test: might two samples come from one distribution?

/// Samples of more values than this together are judged by the normal approximation.
const EXACT: usize = 40;

/// The probability that samples of one distribution lie as far apart as these or farther, on either side; 1 when one of
/// them is empty. Exact for small samples, ties included: it counts the ways to choose as many of all values.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    let ranks = doubled_ranks(a, b);
    let sum: usize = ranks[..a.len()].iter().sum();
    // Twice the sum of doubled ranks that is to be expected is a whole number, whatever the sizes.
    let (total, n, all) = (ranks.iter().sum::<usize>(), a.len(), ranks.len());
    let distance = |sum: usize| (sum * all).abs_diff(total * n);
    if all > EXACT {
        return normal(&ranks, n, distance(sum) as f64 / all as f64);
    }
    let ways = ways(&ranks, n);
    let count: f64 = ways.iter().sum();
    let far: f64 =
        ways.iter().enumerate().filter(|(s, _)| distance(*s) >= distance(sum)).map(|(_, w)| w).sum();
    far / count
}

/// Twice the ranks of the values, those of `a` first; equal values share the middle of their ranks.
fn doubled_ranks(a: &[f64], b: &[f64]) -> Vec<usize> {
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let count = |f: &dyn Fn(&f64) -> bool| all.iter().filter(|v| f(v)).count();
    all.iter().map(|value| 2 * count(&|v| v < value) + count(&|v| v.total_cmp(value).is_eq()) + 1).collect()
}

/// For each sum, how many choices of `n` of the ranks have it.
fn ways(ranks: &[usize], n: usize) -> Vec<f64> {
    let total: usize = ranks.iter().sum();
    let mut ways = vec![vec![0.0; total + 1]; n + 1];
    ways[0][0] = 1.0;
    for rank in ranks {
        for chosen in (0..n).rev() {
            for sum in (*rank..=total).rev() {
                let more = ways[chosen][sum - rank];
                ways[chosen + 1][sum] += more;
            }
        }
    }
    ways.swap_remove(n)
}

/// The two-sided tail of the normal distribution with the variance that the sum of `n` of the ranks has.
fn normal(ranks: &[usize], n: usize, distance: f64) -> f64 {
    let all = ranks.len() as f64;
    let mean = ranks.iter().sum::<usize>() as f64 / all;
    let spread: f64 = ranks.iter().map(|rank| (*rank as f64 - mean).powi(2)).sum::<f64>() / (all - 1.0);
    let variance = spread * n as f64 * (all - n as f64) / all;
    if variance == 0.0 { 1.0 } else { tail(distance / variance.sqrt()) }
}

/// The probability that a normal variable is `z` standard deviations or more away from its mean. Abramowitz and Stegun
/// 7.1.26; wrong by less than 2e-7.
fn tail(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    terms.iter().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &[f64], b: &[f64], want: f64) {
        for (a, b) in [(a, b), (b, a)] {
            let p = mann_whitney(a, b);
            assert!((p - want).abs() < 1e-4, "{p}, not {want}");
        }
    }

    #[test]
    fn samples_that_do_not_overlap_differ_as_much_as_their_sizes_allow() {
        check(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 0.1);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[7.0, 8.0, 9.0, 10.0, 11.0, 12.0], 2.0 / 924.0);
    }

    #[test]
    fn one_value_in_the_other_sample_is_counted() {
        // U = 1 of 9: two choices of twenty on each side.
        check(&[1.0, 2.0, 4.0], &[3.0, 5.0, 6.0], 0.2);
    }

    #[test]
    fn equal_samples_show_nothing() {
        check(&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0], 1.0);
        check(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 1.0);
        check(&[], &[1.0], 1.0);
    }

    #[test]
    fn ties_share_their_rank() {
        // Of the six choices of two among {1, 2, 2, 3}, two are as far away as {1, 2}, on each side.
        check(&[1.0, 2.0], &[2.0, 3.0], 4.0 / 6.0);
    }

    #[test]
    fn large_samples_are_judged_by_the_normal_distribution() {
        let a: Vec<f64> = (0..30).map(f64::from).collect();
        let b: Vec<f64> = (0..30).map(|n| f64::from(n) + 9.5).collect();
        // The U statistic is 210 with a mean of 450 and a deviation of 67.64.
        let p = mann_whitney(&a, &b);
        assert!((0.000_3..0.000_5).contains(&p), "{p}");
    }
}
