//! TargetLoadPackingArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::Value;

/// The load in percent up to which nodes are packed, where nothing is said.
const DEFAULT_TARGET: f64 = 40.0;
/// What a container uses that neither requests processors nor is limited, where nothing is said: a core.
const DEFAULT_REQUEST: i64 = 1000;
/// How much more than its request a container uses that is not limited, where nothing is said.
const DEFAULT_MULTIPLIER: f64 = 1.5;

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) target: f64,
    /// In thousandths of a core.
    pub(crate) request: i64,
    pub(crate) multiplier: f64,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "TargetLoadPackingArgs");
        args.no_source();
        // As absent, when it is 0 or negative.
        let target = args.int("targetUtilization", i64::MIN..=100).filter(|target| *target > 0);
        let requests = args.amounts("defaultRequests");
        let request = requests.map(|amounts| amounts.get("cpu").map_or(0, |cpu| cpu.milli()));
        let text = args.text("defaultRequestsMultiplier");
        let multiplier = text.map(|text| text.parse().ok().filter(|number: &f64| number.is_finite()));
        if multiplier == Some(None) {
            let says =
                format!("must be a number in a string, such as \"1.5\", not {:?}", text.unwrap_or_default());
            args.report("defaultRequestsMultiplier", &says);
        }
        args.finish()?;
        Ok(Self {
            target: target.map_or(DEFAULT_TARGET, |target| target as f64),
            request: request.unwrap_or(DEFAULT_REQUEST),
            multiplier: multiplier.flatten().unwrap_or(DEFAULT_MULTIPLIER),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let read = |value: Value| Settings::read(&value);
        let default = Settings { target: 40.0, request: 1000, multiplier: 1.5 };
        assert_eq!(read(json!(null)).unwrap(), default);
        assert_eq!(read(json!({"targetUtilization": -1})).unwrap(), default);
        let given = json!({"targetUtilization": 70, "defaultRequests": {"cpu": "2"}, "defaultRequestsMultiplier": "2.5"});
        assert_eq!(read(given).unwrap(), Settings { target: 70.0, request: 2000, multiplier: 2.5 });
        assert_eq!(read(json!({"defaultRequests": {"memory": "1Gi"}})).unwrap().request, 0);
        let wrong = read(json!({"targetUtilization": 101, "defaultRequestsMultiplier": "x"})).unwrap_err();
        let want = "targetUtilization: must be a whole number from -9223372036854775808 to 100, not 101\n\
                    defaultRequestsMultiplier: must be a number in a string, such as \"1.5\", not \"x\"";
        assert_eq!(wrong.message(), want);
    }
}
