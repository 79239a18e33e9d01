//! NetworkOverheadArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::Value;

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// Where AppGroups and the NetworkTopology are looked for, in this order.
    pub(crate) namespaces: Vec<String>,
    /// Which weights of the NetworkTopology count.
    pub(crate) weights: String,
    /// The NetworkTopology's name.
    pub(crate) topology: String,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "NetworkOverheadArgs");
        let mut namespaces = args.texts("namespaces");
        let weights = args.text("weightsName").unwrap_or("UserDefined").to_owned();
        let topology = args.text("networkTopologyName").unwrap_or("nt-default").to_owned();
        args.finish()?;
        if namespaces.is_empty() {
            namespaces.push("default".to_owned());
        }
        Ok(Self { namespaces, weights, topology })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let default = Settings::read(&json!(null)).unwrap();
        assert_eq!((default.weights.as_str(), default.topology.as_str()), ("UserDefined", "nt-default"));
        assert_eq!(default.namespaces, ["default"]);
        let error = Settings::read(&json!({"namespaces": "default", "weightName": "x"})).unwrap_err();
        let want = "namespaces: must be a list, not \"default\"\nweightName: unknown field; known fields: apiVersion, kind, \
                    namespaces, weightsName, networkTopologyName";
        assert_eq!(error.message(), want);
    }
}
