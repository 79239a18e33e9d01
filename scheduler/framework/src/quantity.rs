//! Resource quantities (`resource.Quantity`): `500m`, `1.5Gi`, `2e3`.

use std::fmt;
use std::ops::{AddAssign, SubAssign};
use std::str::FromStr;

use thiserror::Error;

/// An exact amount, in units of 10⁻⁹. Kubernetes keeps no finer digits, and sums stay exact until a whole pod is
/// rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

const NANO: i128 = 1_000_000_000;
const MAX: i128 = i64::MAX as i128 * NANO;

/// Why a string is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// No number at the front, or characters after it that are no suffix.
    #[error("{0:?} is not a quantity; write a number with an optional suffix, like 500m, 2 or 1.5Gi")]
    Malformed(String),
    /// The exponent is out of range.
    #[error("{0:?} has an exponent out of range")]
    Exponent(String),
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole units, and what is above them in units of 10⁻⁹.
    pub fn parts(self) -> (i64, u32) {
        let units =
            i64::try_from(self.0.div_euclid(NANO)).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX });
        (units, u32::try_from(self.0.rem_euclid(NANO)).unwrap_or_default())
    }

    /// The quantity with these [parts](Self::parts).
    pub fn of_parts(units: i64, rest: u32) -> Self {
        Self((i128::from(units) * NANO + i128::from(rest)).clamp(-MAX, MAX))
    }

    /// `units` whole units.
    pub fn units(units: i64) -> Self {
        Self(i128::from(units) * NANO)
    }

    /// `milli` thousandths of a unit.
    pub fn milli(milli: i64) -> Self {
        Self(i128::from(milli) * (NANO / 1000))
    }

    /// Whole units, rounded up (away from zero, as `Quantity.Value`), saturating.
    pub fn value(self) -> i64 {
        self.scaled(NANO)
    }

    /// Thousandths, rounded up (away from zero, as `Quantity.MilliValue`), saturating.
    pub fn milli_value(self) -> i64 {
        self.scaled(NANO / 1000)
    }

    /// The same rounded up (away from zero) to whole thousandths.
    #[must_use]
    pub fn ceil_milli(self) -> Self {
        let step = NANO / 1000;
        let magnitude = (self.0.abs() + step - 1) / step * step;
        Self(if self.0 < 0 { -magnitude } else { magnitude })
    }

    /// Whether the amount is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether the amount is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whole units, if there is no part of one and they fit.
    pub fn whole(self) -> Option<i64> {
        (self.0 % NANO == 0).then(|| i64::try_from(self.0 / NANO).ok())?
    }

    /// Units, as near as a floating-point number comes.
    pub fn approximate(self) -> f64 {
        self.0 as f64 / NANO as f64
    }

    fn scaled(self, unit: i128) -> i64 {
        let magnitude = (self.0.abs() + unit - 1) / unit;
        let signed = if self.0 < 0 { -magnitude } else { magnitude };
        i64::try_from(signed).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_sub(other.0);
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Amounts beyond the range are capped at ±(2⁶³−1), finer digits than 10⁻⁹ are rounded up: both as the API does.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let malformed = || QuantityError::Malformed(shorten(text));
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let digits_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(digits_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(malformed());
        }
        let scale = Scale::parse(suffix).ok_or_else(malformed)?;
        if let Scale::Decimal(exponent) = scale
            && exponent.abs() > 100_000
        {
            return Err(QuantityError::Exponent(shorten(text)));
        }
        let magnitude = scale.nanos(whole, fraction);
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

/// What the suffix multiplies by.
#[derive(Clone, Copy)]
enum Scale {
    Decimal(i32),
    Binary(u32),
}

impl Scale {
    fn parse(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "" => Self::Decimal(0),
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            _ => Self::Decimal(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
        })
    }

    /// `whole.fraction` times the scale in units of 10⁻⁹, rounded up and capped.
    fn nanos(self, whole: &str, fraction: &str) -> i128 {
        let exponent = match self {
            Self::Decimal(e) => e + 9,
            Self::Binary(_) => 9,
        };
        let (kept, dropped) = shift(whole, fraction, exponent);
        let scaled = match self {
            Self::Decimal(_) => kept,
            // The fraction of a binary quantity is scaled before it is cut: 1.5Ki is 1536.
            Self::Binary(bits) => return binary(whole, fraction, bits),
        };
        (scaled.saturating_add(i128::from(dropped))).min(MAX)
    }
}

