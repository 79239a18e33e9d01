//! PeaksArgs.

use std::collections::BTreeMap;

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::{Map, Value};

/// A node's power is `k0 + k1 * e^(k2 * x)` at a load of `x` percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) k1: f64,
    pub(crate) k2: f64,
}

/// The models by names of nodes. Release 0.34.7 writes the field with a capital letter, which was not meant.
pub(crate) fn read(value: &Value) -> Result<BTreeMap<String, Model>, Error> {
    let mut args = Args::of(value, "PeaksArgs");
    args.no_source();
    let null = Map::new();
    let mut models = BTreeMap::new();
    let mut some = false;
    for name in ["nodePowerModel", "NodePowerModel"] {
        let found = args.value(name);
        if found.is_some_and(|found| !found.is_object()) {
            args.report(name, "must be an object with a field for each node");
        }
        let fields = found.and_then(Value::as_object).unwrap_or(&null);
        some |= found.is_some_and(|found| found.as_object().is_none_or(|fields| !fields.is_empty()));
        for (node, value) in fields {
            let mut model = args.inner(value, &format!("{name}.{node}"));
            let mut number = |name| model.number(name).unwrap_or(0.0);
            number("k0");
            models.insert(node.clone(), Model { k1: number("k1"), k2: number("k2") });
            model.close();
        }
    }
    if !some {
        let says = "is required: the power of each node, such as {node-1: {k0: 470, k1: -91, k2: -0.07}}";
        args.report("nodePowerModel", says);
    }
    args.finish()?;
    Ok(models)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn models_are_read_by_node() {
        let model = json!({"k0": 1, "k1": 2.5, "k2": -1});
        for name in ["NodePowerModel", "nodePowerModel"] {
            let models = read(&json!({name: {"a": model, "b": {}}})).unwrap();
            assert_eq!(models["a"], Model { k1: 2.5, k2: -1.0 });
            assert_eq!(models["b"], Model { k1: 0.0, k2: 0.0 });
        }
    }

    #[track_caller]
    fn check(value: Value, want: &str) {
        assert_eq!(read(&value).unwrap_err().message(), want);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let missing = "nodePowerModel: is required: the power of each node, such as {node-1: {k0: 470, k1: -91, k2: -0.07}}";
        check(json!(null), missing);
        check(json!({"nodePowerModel": {}}), missing);
        check(json!({"nodePowerModel": 1}), "nodePowerModel: must be an object with a field for each node");
        check(
            json!({"nodePowerModel": {"a": {"k1": "1", "k3": 1}}}),
            "nodePowerModel.a.k1: must be a number, not \"1\"\nnodePowerModel.a.k3: unknown field; known fields: k0, k1, k2",
        );
    }
}
