//! NodeResourcesAllocatableArgs.

use std::collections::BTreeMap;

use catalogue_common::Args;
use catalogue_common::args::resource;
use longshore_plugin::Error;
use serde_json::Value;

/// Which nodes are best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those with the least.
    Least,
    /// Those with the most.
    Most,
}

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    /// Weights by resource.
    pub(crate) weights: BTreeMap<String, i64>,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "NodeResourcesAllocatableArgs");
        let mode = match args.text("mode") {
            // As absent.
            Some("") | None => Mode::Least,
            Some(_) => {
                args.word("mode", &[("Least", Mode::Least), ("Most", Mode::Most)]).unwrap_or(Mode::Least)
            }
        };
        let mut weights = BTreeMap::new();
        for (at, each) in args.objects("resources").into_iter().enumerate() {
            match resource(each, 1..=i64::MAX) {
                Some((name, Some(weight))) => drop(weights.insert(name, weight)),
                Some((_, None)) => args.report(&format!("resources[{at}].weight"), "must be at least 1"),
                None => {}
            }
        }
        args.finish()?;
        if weights.is_empty() {
            // A thousandth of a core counts as much as 1 MiB.
            weights = [("cpu".to_owned(), 1 << 20), ("memory".to_owned(), 1)].into();
        }
        Ok(Self { mode, weights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let read = |value: Value| Settings::read(&value);
        let default = read(json!(null)).unwrap();
        assert_eq!(
            (default.mode, default.weights["cpu"], default.weights["memory"]),
            (Mode::Least, 1 << 20, 1)
        );
        let json = json!({"mode": "Most", "resources": [{"name": "cpu", "weight": 2}, {"name": "cpu", "weight": 3}]});
        assert_eq!(read(json).unwrap().weights, [("cpu".to_owned(), 3)].into());
        let error = read(json!({"mode": "least", "resources": [{"name": "cpu"}]})).unwrap_err();
        assert_eq!(
            error.message(),
            "mode: must be one of Least, Most, not \"least\"\nresources[0].weight: must be at least 1"
        );
    }
}
