//! The little statistics that the benches need.

mod rank_test;

pub use rank_test::mann_whitney;

/// The element of a sorted list that a share `q` of the others is not above; `None` of an empty list.
pub fn quantile<T>(sorted: &[T], q: f64) -> Option<&T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * q).round() as usize)
}

/// The median; 0 of no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The geometric mean of positive values; 0 of no values.
pub fn geometric_mean(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    if values.is_empty() { 0.0 } else { (sum / values.len() as f64).exp() }
}

/// The smallest and the largest value; zeros of no values.
pub fn range(values: &[f64]) -> (f64, f64) {
    let pick = |f: fn(f64, f64) -> f64| values.iter().copied().reduce(f).unwrap_or_default();
    (pick(f64::min), pick(f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], want: (f64, (f64, f64))) {
        assert_eq!((median(values), range(values)), want);
    }

    #[test]
    fn medians_and_ranges() {
        check(&[], (0.0, (0.0, 0.0)));
        check(&[3.0, 1.0, 2.0], (2.0, (1.0, 3.0)));
        check(&[4.0, 1.0, 2.0, 3.0], (2.5, (1.0, 4.0)));
    }

    #[test]
    fn a_geometric_mean_is_the_root_of_the_product() {
        assert!((geometric_mean(&[1.0, 10.0, 100.0]) - 10.0).abs() < 1e-9);
        assert!(geometric_mean(&[]).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_is_an_element() {
        let sorted: Vec<u32> = (0..=100).collect();
        assert_eq!((quantile(&sorted, 0.5), quantile(&sorted, 0.99)), (Some(&50), Some(&99)));
        assert_eq!(quantile::<u32>(&[], 0.5), None);
    }
}
