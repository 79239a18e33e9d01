//! How much of a risk it is that pods use more than they request.

use crate::beta::Beta;

/// Deviations stay so far below the largest that a distribution with this mean may have.
const ALLOWED: f64 = 0.99;

/// What was measured of a resource, as shares of what can be allocated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Load {
    /// Of percents, with the deviation that values had before a mean was taken over `window` of them.
    pub(crate) fn of((mean, deviation): (f64, f64), capacity: f64, window: f64) -> Self {
        if capacity <= 0.0 {
            return Self { mean: 0.0, deviation: 0.0 };
        }
        let share = |percent: f64| (percent * capacity / 100.0 / capacity).clamp(0.0, 1.0);
        let mean = share(mean);
        let most = if mean > 0.0 && mean < 1.0 { mean * (1.0 - mean) } else { 0.0 };
        Self { mean, deviation: (share(deviation) * window.powf(0.5)).min((most * ALLOWED).sqrt()) }
    }

    /// The probability that the load is not above a share, and its distribution, if it has one.
    fn below(self, share: f64) -> (f64, Option<Beta>) {
        let Self { mean, deviation } = self;
        if mean == 0.0 || (deviation == 0.0 && mean <= share) {
            return (1.0, None);
        }
        if deviation == 0.0 {
            return (0.0, None);
        }
        let distribution = Beta::of(mean, deviation);
        (distribution.map_or(0.0, |beta| beta.below(share)), distribution)
    }
}

/// How likely it is that pods use more than they request, where they request and may use this much: provided that they use no more
/// than they may.
pub(crate) fn of_load(load: Load, request: i64, limit: i64, capacity: i64) -> f64 {
    let share = |amount: i64| amount as f64 / capacity as f64;
    let (mut within, distribution) = load.below(share(request).clamp(0.0, 1.0));
    if limit < capacity && request <= limit {
        if limit == 0 {
            within = 1.0;
        } else if let Some(likely) = distribution.map(|beta| beta.below(share(limit)))
            && likely > 0.0
        {
            within = (within / likely).clamp(0.0, 1.0);
        }
    }
    1.0 - within
}

/// How much of what pods may use beyond their requests the node does not have.
pub(crate) fn of_limits(request: i64, limit: i64, capacity: i64) -> f64 {
    if limit > capacity { (limit - capacity) as f64 / (limit - request) as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_beyond_the_node_are_a_risk() {
        assert_eq!([of_limits(4, 8, 8), of_limits(4, 12, 8), of_limits(8, 12, 8)], [0.0, 0.5, 1.0]);
        assert_eq!(of_limits(0, 5, 0), 1.0);
    }

    #[test]
    fn a_load_that_does_not_vary_is_within_its_requests_or_is_not() {
        let load = Load { mean: 0.5, deviation: 0.0 };
        assert_eq!([of_load(load, 4, 8, 8), of_load(load, 3, 8, 8)], [0.0, 1.0]);
        assert_eq!(of_load(Load { mean: 0.0, deviation: 0.0 }, 0, 9, 8), 0.0);
        // Nothing may be used.
        assert_eq!(of_load(load, 0, 0, 8), 0.0);
        assert_eq!(of_load(Load::of((50.0, 9.0), 0.0, 5.0), 0, 1, 0), 0.0);
    }

    #[test]
    fn a_load_that_varies_is_beyond_its_requests_at_times() {
        // A flat distribution: the deviation is the root of a twelfth.
        let load = Load::of((50.0, 100.0 / 12_f64.sqrt()), 8.0, 1.0);
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-6, "{got} {want}");
        near(of_load(load, 2, 8, 8), 0.75);
        near(of_load(load, 2, 4, 8), 0.5);
        assert_eq!(Load::of((50.0, 90.0), 8.0, 5.0).deviation, (0.25 * ALLOWED).sqrt());
        assert_eq!(Load::of((100.0, 90.0), 8.0, 5.0), Load { mean: 1.0, deviation: 0.0 });
    }
}
