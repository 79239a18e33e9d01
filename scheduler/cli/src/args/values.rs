//! Values of flags, as Go writes them.

use std::time::Duration;

/// `15s`, `1m30s`, `500ms`, `0`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let time = parsed.map_err(|_| "write it like 15s, 1m30s or 500ms".to_string())?;
    Duration::try_from(time).map_err(|_| "must not be negative".to_string())
}

/// What Go takes for true and false.
pub(super) fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Err(format!("strconv.ParseBool: parsing {other:?}: invalid syntax")),
    }
}
