//! `DynamicResourcesArgs`: two timeouts, as Go durations.

use std::time::Duration;

use longshore_framework::fields::{Fields, Problems};
use serde_json::{Value, json};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// To look for devices on a node; 0 for as long as it takes.
    pub(super) filter: Duration,
    /// To wait for devices that a claim has.
    pub(super) binding: Duration,
}

/// Checks the arguments; returns the effective ones.
pub(super) fn read(args: &Value, problems: &mut Problems<'_>) -> (Value, Timeouts) {
    let mut fields = Fields::of_args(args, "DynamicResourcesArgs", problems);
    let filter = timeout(&mut fields, "filterTimeout", "10s", Duration::ZERO, problems);
    let binding = timeout(&mut fields, "bindingTimeout", "10m0s", Duration::from_secs(1), problems);
    fields.finish(problems);
    let of = |text: &str| parse(text).unwrap_or_default();
    let timeouts = Timeouts { filter: of(filter), binding: of(binding) };
    (json!({ "filterTimeout": filter, "bindingTimeout": binding }), timeouts)
}

fn timeout<'v>(
    fields: &mut Fields<'v>,
    name: &'static str,
    default: &'v str,
    least: Duration,
    problems: &mut Problems<'_>,
) -> &'v str {
    let Some(text) = fields.string(name, problems) else { return default };
    match parse(text) {
        Some(timeout) if timeout >= least => text,
        Some(_) => {
            problems.field(name).report(format!("must be at least {}s", least.as_secs()));
            default
        }
        None => {
            problems.field(name).report("must be a duration such as 10s, 500ms or 1m30s");
            default
        }
    }
}

/// Reads what Go's `time.ParseDuration` reads, without a sign: numbers with units, one after the other.
fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let after = &rest[number..];
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let seconds = match &after[..unit] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum += rest[..number].parse::<f64>().ok()? * seconds;
        rest = &after[unit..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(sum).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fields::Problem;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, want) in [
            ("10m0s", Some(600.0)),
            ("1h1.5s", Some(3601.5)),
            ("500ms", Some(0.5)),
            ("0", Some(0.0)),
            ("10", None),
            ("", None),
            ("-1s", None),
            ("1d", None),
        ] {
            assert_eq!(parse(text).map(|d| d.as_secs_f64()), want, "{text}");
        }
    }

    #[track_caller]
    fn check(args: &Value, effective: &Value, want: &[&str]) {
        let mut found = Vec::new();
        assert_eq!(read(args, &mut Problems::new(&mut found)).0, *effective);
        assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), want);
    }

    #[test]
    fn timeouts_have_defaults_and_bounds() {
        let defaults = json!({"filterTimeout": "10s", "bindingTimeout": "10m0s"});
        check(&Value::Null, &defaults, &[]);
        let own = json!({"filterTimeout": "0s", "bindingTimeout": "1s"});
        check(&own, &own, &[]);
        let wrong = json!({"filterTimeout": "soon", "bindingTimeout": "999ms"});
        check(
            &wrong,
            &defaults,
            &[
                "filterTimeout: must be a duration such as 10s, 500ms or 1m30s",
                "bindingTimeout: must be at least 1s",
            ],
        );
    }
}
