//! Amounts of resources, exactly.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// An amount in billionths, as Kubernetes' quantities count: smaller parts are rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

/// Billionths of one.
const ONE: i128 = 1_000_000_000;
/// Billionths of a thousandth.
const MILLI: i128 = 1_000_000;
/// More digits than this are no amount of anything.
const MOST_DIGITS: usize = 60;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole amount.
    pub const fn of(units: i64) -> Self {
        Self(units as i128 * ONE)
    }

    /// So many thousandths.
    pub const fn thousandths(thousandths: i64) -> Self {
        Self(thousandths as i128 * MILLI)
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// In whole units, rounded up.
    pub fn units(self) -> i64 {
        clamp(ceiling(self.0, ONE))
    }

    /// In thousandths, rounded up.
    pub fn milli(self) -> i64 {
        clamp(ceiling(self.0, MILLI))
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads `1500m`, `2Gi`, `0.5`, `1e3` and their like; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || number.len() > MOST_DIGITS || fraction.contains('.') {
            return None;
        }
        let mut digits: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            digits = digits.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
        }
        let (binary, decimal) = scale(suffix)?;
        let exponent = decimal + 9 - i32::try_from(fraction.len()).ok()?;
        let scaled = digits.saturating_mul(1 << binary);
        let amount = match u32::try_from(exponent) {
            Ok(up) => scaled.saturating_mul(10_i128.checked_pow(up).unwrap_or(i128::MAX)),
            Err(_) => ceiling(scaled, 10_i128.checked_pow(exponent.unsigned_abs()).unwrap_or(i128::MAX)),
        };
        Some(Self(if text.starts_with('-') { -amount } else { amount }))
    }
}

/// A suffix: so many powers of two, and of ten.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            (0, exponent.parse().ok().filter(|e: &i32| (-1000..=1000).contains(e))?)
        }
    })
}

fn ceiling(amount: i128, of: i128) -> i128 {
    amount / of + i128::from(amount % of > 0)
}

fn clamp(amount: i128) -> i64 {
    i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 2, 500m or 1Gi")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Quantity::parse(text)
                    .ok_or_else(|| E::custom(format!("{text:?} is no amount such as 500m or 1Gi")))
            }

            fn visit_i64<E: Error>(self, units: i64) -> Result<Quantity, E> {
                Ok(Quantity::of(units))
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Quantity, E> {
                Ok(Quantity(i128::from(units) * ONE))
            }

            fn visit_f64<E: Error>(self, units: f64) -> Result<Quantity, E> {
                self.visit_str(&units.to_string())
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, milli: i64) {
        assert_eq!(Quantity::parse(text).map(Quantity::milli), Some(milli), "{text}");
    }

    #[test]
    fn amounts_are_read_as_kubernetes_writes_them() {
        check("2", 2000);
        check("1500m", 1500);
        check("0.1", 100);
        check("1.5", 1500);
        check("1Ki", 1_024_000);
        check("1e3", 1_000_000);
        check("1E", i64::MAX);
        check("100u", 1);
        check("1n", 1);
        check("-1.0001", -1000);
        check("+5.", 5000);
        check(".5", 500);
        for wrong in ["", ".", "m", "1.2.3", "1Xi", "1 ", "one", "1e", "--1"] {
            assert_eq!(Quantity::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parts_are_rounded_up() {
        let half = Quantity::parse("1500m").unwrap();
        assert_eq!((half.units(), half.milli()), (2, 1500));
        assert_eq!(half.plus(half), Quantity::of(3));
        assert_eq!(half.minus(Quantity::of(2)).milli(), -500);
        let read: Vec<Quantity> = serde_json::from_str(r#"["1", 2, 0.5]"#).unwrap();
        assert_eq!(read, [Quantity::of(1), Quantity::of(2), Quantity::thousandths(500)]);
        assert!(serde_json::from_str::<Quantity>("\"x\"").is_err());
    }
}
