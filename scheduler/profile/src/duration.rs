//! Lengths of time as Go writes them: `15s`, `1m30s`, `1.5h`, `500ms`.

use std::time::Duration;

use longshore_framework::fields::{Fields, Problems};

use crate::error::quote;

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
];

/// The longest length Go can hold, in nanoseconds: about 292 years.
const MAX: u128 = i64::MAX as u128;

/// Reads a length of time. `None` when it is malformed, negative or too long.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let rest = match rest.strip_prefix('-') {
        Some(zero) if is_zero(zero) => zero,
        _ => rest,
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut nanos: u128 = 0;
    let mut rest = rest;
    while {
        let (part, after) = component(rest)?;
        nanos = nanos.checked_add(part).filter(|n| *n <= MAX)?;
        rest = after;
        !rest.is_empty()
    } {}
    u64::try_from(nanos).ok().map(Duration::from_nanos)
}

fn is_zero(text: &str) -> bool {
    !text.starts_with(['+', '-']) && parse(text).is_some_and(|d| d.is_zero())
}

/// A number with its unit, in nanoseconds, and what follows.
fn component(text: &str) -> Option<(u128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part = fraction_of(fraction, scale);
    Some((whole.checked_mul(scale)?.checked_add(part)?, rest))
}

/// The digits after the point, in units of which `scale` make one; digits that do not count any more are dropped.
fn fraction_of(digits: &str, scale: u128) -> u128 {
    let mut unit: u128 = 1;
    let mut sum: u128 = 0;
    for digit in digits.bytes().take(18) {
        unit *= 10;
        sum = sum * 10 + u128::from(digit - b'0');
    }
    sum * scale / unit
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The length as Go prints it: `15s`, `1m30s`, `1h0m0s`, `1.5s`, `500ms`.
pub(crate) fn show(length: Duration) -> String {
    let nanos = length.as_nanos();
    if nanos == 0 {
        return "0s".to_string();
    }
    if nanos < 1_000_000_000 {
        let (scale, unit) = match nanos {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "\u{b5}s"),
            _ => (1_000_000, "ms"),
        };
        return format!("{}{unit}", decimal(nanos, scale));
    }
    let seconds = nanos / 1_000_000_000;
    let rest = decimal(nanos % 60_000_000_000, 1_000_000_000);
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// `amount / scale` without trailing zeros; `scale` is a power of ten.
fn decimal(amount: u128, scale: u128) -> String {
    let (whole, part) = (amount / scale, amount % scale);
    if part == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    let digits = format!("{part:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// A field that holds a length of time; `None` when absent, wrong or zero, which all mean the default.
pub(crate) fn field(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let text = fields.string(name, problems)?;
    let length = parse(text);
    if length.is_none() {
        problems
            .field(name)
            .report(format!("must be a length of time such as 15s, 1m30s or 1h, not {}", quote(text)));
    }
    length.filter(|l| !l.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` is read as this many nanoseconds and printed as `shown`.
    #[track_caller]
    fn check(text: &str, nanos: Option<u64>, shown: &str) {
        let length = parse(text);
        assert_eq!(length, nanos.map(Duration::from_nanos), "{text}");
        assert_eq!(length.map(show).unwrap_or_default(), shown, "{text}");
    }

    #[test]
    fn lengths_are_read_and_printed_as_in_go() {
        check("15s", Some(15_000_000_000), "15s");
        check("90s", Some(90_000_000_000), "1m30s");
        check("1m30s", Some(90_000_000_000), "1m30s");
        check("1h", Some(3_600_000_000_000), "1h0m0s");
        check("1.5s", Some(1_500_000_000), "1.5s");
        check(".5s", Some(500_000_000), "500ms");
        check("1.25ms", Some(1_250_000), "1.25ms");
        check("+7us", Some(7_000), "\u{b5}7s".replace("\u{b5}7", "7\u{b5}").as_str());
        check("0", Some(0), "0s");
        check("-0s", Some(0), "0s");
        check("9223372036854775807ns", Some(i64::MAX as u64), "2562047h47m16.854775807s");
    }

    #[test]
    fn what_go_refuses_or_a_timeout_cannot_be_is_refused() {
        for text in ["", "15", "s", ".s", "15 s", "15S", "-1s", "1d", "--0s", "9223372036854775808ns", "1s-"]
        {
            check(text, None, "");
        }
        check(&"9".repeat(500), None, "");
        check(&format!("{}h", "9".repeat(40)), None, "");
    }
}
