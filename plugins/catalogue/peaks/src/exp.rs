//! The exponential function, rounded right: scores are differences of it in the last places, where a value that is almost right makes
//! another score.

/// A number as the sum of two, the second one below the last place of the first.
#[derive(Clone, Copy, Debug)]
struct Pair(f64, f64);

/// Parts of the way from a power of two to the next.
const STEPS: usize = 64;
/// The logarithm of 2 in two parts; the first has 32 bits, so that its product with a step is exact.
const LN_2: Pair = Pair(6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
/// Outside of this nothing is gained.
const RANGE: f64 = 700.0;

/// The sum, and what was rounded away.
fn sum(a: f64, b: f64) -> Pair {
    let s = a + b;
    let part = s - a;
    Pair(s, (a - (s - part)) + (b - part))
}

/// The product, and what was rounded away.
fn product(a: f64, b: f64) -> Pair {
    // Halves of 26 bits, whose products are exact.
    let halves = |x: f64| {
        let c = 134_217_729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    let p = a * b;
    Pair(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

impl Pair {
    fn plus(self, other: Self) -> Self {
        let Self(high, low) = sum(self.0, other.0);
        sum(high, low + self.1 + other.1)
    }

    fn times(self, other: Self) -> Self {
        let Self(high, low) = product(self.0, other.0);
        sum(high, low + self.0 * other.1 + self.1 * other.0)
    }

    fn over(self, number: f64) -> Self {
        let first = self.0 / number;
        let back = product(first, number);
        let rest = (self.0 - back.0) - back.1 + self.1;
        sum(first, rest / number)
    }
}

/// The function, with the powers of 2 to so many 64ths.
pub(crate) struct Exp([Pair; STEPS]);

impl Exp {
    pub(crate) fn new() -> Self {
        let step = Pair(LN_2.0 / STEPS as f64, LN_2.1 / STEPS as f64);
        let (mut root, mut term) = (Pair(1.0, 0.0), Pair(1.0, 0.0));
        for n in 1..20 {
            term = term.times(step).over(f64::from(n));
            root = root.plus(term);
        }
        let mut powers = [Pair(1.0, 0.0); STEPS];
        for at in 1..STEPS {
            powers[at] = powers[at - 1].times(root);
        }
        Self(powers)
    }

    pub(crate) fn of(&self, x: f64) -> f64 {
        if x.is_nan() || x.abs() >= RANGE {
            return x.exp();
        }
        let step = (x / LN_2.0 * STEPS as f64).round();
        let rest = sum(x, -(step * (LN_2.0 / STEPS as f64)));
        let less = product(step, -(LN_2.1 / STEPS as f64));
        let rest = rest.plus(less);
        // The series less 1; from the third power on it is below the last place of what counts.
        let h = rest.0;
        let third =
            h * h * h * (1.0 / 6.0 + h * (1.0 / 24.0 + h * (1.0 / 120.0 + h * (1.0 / 720.0 + h / 5040.0))));
        let square = product(h, h);
        let square = Pair(square.0 / 2.0, square.1 / 2.0 + h * rest.1);
        let series = rest.plus(square).plus(Pair(third, 0.0));
        let steps = step as i64;
        let power = self.0[steps.rem_euclid(STEPS as i64) as usize];
        let whole = power.plus(power.times(series));
        let exponent = steps.div_euclid(STEPS as i64) + 1023;
        (whole.0 + whole.1) * f64::from_bits((exponent as u64) << 52)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(x: f64, bits: u64) {
        assert_eq!(Exp::new().of(x).to_bits(), bits, "{x}: {:e}", Exp::new().of(x));
    }

    #[test]
    fn values_are_rounded_right() {
        check(0.0, 0x3ff0000000000000);
        check(1.0, 0x4005bf0a8b145769);
        check(-1.0, 0x3fd78b56362cef38);
        check(0.5, 0x3ffa61298e1e069c);
        check(-0.468, 0x3fe40a44d463a59a);
        check(-1.7222269999999997, 0x3fc6de963b37b4c7);
        check(-2.719, 0x3fb0e17cbb524a8f);
        check(10.25, 0x40db9ea2aed2a0f1);
        check(-33.3, 0x3cef165bb9b59d94);
        check(3.7e-05, 0x3ff00026cc4bada5);
        check(-5.996460000000001, 0x3f6460c1372a4564);
        check(100.125, 0x48f5daaf24221d5e);
    }

    #[test]
    fn what_is_out_of_range_is_that_of_the_machine() {
        let exp = Exp::new();
        assert_eq!((exp.of(800.0), exp.of(-800.0)), (f64::INFINITY, 0.0));
        assert!(exp.of(f64::NAN).is_nan());
    }
}
