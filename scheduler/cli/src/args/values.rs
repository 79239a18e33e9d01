//! Values of flags, as Go writes them.

use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::quantity::Quantity;

/// `15s`, `1m30s`, `500ms`, `0`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let time = parsed.map_err(|_| "write it like 15s, 1m30s or 500ms".to_string())?;
    Duration::try_from(time).map_err(|_| "must not be negative".to_string())
}

/// `512Mi`, `4Gi`, `1000000`: a number of bytes, as Kubernetes writes it.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let amount: Quantity = text.parse().map_err(|_| "write it like 512Mi or 4Gi".to_string())?;
    u64::try_from(amount.value()).map_err(|_| "must not be negative".to_string())
}

/// A time as RFC 3339 has it.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let time = parsed.map_err(|_| "write it like 2026-03-01T04:05:06Z".to_string())?;
    Ok(Timestamp(time.as_millisecond()))
}

/// What Go takes for true and false.
pub(super) fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Err(format!("strconv.ParseBool: parsing {other:?}: invalid syntax")),
    }
}
