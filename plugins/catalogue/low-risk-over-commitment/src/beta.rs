//! The beta distribution, which loads of nodes are taken to have: they lie between nothing and everything.

use std::f64::consts::PI;

/// The distribution with this mean and deviation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beta {
    alpha: f64,
    beta: f64,
}

/// With more than this for both parameters together it is taken for a normal distribution: its deviation is then less than a
/// thousandth, and the two differ by less than a hundred thousandth.
const NARROW: f64 = 1e6;
/// Steps of the continued fraction; a few times the square root of [`NARROW`] are needed at the most.
const MOST_STEPS: usize = 20_000;
/// The fraction is done when a step changes less than this.
const PRECISE: f64 = 1e-15;

impl Beta {
    /// `None` where no such distribution is: with this mean the deviation is too large, or there is none.
    pub(crate) fn of(mean: f64, deviation: f64) -> Option<Self> {
        let second = deviation * deviation + mean * mean;
        let variance = second - mean * mean;
        if !(0.0..=1.0).contains(&mean) || variance < 0.0 || variance >= mean * (1.0 - mean) {
            return None;
        }
        let size = (mean * (1.0 - mean) / variance - 1.0).max(f64::MIN_POSITIVE);
        Some(Self { alpha: mean * size, beta: (1.0 - mean) * size })
    }

    /// The probability that a value is not above `x`.
    pub(crate) fn below(self, x: f64) -> f64 {
        let Self { alpha, beta } = self;
        if x <= 0.0 {
            return 0.0;
        }
        if x >= 1.0 {
            return 1.0;
        }
        let size = alpha + beta;
        let probability = if size > NARROW {
            let mean = alpha / size;
            let deviation = (mean * (1.0 - mean) / (size + 1.0)).sqrt();
            normal((x - mean) / deviation)
        } else if x < (alpha + 1.0) / (size + 2.0) {
            tail(alpha, beta, x)
        } else {
            // The fraction converges fast on this side only.
            1.0 - tail(beta, alpha, 1.0 - x)
        };
        if (0.0..=1.0).contains(&probability) { probability } else { 0.0 }
    }
}

/// The regularised incomplete beta function, where `x` is below the mean.
fn tail(a: f64, b: f64, x: f64) -> f64 {
    let front = a * x.ln() + b * (-x).ln_1p() - (ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b));
    front.exp() * fraction(a, b, x) / a
}

/// Its continued fraction, by Lentz' method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..=MOST_STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < PRECISE {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function of a positive number, by Lanczos' series.
fn ln_gamma(x: f64) -> f64 {
    const SERIES: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let terms = SERIES.iter().enumerate().skip(1);
    let sum = terms.fold(SERIES[0], |sum, (at, term)| sum + term / (x + at as f64));
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The probability that a value of the normal distribution is not above `z`.
fn normal(z: f64) -> f64 {
    // Abramowitz and Stegun 7.1.26.
    let x = z.abs() / 2.0_f64.sqrt();
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = series.iter().fold(0.0, |sum, term| (sum + term) * t);
    let above = 0.5 * sum * (-x * x).exp();
    if z < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(alpha: f64, beta: f64, x: f64, want: f64) {
        let got = Beta { alpha, beta }.below(x);
        assert!((got - want).abs() < 1e-9, "Beta({alpha}, {beta}) at {x}: {got} and not {want}");
    }

    #[test]
    fn values_are_those_of_the_function() {
        check(1.0, 1.0, 0.3, 0.3);
        check(2.0, 1.0, 0.3, 0.09);
        check(1.0, 3.0, 0.25, 1.0 - 0.75_f64.powi(3));
        check(0.5, 0.5, 0.5, 0.5);
        // The arcsine distribution.
        check(0.5, 0.5, 0.1, 2.0 / PI * 0.1_f64.sqrt().asin());
        check(2.0, 3.0, 0.4, 0.5248);
        check(5.0, 2.0, 0.9, 0.885_735);
        check(0.01, 3.0, 0.0, 0.0);
        check(4.0, 3.0, 1.0, 1.0);
    }

    #[test]
    fn a_narrow_distribution_is_a_normal_one() {
        let near = |x: f64| {
            let wide = Beta { alpha: 0.3 * 9e5, beta: 0.7 * 9e5 };
            let narrow = Beta { alpha: 0.3 * 1.1e6, beta: 0.7 * 1.1e6 };
            (wide.below(0.3 + x / 9e5_f64.sqrt()), narrow.below(0.3 + x / 1.1e6_f64.sqrt()))
        };
        for x in [-1.0, -0.3, 0.0, 0.2, 1.0] {
            let (wide, narrow) = near(x);
            assert!((wide - narrow).abs() < 1e-3, "{x}: {wide} {narrow}");
        }
    }

    #[test]
    fn mean_and_deviation_make_the_parameters() {
        let beta = Beta::of(0.4, 0.2).unwrap();
        assert!((beta.alpha - 2.0).abs() < 1e-9 && (beta.beta - 3.0).abs() < 1e-9, "{beta:?}");
        assert!(Beta::of(0.4, 0.5).is_none() && Beta::of(1.2, 0.1).is_none());
    }
}