/// The digits of `whole.fraction` moved by `exponent` places, and whether any non-zero digit fell off the end.
fn shift(whole: &str, fraction: &str, exponent: i32) -> (i128, bool) {
    let point = whole.len() as i64 + i64::from(exponent);
    let digits = whole.bytes().chain(fraction.bytes()).map(|b| i128::from(b - b'0'));
    let total = (whole.len() + fraction.len()) as i64;
    let mut value: i128 = 0;
    let mut dropped = false;
    for (at, digit) in digits.enumerate() {
        if (at as i64) < point {
            value = value.saturating_mul(10).saturating_add(digit).min(MAX);
        } else {
            dropped |= digit != 0;
        }
    }
    if value > 0 {
        for _ in total..point {
            value = value.saturating_mul(10).min(MAX);
            if value == MAX {
                break;
            }
        }
    }
    (value, dropped)
}

fn binary(whole: &str, fraction: &str, bits: u32) -> i128 {
    let units = shift(whole, "", 0).0.min(i128::from(i64::MAX));
    let (parts, dropped) = shift("", fraction, 9);
    let scaled_parts = (parts + i128::from(dropped)) << bits;
    (units * NANO).saturating_mul(1 << bits).saturating_add(scaled_parts).min(MAX)
}

/// Untrusted text in a message is cut, so that a hostile manifest cannot flood a terminal.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Display for Quantity {
    /// In whole units where exact, otherwise in thousandths (`m`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % NANO == 0 { write!(f, "{}", self.0 / NANO) } else { write!(f, "{}m", self.milli_value()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, milli: i64, units: i64) {
        let q: Quantity = text.parse().unwrap();
        assert_eq!((q.milli_value(), q.value()), (milli, units), "{text}");
    }

    #[test]
    fn suffixes() {
        check("500m", 500, 1);
        check("2", 2000, 2);
        check("1.5", 1500, 2);
        check(".5", 500, 1);
        check("1Ki", 1_024_000, 1024);
        check("1.5Gi", 1_610_612_736_000, 1_610_612_736);
        check("2e3", 2_000_000, 2000);
        check("2E3", 2_000_000, 2000);
        check("1e-3", 1, 1);
        check("100u", 1, 1);
        check("1n", 1, 1);
        check("0", 0, 0);
        check("-1", -1000, -1);
        check("+3k", 3_000_000, 3000);
        check("1E", 1_000_000_000_000_000_000_i64.saturating_mul(1000), 1_000_000_000_000_000_000);
    }

    #[test]
    fn absurd_amounts_are_capped() {
        check("1e30", i64::MAX, i64::MAX);
        check("9999999999Ei", i64::MAX, i64::MAX);
        check("-9999999999Ei", i64::MIN, -i64::MAX);
        check("0e99999", 0, 0);
    }

    #[test]
    fn malformed() {
        for text in ["", "m", "1.2.3", "abc", "1x", "1 Gi", "--1", "1e", "0x10", "١", "1KiB"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert!("1e999999999999".parse::<Quantity>().is_err());
        assert!("1e2000000".parse::<Quantity>().is_err());
    }

    #[test]
    fn sums_are_exact_before_rounding() {
        let mut sum: Quantity = "0.5m".parse().unwrap();
        sum += "0.5m".parse().unwrap();
        assert_eq!(sum.milli_value(), 1);
    }
}
