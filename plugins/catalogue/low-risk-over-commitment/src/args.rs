//! LowRiskOverCommitmentArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::{Map, Value};

/// How much what pods may use weighs against what they do use, where nothing is said.
const DEFAULT_WEIGHT: f64 = 0.5;
/// Over so many values the source has taken a mean, where nothing is said.
const DEFAULT_WINDOW: i64 = 5;

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) window: f64,
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "LowRiskOverCommitmentArgs");
        args.no_source();
        // As absent, when it is 0 or negative.
        let window = args.int("smoothingWindowSize", i64::MIN..=i64::MAX).filter(|window| *window > 0);
        let null = Map::new();
        let given = args.value("riskLimitWeights");
        if given.is_some_and(|given| !given.is_object()) {
            args.report("riskLimitWeights", "must be an object of numbers, such as {cpu: 0.5, memory: 0.5}");
        }
        let given = given.and_then(Value::as_object).unwrap_or(&null);
        for (name, weight) in given.iter().filter(|(_, weight)| !weight.is_number()) {
            args.report(&format!("riskLimitWeights.{name}"), &format!("must be a number, not {weight}"));
        }
        args.finish()?;
        let weight = |name: &str| {
            let weight = given.get(name).and_then(Value::as_f64);
            weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(DEFAULT_WEIGHT)
        };
        let (cpu, memory) = (weight("cpu"), weight("memory"));
        Ok(Self { window: window.unwrap_or(DEFAULT_WINDOW) as f64, cpu, memory })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let read = |value: Value| Settings::read(&value);
        let default = Settings { window: 5.0, cpu: 0.5, memory: 0.5 };
        assert_eq!(read(json!(null)).unwrap(), default);
        assert_eq!(
            read(json!({"smoothingWindowSize": 0, "riskLimitWeights": {"cpu": 1.5}})).unwrap(),
            default
        );
        let given = json!({"smoothingWindowSize": 10, "riskLimitWeights": {"cpu": 0, "memory": 1, "gpu": 1}});
        assert_eq!(read(given).unwrap(), Settings { window: 10.0, cpu: 0.0, memory: 1.0 });
        let wrong = read(json!({"riskLimitWeights": {"cpu": "1"}})).unwrap_err();
        assert_eq!(wrong.message(), "riskLimitWeights.cpu: must be a number, not \"1\"");
        let wrong = read(json!({"riskLimitWeights": 1})).unwrap_err();
        let want = "riskLimitWeights: must be an object of numbers, such as {cpu: 0.5, memory: 0.5}";
        assert_eq!(wrong.message(), want);
    }
}
