//! Amounts of memory and time as profiles write them.

use std::ops::RangeInclusive;
use std::time::Duration;

use longshore_framework::fields::Problems;
use longshore_framework::quantity::Quantity;
use serde_json::Value;

/// Bytes as a Kubernetes quantity, such as `64Mi`.
pub(super) fn bytes(value: &Value, most: usize, problems: &mut Problems<'_>) -> Option<usize> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let amount = text.parse::<Quantity>().ok().map(Quantity::value).and_then(|n| usize::try_from(n).ok());
    let amount = amount.filter(|n| (1..=most).contains(n));
    if amount.is_none() {
        problems.report(format!("must be an amount of bytes up to {}, such as 64Mi", bytes_text(most)));
    }
    amount
}

/// A time such as `50ms` or `2s`.
pub(super) fn time(text: &str, longest: Duration, problems: &mut Problems<'_>) -> Option<Duration> {
    span(text, Duration::from_millis(1)..=longest, problems)
}

/// A time in a range.
pub(super) fn span(
    text: &str,
    range: RangeInclusive<Duration>,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let parsed = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(ms), _) => ms.parse().ok().map(Duration::from_millis),
        (None, Some(s)) => s.parse().ok().map(Duration::from_secs),
        _ => None,
    };
    let parsed = parsed.filter(|t| range.contains(t));
    if parsed.is_none() {
        let (shortest, longest) = (time_text(*range.start()), range.end().as_secs());
        let example = if *range.start() < Duration::from_secs(1) { "50ms" } else { "30s" };
        problems.report(format!("must be a time from {shortest} to {longest}s, such as {example}"));
    }
    parsed
}

/// The way back.
pub(super) fn bytes_text(bytes: usize) -> String {
    let units = [(1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let even = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    even.map_or_else(|| bytes.to_string(), |(unit, suffix)| format!("{}{suffix}", bytes / unit))
}

/// The way back.
pub(super) fn time_text(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}
